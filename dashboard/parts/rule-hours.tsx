/** In which hours a rule tells; none = at any time. */
import { ActionIcon, Button, Checkbox, Group, Text, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconX } from '@tabler/icons-react';
import { useState } from 'react';
import { api } from '../data/api.ts';
import { useAct, useRead } from '../data/queries.ts';
import { rulesPath } from '../data/rules.ts';
import { useSiteId } from '../data/site.tsx';
import { ruleWords } from '../words/rules.ts';
import { shortWeekdayApiWords } from '../words/weekdays.ts';
import { ErrorNote } from './error-note.tsx';
import { FormDialog } from './form-dialog.tsx';
import { useApiWords, useWords } from './language.tsx';
import { ListView } from './list.tsx';
import { useScheduleText } from './schedule-text.tsx';
import { Section } from './section.tsx';
import { weekdays, type Weekday } from './weekdays.ts';

const path = `${rulesPath}/{id}/time_schedules` as const;
const touches = ['entry_message_rule'];

export function RuleHours({ ruleId }: { readonly ruleId: string }) {
  const say = useWords(ruleWords);
  const text = useScheduleText();
  const at = { site_id: useSiteId(), id: ruleId };
  const hours = useRead(path, { path: at, query: { $top: 100 } });
  const [isAdding, adding] = useDisclosure();
  const removing = useAct(
    (id: string) =>
      api.delete(`${path}/{time_schedule_id}`, { path: { ...at, time_schedule_id: id } }),
    { touches },
  );
  return (
    <Section
      title={say('hours')}
      acts={
        <Button size="xs" variant="default" onClick={adding.open}>
          {say('addHours')}
        </Button>
      }
    >
      <ErrorNote error={removing.error} />
      <ListView
        label={say('hours')}
        of={hours}
        rowId={({ id }) => id}
        columns={[
          {
            label: say('hours'),
            cell: (one) => (
              <Group justify="space-between" wrap="nowrap">
                {text(one)}
                <ActionIcon
                  variant="subtle"
                  color="gray"
                  aria-label={say('takeAway', { name: text(one) })}
                  title={say('takeAway', { name: text(one) })}
                  onClick={() => removing.mutate(one.id)}
                >
                  <IconX size={16} />
                </ActionIcon>
              </Group>
            ),
          },
        ]}
        empty={<Text size="sm">{say('hoursNone')}</Text>}
      />
      {isAdding ? <AddHours at={at} onClose={adding.close} /> : null}
    </Section>
  );
}

function AddHours({
  at,
  onClose,
}: {
  readonly at: { readonly site_id: string; readonly id: string };
  readonly onClose: () => void;
}) {
  const say = useWords(ruleWords);
  const word = useApiWords(shortWeekdayApiWords);
  const [from, setFrom] = useState('18:00');
  const [until, setUntil] = useState('23:59');
  const [days, setDays] = useState<readonly Weekday[]>(weekdays);
  const adding = useAct(
    () =>
      api.post(path, {
        path: at,
        body: {
          start_time: from,
          end_time: until,
          ...Object.fromEntries(weekdays.map((day) => [day, days.includes(day)])),
        },
      }),
    { touches, done: say('saved') },
  );
  return (
    <FormDialog
      title={say('addHours')}
      act={say('addHours')}
      onClose={onClose}
      isPending={adding.isPending}
      error={adding.error}
      onAct={() => adding.mutate(undefined, { onSuccess: onClose })}
    >
      <Group grow>
        <TextInput
          required
          type="time"
          label={say('from')}
          value={from}
          onChange={({ currentTarget }) => setFrom(currentTarget.value)}
        />
        <TextInput
          required
          type="time"
          label={say('until')}
          value={until}
          onChange={({ currentTarget }) => setUntil(currentTarget.value)}
        />
      </Group>
      <Checkbox.Group
        label={say('days')}
        value={[...days]}
        onChange={(chosen: string[]) => setDays(weekdays.filter((day) => chosen.includes(day)))}
      >
        <Group gap="sm" mt={4}>
          {weekdays.map((day) => (
            <Checkbox key={day} value={day} label={word(day)} />
          ))}
        </Group>
      </Checkbox.Group>
    </FormDialog>
  );
}
