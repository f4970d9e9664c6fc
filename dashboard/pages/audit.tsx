import { Alert, Button, Group, NativeSelect, Text, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { quoted } from '../data/api.ts';
import { canCheck, checkAuditLog, useAuditLog } from '../data/audit.ts';
import { useSite, useSiteId } from '../data/site.tsx';
import { instantAt } from '../data/wall-clock.ts';
import { AuditObject, useAuditNames } from '../parts/audit-object.tsx';
import { ErrorNote } from '../parts/error-note.tsx';
import { useApiWords, useWords } from '../parts/language.tsx';
import { ListView } from '../parts/list.tsx';
import { Tag } from '../parts/lock-state.tsx';
import { Empty, PageFrame } from '../parts/page.tsx';
import { When } from '../parts/time.tsx';
import {
  auditDetailApiWords,
  auditNounApiWords,
  auditOutcomeApiWords,
  auditVerbApiWords,
  auditWords,
} from '../words/audit.ts';
import { pageWords } from '../words/pages.ts';
import { shellWords } from '../words/shell.ts';
import { filled } from '../words/words.ts';

const outcomes = { ok: 'gray', refused: 'orange', failed: 'red' } as const;
/** What people look for; the rest is in the list without a filter. */
const nouns = [
  'site_user',
  'access_group',
  'key',
  'tag',
  'lock',
  'iq',
  'pod',
  'role',
  'webhook',
  'collection',
] as const;

export function Page() {
  const say = useWords(auditWords);
  const shell = useWords(shellWords);
  const name = useWords(pageWords);
  const noun = useApiWords(auditNounApiWords);
  const verb = useApiWords(auditVerbApiWords);
  const outcomeWord = useApiWords(auditOutcomeApiWords);
  const detailText = useDetailText();
  const site = useSite();
  const [about, setAbout] = useState('');
  const [outcome, setOutcome] = useState('');
  const [since, setSince] = useState('');
  const start = since === '' ? '' : instantAt(`${since}T00:00`, site?.time_zone ?? null);
  const filter = [
    about === '' ? '' : `object_type eq ${quoted(about)}`,
    outcome === '' ? '' : `outcome eq ${quoted(outcome)}`,
    start === '' ? '' : `utc_date_time ge ${start}`,
  ]
    .filter((part) => part !== '')
    .join(' and ');
  const log = useAuditLog(filter);
  const items = log.data?.pages.flatMap((page) => page.items);
  const known = useAuditNames(items ?? []);
  const actionText = (action: string) => {
    const [thing = '', done = ''] = action.split('.');
    return [noun(thing), verb(done)].filter((part) => part !== '').join(': ');
  };
  return (
    <PageFrame title={name('audit')} lead={say('lead')}>
      <Check />
      <Group gap="sm" align="flex-end">
        <NativeSelect
          label={say('about')}
          value={about}
          onChange={({ currentTarget }) => setAbout(currentTarget.value)}
          data={[
            { value: '', label: say('all') },
            ...nouns.map((value) => ({ value, label: noun(value) })),
          ]}
        />
        <NativeSelect
          label={say('outcome')}
          value={outcome}
          onChange={({ currentTarget }) => setOutcome(currentTarget.value)}
          data={[
            { value: '', label: say('all') },
            ...Object.keys(outcomes).map((value) => ({ value, label: outcomeWord(value) })),
          ]}
        />
        <TextInput
          type="date"
          label={say('since')}
          value={since}
          onChange={({ currentTarget }) => setSince(currentTarget.value)}
        />
      </Group>
      <ListView
        label={name('audit')}
        of={{
          data: items && { items, count: null },
          error: log.error,
          refetch: () => log.refetch(),
        }}
        rowId={({ id }) => id}
        columns={[
          { label: say('when'), cell: ({ utc_date_time: at }) => <When at={at} /> },
          {
            label: say('who'),
            cell: ({ user_id: userId, client_id: clientId }) =>
              (userId === null ? null : known.get(userId)?.name) ??
              // A program by its id.
              (clientId === null ? say('itself') : say('program', { name: clientId })),
          },
          {
            label: say('what'),
            cell: (record) => (
              <div title={say('record', { number: record.number })}>
                {actionText(record.action)}
                <AuditObject record={record} known={known} />
                {record.detail === null ? null : (
                  <Text size="xs" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
                    {detailText(record.detail)}
                  </Text>
                )}
              </div>
            ),
          },
          {
            label: say('outcome'),
            cell: ({ outcome: word }) => <Tag color={outcomes[word]}>{outcomeWord(word)}</Tag>,
          },
        ]}
        empty={
          filter === '' ? (
            <Empty title={say('empty')}>{say('emptyHelp')}</Empty>
          ) : (
            <Empty title={shell('nothingFound')}>{shell('nothingFoundHelp')}</Empty>
          )
        }
      />
      {log.hasNextPage ? (
        <Button
          variant="default"
          w="fit-content"
          loading={log.isFetchingNextPage}
          onClick={() => void log.fetchNextPage()}
        >
          {say('more')}
        </Button>
      ) : null}
    </PageFrame>
  );
}

function Check() {
  const say = useWords(auditWords);
  const siteId = useSiteId();
  const [count, setCount] = useState(0);
  const ending = useRef<AbortController>(undefined);
  useEffect(() => () => ending.current?.abort(), []);
  const checking = useMutation({
    mutationFn: () => {
      setCount(0);
      ending.current = new AbortController();
      return checkAuditLog(siteId, { onCount: setCount, signal: ending.current.signal });
    },
  });
  if (!canCheck) return <Text size="sm">{say('checkInsecure')}</Text>;
  const found = checking.data;
  return (
    <div>
      <Group gap="sm">
        <Button variant="default" loading={checking.isPending} onClick={() => checking.mutate()}>
          {say('check')}
        </Button>
        {checking.isPending ? (
          <Text size="sm" role="status">
            {say('checking', { count })}
          </Text>
        ) : null}
      </Group>
      <ErrorNote error={checking.error} />
      {found === undefined ? null : found.wrong.length > 0 ? (
        <Alert color="red" title={say('checkWrong')} role="alert" mt="sm">
          {say('checkWrongHelp', { numbers: found.wrong.join(', ') })}
        </Alert>
      ) : (
        <Alert color="teal" role="status" mt="sm">
          <Text fw={600}>{say('checkFine', { count: found.count })}</Text>
          <Text size="sm">
            {say('checkFineHelp', { links: found.links })} {say('scope')}
          </Text>
        </Alert>
      )}
    </div>
  );
}

/** Numbers in words; names of fields and ids as the record has them. */
function useDetailText(): (detail: string) => string {
  const say = useApiWords(auditDetailApiWords);
  return (detail) => {
    for (const form of Object.keys(auditDetailApiWords.en)) {
      const found = new RegExp(`^${form.replaceAll(/\{(\w+)\}/g, String.raw`(?<$1>\d+)`)}$`).exec(
        detail,
      );
      if (found !== null) return filled(say(form), found.groups ?? {});
    }
    return detail.replaceAll('_', ' ');
  };
}
