import { Button, Card, Group, SimpleGrid, Stack, Title } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { quoted } from '../data/api.ts';
import { useEntries } from '../data/events.ts';
import { lockPollMs, type Lock } from '../data/locks.ts';
import { useRead } from '../data/queries.ts';
import { IfMay } from '../parts/allowed.tsx';
import { Confirm } from '../parts/confirm.tsx';
import { Facts } from '../parts/facts.tsx';
import { EventList, useEntryColumns } from '../parts/event-list.tsx';
import { useApiWords, useWords } from '../parts/language.tsx';
import { LockConditions } from '../parts/lock-conditions.tsx';
import { LockHours } from '../parts/lock-hours.tsx';
import { LockSettings } from '../parts/lock-settings.tsx';
import { LockBattery, LockContact, LockState } from '../parts/lock-state.tsx';
import { OpenButton, OpeningNote, useLockCode, useLocking } from '../parts/open-lock.tsx';
import { Empty, Loaded, PageFrame } from '../parts/page.tsx';
import { eventWords } from '../words/events.ts';
import { lockApiWords, lockWords } from '../words/locks.ts';
import { pageWords } from '../words/pages.ts';

/** One lock: what it is and does, its settings, its hours, who used it last. */
export function Page() {
  const name = useWords(pageWords);
  const { lockId = '' } = useParams({ strict: false });
  const lock = useRead('/v1.2/sites/{site_id}/locks/{id}', {
    path: { id: lockId },
    everyMs: lockPollMs,
  });
  return (
    <PageFrame
      title={lock.data?.customer_reference ?? name('lock')}
      acts={
        lock.data === undefined ? null : (
          <>
            <IfMay need="remote_office_mode">
              <OfficeButton lock={lock.data} />
            </IfMay>
            <OpenButton lock={lock.data} />
          </>
        )
      }
    >
      <Loaded of={lock}>
        {(data) => (
          <>
            <Group gap="xs">
              <LockState lock={data} />
              <LockContact lock={data} />
            </Group>
            <SimpleGrid cols={{ base: 1, md: 2 }}>
              <LockFacts lock={data} />
              <Stack>
                <IfMay need="see_hardware">
                  <LockSettings lock={data} />
                </IfMay>
                <IfMay need="take_part">
                  <LockHours lock={data} />
                </IfMay>
              </Stack>
            </SimpleGrid>
            <IfMay need="take_part">
              <IfMay need="see_everything">
                <LockConditions lockId={data.id} />
              </IfMay>
              <Latest lockId={data.id} />
            </IfMay>
          </>
        )}
      </Loaded>
    </PageFrame>
  );
}

function OfficeButton({ lock }: { readonly lock: Lock }) {
  const say = useWords(lockWords);
  const [isAsked, ask] = useDisclosure();
  // The wish stays what it was when it was asked for, while the door changes.
  const [isEnding, setEnding] = useState(false);
  const locking = useLocking(lock);
  const code = useLockCode(lock);
  const isOn = lock.locked_state === 'office_mode';
  const text = (ends: boolean) => say(ends ? 'endOffice' : 'startOffice');
  return (
    <>
      <Button
        variant="default"
        onClick={() => {
          locking.reset();
          setEnding(isOn);
          ask.open();
        }}
      >
        {text(isOn)}
      </Button>
      <Confirm
        isOpen={isAsked}
        onClose={ask.close}
        title={text(isEnding)}
        effect={say(isEnding ? 'endOfficeEffect' : 'startOfficeEffect')}
        act={text(isEnding)}
        isPending={locking.isPending}
        isIncomplete={code.isMissing}
        onAct={() =>
          locking.mutate(
            { wish: isEnding ? 'locked' : 'office_mode', ...code.member() },
            { onSuccess: ask.close },
          )
        }
      >
        {code.field}
        <OpeningNote error={locking.error} />
      </Confirm>
    </>
  );
}

function LockFacts({ lock }: { readonly lock: Lock }) {
  const say = useWords(lockWords);
  const word = useApiWords(lockApiWords);
  const facts = [
    [say('battery'), <LockBattery key="battery" lock={lock} />],
    [say('type'), word(lock.lock_type)],
    [say('vendor'), lock.vendor.display_name],
    [say('floor'), lock.floor?.customer_reference ?? '–'],
    [say('hub'), lock.iq?.customer_reference ?? '–'],
    [say('repeater'), lock.repeater?.customer_reference ?? '–'],
    [say('radio'), word(lock.communication_type)],
    [say('mac'), lock.mac ?? '–'],
    [
      say('offlineKeys'),
      say('offlineKeysOf', {
        count: lock.offline_access_keys_count,
        limit: lock.offline_access_keys_limit,
      }),
    ],
  ] as const;
  return (
    <Card withBorder h="fit-content">
      <Title order={2} size="h4" mb="xs">
        {say('facts')}
      </Title>
      <Facts of={facts} />
    </Card>
  );
}

function Latest({ lockId }: { readonly lockId: string }) {
  const say = useWords(lockWords);
  const events = useWords(eventWords);
  const entries = useEntries({ filter: `lock_id eq ${quoted(lockId)}`, top: 10 });
  return (
    <div>
      <Title order={2} size="h4" mb="xs">
        {say('latest')}
      </Title>
      <EventList
        label={say('latest')}
        of={entries}
        columns={useEntryColumns({ hasDoor: false })}
        empty={<Empty title={events('entriesEmpty')}>{events('entriesEmptyHelp')}</Empty>}
      />
    </div>
  );
}
