import {
  Anchor,
  Button,
  Checkbox,
  Code,
  CopyButton,
  Group,
  List,
  Progress,
  SimpleGrid,
  Stack,
  Text,
  Title,
} from '@mantine/core';
import { useState, type FormEvent, type ReactNode } from 'react';
import { save } from '../data/api.ts';
import {
  canMakeKeys,
  fetchExport,
  makeKeyPair,
  shownSections,
  type ExportFile,
  type KeyPair,
} from '../data/moving.ts';
import { useAct } from '../data/queries.ts';
import { useSite, useSiteId } from '../data/site.tsx';
import { ErrorNote } from '../parts/error-note.tsx';
import { Facts } from '../parts/facts.tsx';
import { useApiWords, useWords } from '../parts/language.tsx';
import { PageFrame } from '../parts/page.tsx';
import { Section } from '../parts/section.tsx';
import { SiteLink } from '../parts/site-link.tsx';
import { useFormats } from '../parts/time.tsx';
import { movingWords, sectionApiWords } from '../words/moving.ts';
import { pageWords } from '../words/pages.ts';
import { shellWords } from '../words/shell.ts';

const otherWays = [
  ['import', 'importLink'],
  ['entries', 'entriesLink'],
  ['incidents', 'incidentsLink'],
] as const;

type Made = { readonly file: ExportFile; readonly key: KeyPair | null };

/** The site as a file, what it holds, and where it goes from here. */
export function Page() {
  const say = useWords(movingWords);
  const name = useWords(pageWords);
  const [made, setMade] = useState<Made | null>(null);
  return (
    <PageFrame title={name('moving')} lead={say('lead')}>
      <SimpleGrid cols={{ base: 1, md: 2 }}>
        <Stack>
          {made === null ? (
            <Make onMade={setMade} />
          ) : (
            <Ready made={made} onAgain={() => setMade(null)} />
          )}
          <Contents />
        </Stack>
        <Stack>
          <Next made={made} />
          <Section title={say('others')}>
            <List size="sm" spacing={6}>
              {otherWays.map(([page, text]) => (
                <List.Item key={page}>
                  <SiteLink to={page}>{say(text)}</SiteLink>
                </List.Item>
              ))}
            </List>
          </Section>
        </Stack>
      </SimpleGrid>
    </PageFrame>
  );
}

const useMegabytes = () => {
  const { number } = useFormats();
  return (bytes: number) => number(Math.max(0.1, Math.round(bytes / 100_000) / 10));
};

function Make({ onMade }: { readonly onMade: (made: Made) => void }) {
  const say = useWords(movingWords);
  const siteId = useSiteId();
  const site = useSite();
  const megabytes = useMegabytes();
  const [events, setEvents] = useState(true);
  const [secrets, setSecrets] = useState(false);
  const [received, setReceived] = useState(0);
  const making = useAct(
    async () => {
      setReceived(0);
      const key = secrets ? await makeKeyPair() : null;
      const file = await fetchExport({
        siteId,
        siteName: site?.customer_reference ?? '',
        events,
        publicKey: key?.publicKey ?? null,
        onBytes: setReceived,
      });
      onMade({ file, key });
    },
    { touches: ['audit_log'] },
  );
  function submit(event: FormEvent): void {
    event.preventDefault();
    making.mutate();
  }
  return (
    <Section title={say('make')} help={say('makeHelp')}>
      <form onSubmit={submit}>
        <Stack gap="sm">
          <Checkbox
            label={say('withEvents')}
            description={say('withEventsHelp')}
            checked={events}
            onChange={({ currentTarget }) => setEvents(currentTarget.checked)}
          />
          <Checkbox
            label={say('withSecrets')}
            description={say(canMakeKeys ? 'withSecretsHelp' : 'secretsOff')}
            disabled={!canMakeKeys}
            checked={secrets}
            onChange={({ currentTarget }) => setSecrets(currentTarget.checked)}
          />
          <ErrorNote error={making.error} />
          {making.isPending ? (
            <Stack gap={4} role="status">
              <Text size="sm">
                {received === 0 ? say('making') : say('receiving', { size: megabytes(received) })}
              </Text>
              <Progress value={100} animated aria-label={say('making')} />
            </Stack>
          ) : null}
          <Button type="submit" w="fit-content" loading={making.isPending}>
            {say('make')}
          </Button>
        </Stack>
      </form>
    </Section>
  );
}

