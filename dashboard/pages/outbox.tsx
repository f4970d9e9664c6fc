import { Text } from '@mantine/core';
import { useRead } from '../data/queries.ts';
import { useApiWords, useWords } from '../parts/language.tsx';
import { ListView, useListState } from '../parts/list.tsx';
import { Tag } from '../parts/lock-state.tsx';
import { Empty, PageFrame } from '../parts/page.tsx';
import { ReadLetter } from '../parts/read-letter.tsx';
import { When } from '../parts/time.tsx';
import { letterStateApiWords, outboxWords } from '../words/outbox.ts';
import { pageWords } from '../words/pages.ts';

const pollMs = 10_000;
const colors = { waiting: 'orange', delivered: 'teal', failed: 'red', outbox: 'gray' } as const;

/** Letters of the installation, for operators. */
export function Page() {
  const say = useWords(outboxWords);
  const name = useWords(pageWords);
  const word = useApiWords(letterStateApiWords);
  const state = useListState({ searchIn: ['address', 'subject'], order: 'created_at desc' });
  const letters = useRead('/ext/v1/outbox', { query: state.query, everyMs: pollMs });
  return (
    <PageFrame title={name('outbox')} lead={say('lead')}>
      <ListView
        label={name('outbox')}
        of={letters}
        state={state}
        rowId={({ id }) => id}
        columns={[
          {
            label: say('when'),
            sort: 'created_at',
            cell: ({ created_at: at }) => <When at={at} />,
          },
          {
            label: say('to'),
            sort: 'address',
            cell: ({ address }) => <span style={{ overflowWrap: 'anywhere' }}>{address}</span>,
          },
          { label: say('subject'), cell: ({ subject }) => subject },
          {
            label: say('state'),
            cell: ({ state: is, last_error: error }) => (
              <>
                <Tag color={colors[is]}>{word(is)}</Tag>
                {error === null ? null : (
                  <Text size="xs" c="dimmed">
                    {error}
                  </Text>
                )}
              </>
            ),
          },
          { label: say('attempts'), cell: ({ attempts }) => attempts },
          {
            label: say('read'),
            cell: ({ address, subject, text }) => (
              <ReadLetter to={address} subject={subject} text={text} />
            ),
          },
        ]}
        empty={<Empty title={say('empty')}>{say('emptyHelp')}</Empty>}
      />
    </PageFrame>
  );
}
