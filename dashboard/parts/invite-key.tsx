/** With what somebody who comes opens doors. */
import { NativeSelect, Radio, Stack, TextInput } from '@mantine/core';
import type { WishedKey } from '../data/invitation.ts';
import { useRead } from '../data/queries.ts';
import { useMay } from '../data/site.tsx';
import { inviteWords } from '../words/invite.ts';
import { peopleWords } from '../words/people.ts';
import { tagWords } from '../words/tags.ts';
import { useWords } from './language.tsx';
import { Loaded } from './page.tsx';

type Thing = { readonly id: string; readonly name: string };
export const nothing: Thing = { id: '', name: '' };

type Props = {
  readonly wished: WishedKey;
  readonly onChange: (key: WishedKey) => void;
  /** Whether a keypad is there; undefined until it is known. */
  readonly hasKeypads: boolean | undefined;
  /** The form asks for an address by itself. */
  readonly hasAddress: boolean;
};

export function InviteKey({ wished, onChange, hasKeypads, hasAddress }: Props) {
  const say = useWords(inviteWords);
  const people = useWords(peopleWords);
  const mayRegister = useMay()('manage_hardware');
  const kinds: readonly WishedKey[] = [
    { kind: 'pin' },
    { kind: 'tag', tag: nothing },
    ...(mayRegister ? [{ kind: 'new_tag', lock: nothing } as const] : []),
    { kind: 'phone', email: '' },
    { kind: 'none' },
  ];
  const labels = {
    pin: say('pin'),
    tag: say('tag'),
    new_tag: say('newTag'),
    phone: say('phone'),
    none: say('noKey'),
  };
  return (
    <Stack gap="sm">
      <Radio.Group
        label={say('key')}
        value={wished.kind}
        onChange={(value) => {
          const key = kinds.find(({ kind }) => kind === value);
          if (key !== undefined) onChange(key);
        }}
      >
        <Stack gap={6} mt={4}>
          {kinds.map(({ kind }) => (
            <Radio
              key={kind}
              value={kind}
              label={labels[kind]}
              disabled={kind === 'pin' && hasKeypads !== true}
              description={
                kind === 'pin' && hasKeypads === false ? people('pinNoDoors') : undefined
              }
            />
          ))}
        </Stack>
      </Radio.Group>
      {wished.kind === 'tag' ? (
        <FreeTag tag={wished.tag} onChange={(tag) => onChange({ kind: 'tag', tag })} />
      ) : null}
      {wished.kind === 'new_tag' ? (
        <LearningLock lock={wished.lock} onChange={(lock) => onChange({ kind: 'new_tag', lock })} />
      ) : null}
      {wished.kind === 'phone' && !hasAddress ? (
        <TextInput
          required
          type="email"
          label={people('mail')}
          description={say('phoneHelp')}
          value={wished.email}
          onChange={({ currentTarget }) => onChange({ kind: 'phone', email: currentTarget.value })}
        />
      ) : null}
    </Stack>
  );
}

function FreeTag({
  tag,
  onChange,
}: {
  readonly tag: Thing;
  readonly onChange: (tag: Thing) => void;
}) {
  const say = useWords(inviteWords);
  const people = useWords(peopleWords);
  const tags = useRead('/v1.2/sites/{site_id}/tags', {
    query: {
      $top: 1000,
      $filter: 'site_user_key_id eq null and tag_number ne null',
      $orderby: 'tag_number asc',
    },
    everyMs: 5_000,
  });
  return (
    <Loaded of={tags} lines={2}>
      {({ items }) => (
        <Choice
          label={say('number')}
          help={people(items.length === 0 ? 'giveTagNone' : 'giveTagHelp')}
          of={items.map(({ id, tag_number: number }) => ({ id, name: number ?? id }))}
          chosen={tag}
          onChange={onChange}
        />
      )}
    </Loaded>
  );
}

function LearningLock({
  lock,
  onChange,
}: {
  readonly lock: Thing;
  readonly onChange: (lock: Thing) => void;
}) {
  const say = useWords(inviteWords);
  const tags = useWords(tagWords);
  const locks = useRead('/v1.2/sites/{site_id}/locks', {
    query: {
      $top: 1000,
      $filter: "iq_link_state eq 'attached'",
      $orderby: 'customer_reference asc',
    },
  });
  return (
    <Loaded of={locks} lines={2}>
      {({ items }) => (
        <Choice
          label={tags('lock')}
          help={say('newTagHelp')}
          of={items.map(({ id, customer_reference: name }) => ({ id, name: name ?? id }))}
          chosen={lock}
          onChange={onChange}
        />
      )}
    </Loaded>
  );
}

function Choice({
  label,
  help,
  of,
  chosen,
  onChange,
}: {
  readonly label: string;
  readonly help: string;
  readonly of: readonly Thing[];
  readonly chosen: Thing;
  readonly onChange: (thing: Thing) => void;
}) {
  const say = useWords(inviteWords);
  return (
    <NativeSelect
      required
      label={label}
      description={help}
      value={chosen.id}
      onChange={({ currentTarget: { value } }) =>
        onChange(of.find(({ id }) => id === value) ?? nothing)
      }
      data={[
        { value: '', label: say('choose') },
        ...of.map(({ id, name }) => ({ value: id, label: name })),
      ]}
    />
  );
}
