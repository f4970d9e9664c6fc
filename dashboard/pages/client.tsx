import { Alert, Button, Code, Group, SimpleGrid, Stack, Text } from '@mantine/core';
import { useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { api } from '../data/api.ts';
import { purposeOf, type Client } from '../data/clients.ts';
import { useAct, useRead } from '../data/queries.ts';
import { ClientBeginning, ClientState, useTenantName } from '../parts/client-facts.tsx';
import { ClientForm, type ChangedClient } from '../parts/client-form.tsx';
import { ClientSecrets } from '../parts/client-secrets.tsx';
import { ConfirmButton } from '../parts/confirm-button.tsx';
import { useApiWords, useWords } from '../parts/language.tsx';
import { Loaded, PageFrame } from '../parts/page.tsx';
import { Section } from '../parts/section.tsx';
import { useFormats } from '../parts/time.tsx';
import { clientApiWords, clientWords } from '../words/clients.ts';
import { pageWords } from '../words/pages.ts';

const one = '/ext/v1/clients/{client_id}';
const pollMs = 15_000;

/** One client: what its maker begins with, its secrets, what it may, and its end. */
export function Page() {
  const name = useWords(pageWords);
  const { clientId = '' } = useParams({ strict: false });
  const client = useRead(one, { path: { client_id: clientId }, everyMs: pollMs });
  const found = client.data?.id === clientId ? client.data : undefined;
  return (
    <PageFrame
      title={found?.name ?? name('client')}
      acts={
        found === undefined || found.tenant_id === null || found.disabled_at !== null ? null : (
          <EndButton client={found} />
        )
      }
    >
      <Loaded of={{ ...client, data: found }} lines={10}>
        {(data) => <Facts client={data} />}
      </Loaded>
    </PageFrame>
  );
}

type OfClient = { readonly client: Client };

function Facts({ client }: OfClient) {
  const say = useWords(clientWords);
  const word = useApiWords(clientApiWords);
  const tenantName = useTenantName();
  const { dateTime } = useFormats();
  const { disabled_at: endedAt, kind } = client;
  const isOurs = client.tenant_id === null;
  return (
    <>
      <Group gap="sm">
        <ClientState client={client} />
        <Text size="sm">
          {`${word(purposeOf(client))} · ${say('tenant')}: ${tenantName(client.tenant_id)}`}
        </Text>
      </Group>
      {endedAt === null ? null : (
        <Alert color="gray">{say('endedAt', { at: dateTime(endedAt) })}</Alert>
      )}
      {isOurs ? <Alert color="blue">{say('ownHelp')}</Alert> : null}
      <SimpleGrid cols={{ base: 1, md: 2 }}>
        {isOurs || endedAt !== null ? null : <ClientBeginning client={client} />}
        <Stack>
          {endedAt !== null ? null : kind === 'public' ? (
            <Section title={say('secrets')}>
              <Text size="sm">{say('noSecret')}</Text>
            </Section>
          ) : (
            <ClientSecrets client={client} />
          )}
          <Allowed client={client} />
        </Stack>
      </SimpleGrid>
    </>
  );
}

function Allowed({ client }: OfClient) {
  const say = useWords(clientWords);
  const word = useApiWords(clientApiWords);
  const [isChanging, setChanging] = useState(false);
  const saving = useAct(
    (body: ChangedClient) => api.patch(one, { path: { client_id: client.id }, body }),
    { touches: ['clients'], done: say('saved') },
  );
  const isFixed = client.tenant_id === null || client.disabled_at !== null;
  const addresses = [
    [say('addresses'), client.redirect_uris],
    [say('outAddresses'), client.post_logout_redirect_uris],
  ] as const;
  return (
    <Section
      title={say('may')}
      acts={
        isFixed ? null : (
          <Button size="xs" variant="default" onClick={() => setChanging(true)}>
            {say('change')}
          </Button>
        )
      }
    >
      <Stack gap="sm">
        <Words title={say('grants')} codes={client.grants} textOf={(grant) => word(grant)} />
        <Words title={say('scopes')} codes={client.scopes} textOf={(scope) => word(scope)} />
        {addresses.map(([title, uris]) =>
          uris.length === 0 ? null : <Words key={title} title={title} codes={uris} />,
        )}
      </Stack>
      {isChanging ? (
        <ClientForm
          client={client}
          onAct={(change) => saving.mutate(change, { onSuccess: () => setChanging(false) })}
          onClose={() => setChanging(false)}
          isPending={saving.isPending}
          error={saving.error}
        />
      ) : null}
    </Section>
  );
}

function Words({
  title,
  codes,
  textOf,
}: {
  readonly title: string;
  readonly codes: readonly string[];
  /** Absent = the word of the API says it all. */
  readonly textOf?: (code: string) => string;
}) {
  return (
    <div>
      <Text size="xs" c="dimmed">
        {title}
      </Text>
      <Stack gap={4} component="ul" m={0} p={0} style={{ listStyle: 'none' }}>
        {codes.map((code) => (
          <Text key={code} size="sm" component="li">
            {textOf === undefined ? null : `${textOf(code)} `}
            <Code style={{ overflowWrap: 'anywhere' }}>{code}</Code>
          </Text>
        ))}
      </Stack>
    </div>
  );
}

function EndButton({ client }: OfClient) {
  const say = useWords(clientWords);
  const { name } = client;
  const ending = useAct(() => api.delete(one, { path: { client_id: client.id } }), {
    touches: ['clients'],
    done: say('endDone', { name }),
  });
  return (
    <ConfirmButton
      act={say('end')}
      title={say('endTitle', { name })}
      effect={say('endEffect')}
      isDestructive
      doing={ending}
    />
  );
}
