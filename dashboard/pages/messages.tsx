import { Text } from '@mantine/core';
import { personName } from '../data/people.ts';
import { useRead } from '../data/queries.ts';
import { useApiWords, useWords } from '../parts/language.tsx';
import { ListView, useListState } from '../parts/list.tsx';
import { Tag } from '../parts/lock-state.tsx';
import { Empty, PageFrame } from '../parts/page.tsx';
import { ReadLetter } from '../parts/read-letter.tsx';
import { When } from '../parts/time.tsx';
import { channelApiWords, letterStateApiWords, outboxWords } from '../words/outbox.ts';
import { pageWords } from '../words/pages.ts';

const pollMs = 10_000;
const colors = {
  waiting: 'orange',
  delivered: 'teal',
  failed: 'red',
  withheld: 'gray',
  outbox: 'gray',
} as const;

/** What the site has told people, and what became of it. */
export function Page() {
  const say = useWords(outboxWords);
  const name = useWords(pageWords);
  const word = useApiWords(letterStateApiWords);
  const channelWord = useApiWords(channelApiWords);
  const state = useListState({ searchIn: ['subject'], order: 'created_at desc' });
  const messages = useRead('/ext/v1/sites/{site_id}/outbox', {
    query: state.query,
    everyMs: pollMs,
  });
  const people = useRead('/v1.2/sites/{site_id}/users', { query: { $top: 1000 } });
  const names = new Map(people.data?.items.map((person) => [person.user.id, personName(person)]));
  const to = (userId: string) => names.get(userId) ?? '–';
  return (
    <PageFrame title={name('messages')} lead={say('siteLead')}>
      <ListView
        label={name('messages')}
        of={messages}
        state={state}
        rowId={({ id }) => id}
        columns={[
          {
            label: say('when'),
            sort: 'created_at',
            cell: ({ created_at: at }) => <When at={at} />,
          },
          { label: say('to'), cell: ({ user_id: userId }) => to(userId) },
          { label: say('subject'), cell: ({ subject }) => subject },
          { label: say('channel'), cell: ({ channel }) => channelWord(channel) },
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
          {
            label: say('read'),
            cell: ({ user_id: userId, subject, text }) => (
              <ReadLetter to={to(userId)} subject={subject} text={text || say('taken')} />
            ),
          },
        ]}
        empty={<Empty title={say('siteEmpty')}>{say('siteEmptyHelp')}</Empty>}
      />
    </PageFrame>
  );
}
