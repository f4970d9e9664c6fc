import { Group } from '@mantine/core';
import { lockPollMs } from '../data/locks.ts';
import { useRead } from '../data/queries.ts';
import { useWords } from '../parts/language.tsx';
import { ListView, useListState } from '../parts/list.tsx';
import { LockBattery, LockContact, LockState } from '../parts/lock-state.tsx';
import { OpenButton } from '../parts/open-lock.tsx';
import { Empty, PageFrame } from '../parts/page.tsx';
import { SiteLink } from '../parts/site-link.tsx';
import { lockWords } from '../words/locks.ts';
import { pageWords } from '../words/pages.ts';

export function Page() {
  const say = useWords(lockWords);
  const name = useWords(pageWords);
  const state = useListState({ searchIn: ['customer_reference'], order: 'customer_reference asc' });
  const locks = useRead('/v1.2/sites/{site_id}/locks', {
    query: state.query,
    everyMs: lockPollMs,
  });
  return (
    <PageFrame title={name('locks')} lead={say('lead')}>
      <ListView
        label={name('locks')}
        of={locks}
        state={state}
        rowId={({ id }) => id}
        columns={[
          {
            label: say('name'),
            sort: 'customer_reference',
            cell: (lock) => (
              <SiteLink to={`locks/${lock.id}`}>{lock.customer_reference ?? lock.mac}</SiteLink>
            ),
          },
          { label: say('state'), cell: (lock) => <LockState lock={lock} /> },
          { label: say('contact'), cell: (lock) => <LockContact lock={lock} /> },
          { label: say('battery'), cell: (lock) => <LockBattery lock={lock} /> },
          { label: say('floor'), cell: (lock) => lock.floor?.customer_reference ?? '–' },
          {
            label: say('open'),
            cell: (lock) => (
              <Group justify="flex-end">
                <OpenButton lock={lock} isSmall />
              </Group>
            ),
          },
        ]}
        empty={<Empty title={say('empty')}>{say('emptyHelp')}</Empty>}
      />
    </PageFrame>
  );
}
