/** What a client is, in words: whether it works, in whose sites it acts, what its maker begins with. */
import { ActionIcon, Anchor, Code, CopyButton, Group, Stack, Text, Title } from '@mantine/core';
import { IconCheck, IconCopy } from '@tabler/icons-react';
import { firstLines, purposeOf, type Client } from '../data/clients.ts';
import { useRead } from '../data/queries.ts';
import { clientWords } from '../words/clients.ts';
import { shellWords } from '../words/shell.ts';
import { useWords } from './language.tsx';
import { Tag } from './lock-state.tsx';
import { Section } from './section.tsx';

type Props = { readonly client: Client };

/** Every tenant of the installation. */
export function useTenants() {
  return useRead('/ext/v1/tenants', { query: { $top: 1000, $orderby: 'name asc' } });
}

/** The name of a tenant; null = our own clients, which serve all of them. */
export function useTenantName(): (id: string | null) => string {
  const say = useWords(clientWords);
  const tenants = useTenants();
  return (id) => {
    if (id === null) return say('everyTenant');
    const found = tenants.data?.items.find((tenant) => tenant.id === id);
    if (found === undefined) return id;
    const { name, site_count: count } = found;
    return count === 1 ? say('siteCountOne', { name }) : say('siteCount', { name, count });
  };
}

export function ClientState({ client }: Props) {
  const say = useWords(clientWords);
  if (client.disabled_at !== null) return <Tag color="gray">{say('ended')}</Tag>;
  if (client.tenant_id === null) return <Tag color="blue">{say('own')}</Tag>;
  return <Tag color="teal">{say('inUse')}</Tag>;
}

/** A value to be written into another program, with a button that copies it. */
export function CopyFact({ label, value }: { readonly label: string; readonly value: string }) {
  const say = useWords(clientWords);
  const shell = useWords(shellWords);
  return (
    <div>
      <Text size="xs" c="dimmed">
        {label}
      </Text>
      <Group gap={6} wrap="nowrap" align="flex-start">
        <Code style={{ overflowWrap: 'anywhere', minWidth: 0 }}>{value}</Code>
        <CopyButton value={value}>
          {({ copied, copy }) => (
            <ActionIcon
              variant="default"
              size="sm"
              aria-label={copied ? shell('copied') : say('copyName', { name: label })}
              onClick={copy}
            >
              {copied ? <IconCheck size={14} /> : <IconCopy size={14} />}
            </ActionIcon>
          )}
        </CopyButton>
      </Group>
    </div>
  );
}

/** What the maker of the program needs, and lines that work at once. */
export function ClientBeginning({ client }: Props) {
  const say = useWords(clientWords);
  // The dashboard is served from the address that is in its tokens (data/session.ts).
  const { origin } = location;
  const help = {
    program: 'tryItHelp',
    person: 'tryItHelp',
    web: 'tryBrowser',
    app: 'tryBrowser',
    guests: 'tryGuests',
  } as const;
  return (
    <Section title={say('begin')} help={say('beginHelp')}>
      <Stack gap="sm">
        <CopyFact label={say('clientId')} value={client.id} />
        <CopyFact label={say('baseUrl')} value={origin} />
        <CopyFact label={say('tokenUrl')} value={`${origin}/connect/token`} />
        <CopyFact label={say('discovery')} value={`${origin}/.well-known/openid-configuration`} />
        <Lines
          title={say('tryIt')}
          help={say(help[purposeOf(client)])}
          lines={firstLines(client, origin)}
        />
        <Anchor
          href="/docs/first-hour"
          target="_blank"
          rel="noreferrer"
          size="sm"
          underline="always"
        >
          {say('docs')}
        </Anchor>
      </Stack>
    </Section>
  );
}

function Lines({
  title,
  help,
  lines,
}: {
  readonly title: string;
  readonly help: string;
  readonly lines: string;
}) {
  const say = useWords(clientWords);
  const shell = useWords(shellWords);
  return (
    <div>
      <Group justify="space-between" mt="xs" mb={4}>
        <Title order={3} size="h6">
          {title}
        </Title>
        <CopyButton value={lines}>
          {({ copied, copy }) => (
            <ActionIcon
              variant="default"
              aria-label={copied ? shell('copied') : say('copyName', { name: title })}
              onClick={copy}
            >
              {copied ? <IconCheck size={16} /> : <IconCopy size={16} />}
            </ActionIcon>
          )}
        </CopyButton>
      </Group>
      <Text size="sm" c="dimmed" mb={6}>
        {help}
      </Text>
      <Code block style={{ overflowWrap: 'anywhere', whiteSpace: 'pre-wrap' }}>
        {lines}
      </Code>
    </div>
  );
}
