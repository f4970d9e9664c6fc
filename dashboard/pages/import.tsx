import { Alert, Button, Checkbox, FileInput, Group, Radio, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useState, type FormEvent } from 'react';
import type { AnswerOf } from '#client/operations';
import { errorNames, errorRow } from '#contract/errors';
import { api, save } from '../data/api.ts';
import { useAct } from '../data/queries.ts';
import { useSiteId } from '../data/site.tsx';
import { Confirm } from '../parts/confirm.tsx';
import { ErrorNote, useErrorTexts } from '../parts/error-note.tsx';
import { useApiWords, useWords } from '../parts/language.tsx';
import { ListView } from '../parts/list.tsx';
import { PageFrame } from '../parts/page.tsx';
import { Section } from '../parts/section.tsx';
import { importApiWords, importWords } from '../words/import.ts';
import { pageWords } from '../words/pages.ts';

const path = '/ext/v1/sites/{site_id}/csv_imports';
const kinds = ['tags', 'groups', 'people'] as const;
type Kind = (typeof kinds)[number];
type Result = AnswerOf<'POST', typeof path>;
type Table = { readonly kind: Kind; readonly csv: string };

/** Tables of another system: what they would do, then doing it. */
export function Page() {
  const say = useWords(importWords);
  const name = useWords(pageWords);
  const siteId = useSiteId();
  const [kind, setKind] = useState<Kind>('tags');
  const [file, setFile] = useState<File | null>(null);
  const [seen, setSeen] = useState<Table | null>(null);
  const checking = useAct(
    async () => {
      const table = { kind, csv: (await file?.text()) ?? '' };
      const body = { ...table, dry_run: true };
      const result = await api.post(path, { path: { site_id: siteId }, body });
      setSeen(result.state === 'preview' ? table : null);
      return result;
    },
    { touches: [] },
  );
  const saving = useAct(
    async () => {
      const csv = await api.get(`${path}/template`, { path: { site_id: siteId }, query: { kind } });
      save({ name: `${kind}.csv`, blob: new Blob([csv], { type: 'text/csv' }) }, `${kind}.csv`);
    },
    { touches: [] },
  );
  function forget(): void {
    setSeen(null);
    checking.reset();
  }
  function submit(event: FormEvent): void {
    event.preventDefault();
    checking.mutate();
  }
  return (
    <PageFrame title={name('import')} lead={say('lead')}>
      <Section title={say('file')} help={say('help')}>
        <form onSubmit={submit}>
          <Stack gap="sm" maw={560}>
            <Radio.Group label={say('kind')} value={kind}>
              <Group gap="md" mt={4}>
                {kinds.map((one) => (
                  <Radio
                    key={one}
                    value={one}
                    label={say(one)}
                    onChange={() => {
                      setKind(one);
                      forget();
                    }}
                  />
                ))}
              </Group>
            </Radio.Group>
            <FileInput
              required
              label={say('file')}
              accept=".csv,text/csv"
              value={file}
              onChange={(chosen) => {
                setFile(chosen);
                forget();
              }}
            />
            <ErrorNote error={checking.error ?? saving.error} />
            <Group gap="xs">
              <Button type="submit" disabled={file === null} loading={checking.isPending}>
                {say('preview')}
              </Button>
              <Button
                variant="default"
                loading={saving.isPending}
                onClick={() => saving.mutate(undefined)}
              >
                {say('template')}
              </Button>
            </Group>
          </Stack>
        </form>
      </Section>
      {checking.data === undefined ? null : <Outcome result={checking.data} />}
      {checking.data === undefined || seen === null ? null : (
        <Import key={seen.csv} table={seen} preview={checking.data} />
      )}
    </PageFrame>
  );
}

function Import({ table, preview }: { readonly table: Table; readonly preview: Result }) {
  const say = useWords(importWords);
  const siteId = useSiteId();
  const [isAsked, ask] = useDisclosure();
  const [invites, setInvites] = useState(false);
  const { created, updated } = preview;
  const importing = useAct(
    () =>
      api.post(path, {
        path: { site_id: siteId },
        body: { ...table, ...(table.kind === 'people' ? { invite: invites } : {}) },
      }),
    { touches: ['users', 'access_groups', 'tags'] },
  );
  if (importing.data !== undefined) return <Outcome result={importing.data} />;
  return (
    <>
      <Button w="fit-content" onClick={ask.open}>
        {say('apply')}
      </Button>
      <Confirm
        isOpen={isAsked}
        onClose={ask.close}
        title={say('apply')}
        effect={say('applyEffect', { created, updated })}
        act={say('apply')}
        isPending={importing.isPending}
        error={importing.error}
        onAct={() => importing.mutate(undefined)}
      >
        {table.kind === 'people' ? (
          <Checkbox
            label={say('invite')}
            checked={invites}
            onChange={({ currentTarget }) => setInvites(currentTarget.checked)}
          />
        ) : null}
      </Confirm>
    </>
  );
}

const headings = {
  preview: 'previewState',
  refused: 'refusedState',
  applied: 'appliedState',
} as const;

function Outcome({ result }: { readonly result: Result }) {
  const say = useWords(importWords);
  const note = useApiWords(importApiWords);
  const faultText = useFaultText();
  const { state, created, updated, unchanged, failed, ignored_columns: ignored, rows } = result;
  return (
    <Section title={say(headings[state])}>
      <Stack gap="sm" role="status">
        <Text size="sm">{say('counts', { created, updated, unchanged, failed })}</Text>
        {state === 'refused' ? (
          <Alert color="red" variant="light">
            {say('refusedHelp')}
          </Alert>
        ) : null}
        {ignored.length === 0 ? null : (
          <Text size="sm">{say('ignored', { columns: ignored.join(', ') })}</Text>
        )}
        <ListView
          label={say('rows')}
          of={{
            data: {
              items: rows.filter(({ errors, notes }) => errors.length > 0 || notes.length > 0),
              count: null,
            },
            error: null,
            refetch: () => undefined,
          }}
          rowId={({ line }) => String(line)}
          columns={[
            { label: say('line'), cell: ({ line }) => line },
            {
              label: say('fault'),
              cell: ({ errors, notes }) =>
                [...errors.map(faultText), ...notes.map((one) => note(one))].join(' '),
            },
          ]}
          empty={<Text size="sm">{say('none')}</Text>}
        />
      </Stack>
    </Section>
  );
}

type Fault = Result['rows'][number]['errors'][number];

/** `1101 tag_number: …`. */
function useFaultText(): (fault: Fault) => string {
  const textsOf = useErrorTexts();
  return ({ code, column, message }) => {
    const name = errorNames.find((one) => errorRow(one).code === code) ?? 'UNKNOWN';
    const { meaning, rest } = textsOf({ name, message, whatToDo: '' });
    return `${[code, column].filter(Boolean).join(' ')}: ${[meaning, rest].filter(Boolean).join(' ')}`;
  };
}
