/** Adding, renaming and removing floors. */
import { Button, NumberInput, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { api } from '../data/api.ts';
import { floorName, type Floor } from '../data/floors.ts';
import { useAct } from '../data/queries.ts';
import { useSiteId } from '../data/site.tsx';
import { floorWords } from '../words/floors.ts';
import { Confirm } from './confirm.tsx';
import { FormDialog } from './form-dialog.tsx';
import { useWords } from './language.tsx';

const many = '/v1.2/sites/{site_id}/floors';
const one = `${many}/{id}` as const;

/** Goes to the floor that was made. */
export function AddFloor({ nextNumber }: { readonly nextNumber: number }) {
  const say = useWords(floorWords);
  const siteId = useSiteId();
  const navigate = useNavigate();
  const [isOpen, dialog] = useDisclosure();
  const adding = useAct((body: Written) => api.post(many, { path: { site_id: siteId }, body }), {
    touches: ['floors'],
    done: (floor) => say('added', { name: floorName(floor) }),
  });
  return (
    <>
      <Button
        onClick={() => {
          adding.reset();
          dialog.open();
        }}
      >
        {say('add')}
      </Button>
      {isOpen ? (
        <FloorForm
          title={say('add')}
          act={say('add')}
          name=""
          number={nextNumber}
          onClose={dialog.close}
          isPending={adding.isPending}
          error={adding.error}
          onAct={(body) =>
            adding.mutate(body, {
              onSuccess({ id }) {
                dialog.close();
                void navigate({ to: `/sites/${siteId}/floors/${id}` });
              },
            })
          }
        />
      ) : null}
    </>
  );
}

export function FloorActs({ floor }: { readonly floor: Floor }) {
  const say = useWords(floorWords);
  const siteId = useSiteId();
  const navigate = useNavigate();
  const [isRenaming, renaming] = useDisclosure();
  const [isRemoving, removing] = useDisclosure();
  const name = floorName(floor);
  const path = { site_id: siteId, id: floor.id };
  const rename = useAct((body: Written) => api.patch(one, { path, body }), {
    touches: ['floors', 'locks'],
    done: say('saved'),
  });
  const remove = useAct(() => api.delete(one, { path, query: { force: true } }), {
    touches: ['floors', 'locks'],
    done: say('removed', { name }),
  });
  return (
    <>
      <Button
        variant="default"
        size="xs"
        aria-label={say('renameFloor', { name })}
        onClick={() => {
          rename.reset();
          renaming.open();
        }}
      >
        {say('rename')}
      </Button>
      <Button
        variant="default"
        size="xs"
        aria-label={say('removeFloor', { name })}
        onClick={() => {
          remove.reset();
          removing.open();
        }}
      >
        {say('remove')}
      </Button>
      {isRenaming ? (
        <FloorForm
          title={say('renameFloor', { name })}
          act={say('save')}
          name={floor.customer_reference ?? ''}
          number={floor.number ?? 0}
          onClose={renaming.close}
          isPending={rename.isPending}
          error={rename.error}
          onAct={(body) => rename.mutate(body, { onSuccess: renaming.close })}
        />
      ) : null}
      <Confirm
        isOpen={isRemoving}
        onClose={removing.close}
        title={say('removeFloor', { name })}
        effect={say('removeEffect', { count: floor.lock_count })}
        act={say('remove')}
        isPending={remove.isPending}
        error={remove.error}
        isDestructive
        onAct={() =>
          remove.mutate(undefined, {
            onSuccess() {
              removing.close();
              void navigate({ to: `/sites/${siteId}/floors` });
            },
          })
        }
      />
    </>
  );
}

type Written = { readonly customer_reference: string; readonly number: number };

type FormProps = {
  readonly title: string;
  readonly act: string;
  readonly name: string;
  readonly number: number;
  readonly onAct: (body: Written) => void;
  readonly onClose: () => void;
  readonly isPending: boolean;
  readonly error: unknown;
};

function FloorForm(props: FormProps) {
  const say = useWords(floorWords);
  const [name, setName] = useState(props.name);
  const [number, setNumber] = useState<number | string>(props.number);
  return (
    <FormDialog
      title={props.title}
      act={props.act}
      onClose={props.onClose}
      isPending={props.isPending}
      error={props.error}
      onAct={() => props.onAct({ customer_reference: name.trim(), number: Number(number) })}
    >
      <TextInput
        data-autofocus
        required
        label={say('name')}
        maxLength={255}
        value={name}
        onChange={({ currentTarget }) => setName(currentTarget.value)}
      />
      <NumberInput
        required
        label={say('number')}
        description={say('numberHelp')}
        allowDecimal={false}
        min={-99}
        max={999}
        value={number}
        onChange={setNumber}
      />
    </FormDialog>
  );
}
