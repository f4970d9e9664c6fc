import { Button, Group } from '@mantine/core';
import { useState } from 'react';
import type { ItemOf } from '#client/operations';
import { api } from '../data/api.ts';
import { lockPollMs } from '../data/locks.ts';
import { useAct, useRead } from '../data/queries.ts';
import { useSiteId } from '../data/site.tsx';
import { Confirm } from '../parts/confirm.tsx';
import { useApiWords, useWords } from '../parts/language.tsx';
import { ListView, useListState } from '../parts/list.tsx';
import { Tag } from '../parts/lock-state.tsx';
import { Empty, PageFrame } from '../parts/page.tsx';
import { lockerApiWords, lockerWords } from '../words/lockers.ts';
import { pageWords } from '../words/pages.ts';

type Locker = ItemOf<'/v1.2/sites/{site_id}/eloxx/lockers'>;
const colors = { open: 'orange', locked: 'cyan', closed: 'gray' } as const;

export function Page() {
  const say = useWords(lockerWords);
  const name = useWords(pageWords);
  const word = useApiWords(lockerApiWords);
  const state = useListState({ searchIn: ['customer_reference'], order: 'customer_reference asc' });
  const lockers = useRead('/v1.2/sites/{site_id}/eloxx/lockers', {
    query: state.query,
    everyMs: lockPollMs,
  });
  // Of what was given by hand; what somebody has taken, only that person gives back.
  const given = useRead('/v1.2/sites/{site_id}/eloxx/lockers/assignments', {
    query: { $top: 200 },
    everyMs: lockPollMs,
  });
  const groups = new Map(given.data?.items.map((each) => [each.id, each.access_group_id]));
  return (
    <PageFrame title={name('lockers')} lead={say('lead')}>
      <ListView
        label={name('lockers')}
        of={lockers}
        state={state}
        rowId={({ id }) => id}
        columns={[
          {
            label: say('name'),
            sort: 'customer_reference',
            cell: ({ customer_reference: reference, id }) => reference ?? id,
          },
          {
            label: say('state'),
            cell: ({ state: is }) => <Tag color={colors[is]}>{word(is)}</Tag>,
          },
          { label: say('mode'), cell: ({ mode }) => word(mode) },
          { label: say('bank'), cell: ({ lock_group: bank }) => bank?.customer_reference ?? '–' },
          {
            label: say('contact'),
            cell: ({ is_online: isOnline }) => (
              <Tag color={isOnline ? 'teal' : 'red'}>{say(isOnline ? 'online' : 'offline')}</Tag>
            ),
          },
          {
            label: say('acts'),
            cell: (locker) => <Acts locker={locker} groupId={groups.get(locker.id) ?? null} />,
          },
        ]}
        empty={<Empty title={say('empty')}>{say('emptyHelp')}</Empty>}
      />
    </PageFrame>
  );
}

function Acts({ locker, groupId }: { readonly locker: Locker; readonly groupId: string | null }) {
  const say = useWords(lockerWords);
  const siteId = useSiteId();
  const [asked, ask] = useState<'open' | 'release' | null>(null);
  const close = () => ask(null);
  const name = locker.customer_reference ?? locker.id;
  const opening = useAct(
    () =>
      api.post('/v1.2/sites/{site_id}/eloxx/lockers/{id}/action', {
        path: { site_id: siteId, id: locker.id },
        body: { action: 'open' },
      }),
    { touches: ['eloxx', 'locks'], done: say('opened', { name }) },
  );
  const releasing = useAct(
    () =>
      api.delete('/v1.2/sites/{site_id}/eloxx/access_groups/{access_group_id}', {
        path: { site_id: siteId, access_group_id: groupId ?? '' },
      }),
    { touches: ['eloxx', 'locks'], done: say('released', { name }) },
  );
  return (
    <Group gap="xs">
      <Button
        size="compact-sm"
        variant="default"
        aria-label={say('openLocker', { name })}
        onClick={() => ask('open')}
      >
        {say('open')}
      </Button>
      {groupId === null ? null : (
        <Button
          size="compact-sm"
          variant="default"
          aria-label={say('releaseLocker', { name })}
          onClick={() => ask('release')}
        >
          {say('release')}
        </Button>
      )}
      <Confirm
        isOpen={asked === 'open'}
        onClose={close}
        title={say('openLocker', { name })}
        effect={say('openEffect')}
        act={say('open')}
        isPending={opening.isPending}
        error={opening.error}
        onAct={() => opening.mutate(undefined, { onSuccess: close })}
      />
      <Confirm
        isOpen={asked === 'release'}
        onClose={close}
        title={say('releaseLocker', { name })}
        effect={say('releaseEffect')}
        act={say('release')}
        isPending={releasing.isPending}
        error={releasing.error}
        isDestructive
        onAct={() => releasing.mutate(undefined, { onSuccess: close })}
      />
    </Group>
  );
}
