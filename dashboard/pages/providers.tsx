import { Button, PasswordInput, SimpleGrid, Stack, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { ItemOf } from '#client/operations';
import { api } from '../data/api.ts';
import { useAct, useRead } from '../data/queries.ts';
import { CopyFact } from '../parts/client-facts.tsx';
import { ConfirmButton } from '../parts/confirm-button.tsx';
import { FormDialog } from '../parts/form-dialog.tsx';
import { useWords } from '../parts/language.tsx';
import { Empty, Loaded, PageFrame } from '../parts/page.tsx';
import { Section } from '../parts/section.tsx';
import { useFormats } from '../parts/time.tsx';
import { pageWords } from '../words/pages.ts';
import { providerWords } from '../words/providers.ts';

type Provider = ItemOf<'/ext/v1/identity_providers'>;
const one = '/ext/v1/identity_providers/{provider_id}';
const touches = ['identity_providers'];

/** Identity providers through which people may sign in, for operators. */
export function Page() {
  const say = useWords(providerWords);
  const name = useWords(pageWords);
  const [isAdding, setAdding] = useState(false);
  const providers = useRead('/ext/v1/identity_providers', {
    query: { $top: 200, $orderby: 'name asc' },
  });
  const add = <Button onClick={() => setAdding(true)}>{say('add')}</Button>;
  return (
    <PageFrame title={name('providers')} lead={say('lead')} acts={add}>
      <Loaded of={providers}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title={say('empty')}>{say('emptyHelp')}</Empty>
          ) : (
            <SimpleGrid cols={{ base: 1, md: 2 }}>
              {items.map((provider) => (
                <Facts key={provider.id} provider={provider} />
              ))}
            </SimpleGrid>
          )
        }
      </Loaded>
      {isAdding ? <Adding onClose={() => setAdding(false)} /> : null}
    </PageFrame>
  );
}

type OfProvider = { readonly provider: Provider };

function Facts({ provider }: OfProvider) {
  const say = useWords(providerWords);
  const { date } = useFormats();
  return (
    <Section
      title={provider.name}
      help={say('since', { at: date(provider.created_at) })}
      acts={
        <>
          <ChangeButton provider={provider} />
          <RemoveButton provider={provider} />
        </>
      }
    >
      <Stack gap="sm">
        <CopyFact label={say('back')} value={provider.redirect_uri} />
        {(
          [
            ['issuer', provider.issuer],
            ['clientId', provider.client_id],
            ['id', provider.id],
          ] as const
        ).map(([label, value]) => (
          <div key={label}>
            <Text size="xs" c="dimmed">
              {say(label)}
            </Text>
            <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
              {value}
            </Text>
          </div>
        ))}
      </Stack>
    </Section>
  );
}

type Written = {
  readonly name: string;
  readonly issuer: string;
  readonly client_id: string;
  readonly client_secret: string;
};

function Adding({ onClose }: { readonly onClose: () => void }) {
  const say = useWords(providerWords);
  const [typedId, setTypedId] = useState<string>();
  const [written, setWritten] = useState<Written>({
    name: '',
    issuer: '',
    client_id: '',
    client_secret: '',
  });
  const id = typedId ?? shortNameOf(written.name);
  const adding = useAct(
    () => api.post('/ext/v1/identity_providers', { body: { id, ...written } }),
    {
      touches,
      done: ({ name }) => say('added', { name }),
    },
  );
  return (
    <FormDialog
      title={say('add')}
      lead={say('addLead')}
      act={say('add')}
      onAct={() => adding.mutate(undefined, { onSuccess: onClose })}
      onClose={onClose}
      isPending={adding.isPending}
      error={adding.error}
    >
      <Fields written={written} onWrite={setWritten} isNew />
      <TextInput
        label={say('id')}
        description={say('idHelp')}
        required
        withAsterisk={false}
        maxLength={40}
        value={id}
        onChange={({ currentTarget }) => setTypedId(currentTarget.value)}
      />
    </FormDialog>
  );
}

function ChangeButton({ provider }: OfProvider) {
  const say = useWords(providerWords);
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <Button
        size="xs"
        variant="default"
        aria-label={say('changeName', { name: provider.name })}
        onClick={() => setOpen(true)}
      >
        {say('change')}
      </Button>
      {isOpen ? <Changing provider={provider} onClose={() => setOpen(false)} /> : null}
    </>
  );
}

function Changing({ provider, onClose }: OfProvider & { readonly onClose: () => void }) {
  const say = useWords(providerWords);
  const { name, issuer, client_id: clientId } = provider;
  const [written, setWritten] = useState<Written>({
    name,
    issuer,
    client_id: clientId,
    client_secret: '',
  });
  const saving = useAct(
    () => {
      const { client_secret: secret, ...rest } = written;
      return api.patch(one, {
        path: { provider_id: provider.id },
        body: secret === '' ? rest : { ...rest, client_secret: secret },
      });
    },
    { touches, done: say('saved') },
  );
  return (
    <FormDialog
      title={say('changeName', { name })}
      act={say('change')}
      onAct={() => saving.mutate(undefined, { onSuccess: onClose })}
      onClose={onClose}
      isPending={saving.isPending}
      error={saving.error}
    >
      <Fields written={written} onWrite={setWritten} isNew={false} />
    </FormDialog>
  );
}

function Fields({
  written,
  onWrite,
  isNew,
}: {
  readonly written: Written;
  readonly onWrite: (written: Written) => void;
  readonly isNew: boolean;
}) {
  const say = useWords(providerWords);
  return (
    <>
      <TextInput
        label={say('name')}
        description={say('nameHelp')}
        required
        withAsterisk={false}
        maxLength={255}
        data-autofocus
        value={written.name}
        onChange={({ currentTarget }) => onWrite({ ...written, name: currentTarget.value })}
      />
      <TextInput
        type="url"
        label={say('issuer')}
        description={say('issuerHelp')}
        placeholder="https://"
        required
        withAsterisk={false}
        value={written.issuer}
        onChange={({ currentTarget }) =>
          onWrite({ ...written, issuer: currentTarget.value.trim() })
        }
      />
      <TextInput
        label={say('clientId')}
        required
        withAsterisk={false}
        autoComplete="off"
        spellCheck={false}
        value={written.client_id}
        onChange={({ currentTarget }) =>
          onWrite({ ...written, client_id: currentTarget.value.trim() })
        }
      />
      <PasswordInput
        label={say('secret')}
        {...(isNew ? {} : { description: say('secretKeep') })}
        required={isNew}
        withAsterisk={false}
        autoComplete="new-password"
        value={written.client_secret}
        onChange={({ currentTarget }) =>
          onWrite({ ...written, client_secret: currentTarget.value.trim() })
        }
      />
    </>
  );
}

/** `Harbour & Sons` → `harbour-sons`. */
function shortNameOf(name: string): string {
  const letters = name
    .toLowerCase()
    .normalize('NFD')
    .replaceAll(/[^a-z0-9 ._-]/g, '');
  return letters
    .split(/[^a-z0-9]+/)
    .filter((part) => part !== '')
    .join('-')
    .slice(0, 40);
}

function RemoveButton({ provider }: OfProvider) {
  const say = useWords(providerWords);
  const { id, name } = provider;
  const removing = useAct(() => api.delete(one, { path: { provider_id: id } }), {
    touches,
    done: say('removed', { name }),
  });
  return (
    <ConfirmButton
      size="xs"
      act={say('remove')}
      name={say('removeName', { name })}
      effect={say('removeEffect')}
      isDestructive
      doing={removing}
    />
  );
}