function Ready({ made, onAgain }: { readonly made: Made; readonly onAgain: () => void }) {
  const say = useWords(movingWords);
  const section = useApiWords(sectionApiWords);
  const megabytes = useMegabytes();
  const { number } = useFormats();
  const { file, key } = made;
  const rows: readonly (readonly [string, ReactNode])[] = [
    ...shownSections.flatMap((name) => {
      const count = file.counts[name];
      return count === undefined ? [] : [[section(name), number(count)] as const];
    }),
    [say('codes'), say(file.hasSecrets ? 'codesIn' : 'codesOut')],
    [say('signedBy'), <Code key="signer">{file.installation}</Code>],
  ];
  return (
    <Section title={say('made')} help={say('madeHelp')}>
      <Stack gap="sm" role="status">
        {key === null ? null : <Text size="sm">{say('keyHelp')}</Text>}
        <Group gap="xs">
          <Button onClick={() => save(file, file.name)}>
            {say('save', { size: megabytes(file.blob.size) })}
          </Button>
          {key === null ? null : (
            <Button onClick={() => save(keyFile(key, file.name), keyName(file.name))}>
              {say('saveKey')}
            </Button>
          )}
          <Button variant="default" onClick={onAgain}>
            {say('again')}
          </Button>
        </Group>
        <Title order={3} size="h5">
          {say('holds')}
        </Title>
        <Facts of={rows} />
        {file.isCut ? <Text size="sm">{say('cut')}</Text> : null}
      </Stack>
    </Section>
  );
}

const keyName = (name: string) => name.replace(/json$/, 'key');

function keyFile({ privatePem }: KeyPair, name: string) {
  return { name: keyName(name), blob: new Blob([privatePem], { type: 'application/x-pem-file' }) };
}

function Contents() {
  const say = useWords(movingWords);
  const parts = [
    ['inIt', ['inPeople', 'inHardware', 'inMore']],
    ['notInIt', ['outAccounts', 'outPhones', 'outRest']],
  ] as const;
  return (
    <>
      {parts.map(([title, lines]) => (
        <Section key={title} title={say(title)}>
          <List size="sm" spacing={4}>
            {lines.map((line) => (
              <List.Item key={line}>{say(line)}</List.Item>
            ))}
          </List>
        </Section>
      ))}
    </>
  );
}

/** The commands, with the names of the files that were made. */
function Next({ made }: { readonly made: Made | null }) {
  const say = useWords(movingWords);
  const shell = useWords(shellWords);
  const file = made?.file.name ?? 'site.json';
  const key = made === null || made.key === null ? '' : ` --key ${keyName(file)}`;
  const whole = `cardea import --file ${file}${key} --sign-in next.json`;
  const commands = [
    [say('dryRun'), `${whole} --dry-run`],
    [say('moveIn'), whole],
  ] as const;
  return (
    <Section title={say('next')} help={say('nextHelp')}>
      <Stack gap="sm">
        {commands.map(([name, command]) => (
          <div key={name}>
            <Group justify="space-between" mb={4}>
              <Text size="sm" fw={500}>
                {name}
              </Text>
              <CopyButton value={command}>
                {({ copied, copy }) => (
                  <Button
                    size="compact-sm"
                    variant="default"
                    aria-label={say('copy', { name })}
                    onClick={copy}
                  >
                    {shell(copied ? 'copied' : 'copy')}
                  </Button>
                )}
              </CopyButton>
            </Group>
            <Code block style={{ overflowWrap: 'anywhere', whiteSpace: 'pre-wrap' }}>
              {command}
            </Code>
          </div>
        ))}
        <Text size="sm">{say('afterwards')}</Text>
        <Anchor href="/docs/migrations" target="_blank" size="sm" w="fit-content">
          {say('guide')}
        </Anchor>
      </Stack>
    </Section>
  );
}
