/** The hours in which a door stays unlocked (easy office mode). */
import {
  Button,
  Card,
  Checkbox,
  Group,
  Stack,
  Switch,
  Text,
  TextInput,
  Title,
} from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useState, type FormEvent } from 'react';
import { api } from '../data/api.ts';
import type { Lock } from '../data/locks.ts';
import { useAct } from '../data/queries.ts';
import { useMay, useSiteId } from '../data/site.tsx';
import { lockWords } from '../words/locks.ts';
import { weekdayApiWords } from '../words/weekdays.ts';
import { Confirm } from './confirm.tsx';
import { ErrorNote } from './error-note.tsx';
import { useApiWords, useWords } from './language.tsx';
import { weekdays, type Weekday } from './weekdays.ts';

const path = '/v1.2/sites/{site_id}/locks/{lock_id}/easy_office_mode_schedule';

type Hours = {
  readonly start_time: string;
  readonly end_time: string;
  readonly eom_auto_start: boolean;
} & Readonly<Record<Weekday, boolean>>;

const usual: Hours = {
  start_time: '08:00',
  end_time: '18:00',
  eom_auto_start: false,
  monday: true,
  tuesday: true,
  wednesday: true,
  thursday: true,
  friday: true,
  saturday: false,
  sunday: false,
};

export function LockHours({ lock }: { readonly lock: Lock }) {
  const say = useWords(lockWords);
  const mayChange = useMay()('manage_hardware');
  const present = lock.easy_office_mode_schedule;
  return (
    <Card withBorder>
      <Title order={2} size="h4" mb={4}>
        {say('hours')}
      </Title>
      <Text size="sm" c="dimmed" mb="sm">
        {say('hoursHelp')}
      </Text>
      {present === null ? (
        <Text size="sm" mb="sm">
          {say('hoursNone')}
        </Text>
      ) : null}
      {mayChange ? (
        <Form key={`${lock.id} ${present === null}`} lockId={lock.id} present={present} />
      ) : null}
    </Card>
  );
}

function Form({ lockId, present }: { readonly lockId: string; readonly present: Hours | null }) {
  const say = useWords(lockWords);
  const dayName = useApiWords(weekdayApiWords);
  const siteId = useSiteId();
  const at = { site_id: siteId, lock_id: lockId };
  const [hours, setHours] = useState<Hours>(present ?? usual);
  const [isAsked, ask] = useDisclosure();
  const saving = useAct(
    () =>
      api.put(path, {
        path: at,
        // What else the schedule holds, its first and last day, stays.
        body: { ...present, ...hours },
      }),
    { touches: ['locks'], done: say('saved') },
  );
  const removing = useAct(() => api.delete(path, { path: at }), {
    touches: ['locks'],
    done: say('hoursRemoved'),
  });
  const set = (change: Partial<Hours>) => setHours((now) => ({ ...now, ...change }));
  function submit(event: FormEvent): void {
    event.preventDefault();
    saving.mutate();
  }
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        <Group grow>
          <TextInput
            type="time"
            label={say('from')}
            value={hours.start_time.slice(0, 5)}
            onChange={({ currentTarget }) => set({ start_time: currentTarget.value })}
          />
          <TextInput
            type="time"
            label={say('until')}
            value={hours.end_time.slice(0, 5)}
            onChange={({ currentTarget }) => set({ end_time: currentTarget.value })}
          />
        </Group>
        <Group gap="sm" role="group" aria-label={say('days')}>
          {weekdays.map((day) => (
            <Checkbox
              key={day}
              label={dayName(day)}
              checked={hours[day]}
              onChange={({ currentTarget }) => set({ [day]: currentTarget.checked })}
            />
          ))}
        </Group>
        <Switch
          label={say('autoStart')}
          checked={hours.eom_auto_start}
          onChange={({ currentTarget }) => set({ eom_auto_start: currentTarget.checked })}
        />
        <ErrorNote error={saving.error} />
        <Group>
          <Button type="submit" loading={saving.isPending}>
            {say('setHours')}
          </Button>
          {present === null ? null : (
            <Button variant="default" onClick={ask.open}>
              {say('removeHours')}
            </Button>
          )}
        </Group>
        <Confirm
          isOpen={isAsked}
          onClose={ask.close}
          title={say('removeHours')}
          effect={say('removeHoursEffect')}
          act={say('removeHours')}
          isPending={removing.isPending}
          error={removing.error}
          onAct={() => removing.mutate(undefined, { onSuccess: ask.close })}
        />
      </Stack>
    </form>
  );
}
