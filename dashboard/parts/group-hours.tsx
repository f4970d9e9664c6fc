/** When a group opens its doors: the week to draw in, the hours as fields, and the schedules in words. */
import { Box, Button, Checkbox, Group, SimpleGrid, Stack, Text, TextInput } from '@mantine/core';
import { useState, type FormEvent } from 'react';
import { api } from '../data/api.ts';
import { useAct } from '../data/queries.ts';
import { useMay, useSiteId } from '../data/site.tsx';
import {
  isPossible,
  spanBetween,
  spanOf,
  wholeWeek,
  writtenSpan,
  type Schedule,
  type Span,
} from '../data/week.ts';
import { groupWords } from '../words/groups.ts';
import { shellWords } from '../words/shell.ts';
import { Confirm } from './confirm.tsx';
import { ErrorNote } from './error-note.tsx';
import { useWords } from './language.tsx';
import { useScheduleText } from './schedule-text.tsx';
import { Section } from './section.tsx';
import { useDayNames, WeekGrid } from './week-grid.tsx';

const path = '/v1.2/sites/{site_id}/access_groups/{access_group_id}/time_schedules';

/** Hours on their way to the server; `id` is null for new ones. */
type Draft = Span & {
  readonly id: string | null;
  readonly firstDay: string;
  readonly lastDay: string;
};

const office = spanBetween({ day: 0, hour: 8 }, { day: 4, hour: 17 });

type Props = { readonly groupId: string; readonly schedules: readonly Schedule[] };

export function GroupHours({ groupId, schedules }: Props) {
  const say = useWords(groupWords);
  const mayChange = useMay()('manage_users');
  const [draft, setDraft] = useState<Draft | null>(null);
  const draw = (span: Span) =>
    setDraft((now) => ({ id: null, firstDay: '', lastDay: '', ...now, ...span }));
  const choose = (id: string) => {
    const schedule = schedules.find((one) => one.id === id);
    if (schedule !== undefined) setDraft(draftOf(schedule));
  };
  const others = schedules.filter(({ id }) => id !== draft?.id);
  return (
    <Section title={say('hours')} help={mayChange ? say('hoursHelp') : undefined}>
      <SimpleGrid cols={{ base: 1, md: 2 }}>
        <WeekGrid
          spans={others.map((schedule) => ({ id: schedule.id, ...spanOf(schedule) }))}
          draft={draft}
          {...(mayChange ? { onDraw: draw, onChoose: choose } : {})}
        />
        <Stack>
          <Listed groupId={groupId} schedules={schedules} onChange={choose} />
          {mayChange ? (
            draft === null ? (
              <Suggestions onChoose={draw} />
            ) : (
              <Form
                key={draft.id ?? 'new'}
                groupId={groupId}
                draft={draft}
                onChange={(change) =>
                  setDraft((now) => (now === null ? now : { ...now, ...change }))
                }
                onEnd={() => setDraft(null)}
              />
            )
          ) : null}
        </Stack>
      </SimpleGrid>
    </Section>
  );
}

function draftOf(schedule: Schedule): Draft {
  return {
    ...spanOf(schedule),
    id: schedule.id,
    firstDay: schedule.start_date?.slice(0, 10) ?? '',
    lastDay: schedule.end_date?.slice(0, 10) ?? '',
  };
}

function Suggestions({ onChoose }: { readonly onChoose: (span: Span) => void }) {
  const say = useWords(groupWords);
  return (
    <Box>
      <Text size="sm" mb="xs">
        {say('nothingDrawn')}
      </Text>
      <Group gap="xs">
        <Button variant="default" onClick={() => onChoose(office)}>
          {say('office')}
        </Button>
        <Button variant="default" onClick={() => onChoose(wholeWeek)}>
          {say('always')}
        </Button>
      </Group>
    </Box>
  );
}

function Listed({
  groupId,
  schedules,
  onChange,
}: Props & { readonly onChange: (id: string) => void }) {
  const say = useWords(groupWords);
  const siteId = useSiteId();
  const mayChange = useMay()('manage_users');
  const text = useScheduleText();
  const [leaving, setLeaving] = useState<Schedule | null>(null);
  const removing = useAct(
    (id: string) =>
      api.delete(`${path}/{time_schedule_id}`, {
        path: { site_id: siteId, access_group_id: groupId, time_schedule_id: id },
      }),
    { touches: ['access_groups'], done: say('hoursRemoved') },
  );
  return (
    <Stack gap="xs" component="ul" m={0} p={0} style={{ listStyle: 'none' }}>
      {schedules.map((schedule) => (
        <Group key={schedule.id} component="li" justify="space-between" gap="xs">
          <Text size="sm" fw={500}>
            {text(schedule)}
          </Text>
          {mayChange ? (
            <Group gap="xs">
              <Button
                size="xs"
                variant="default"
                aria-label={`${say('change')}: ${text(schedule)}`}
                onClick={() => onChange(schedule.id)}
              >
                {say('change')}
              </Button>
              <Button
                size="xs"
                variant="default"
                aria-label={`${say('removeHours')}: ${text(schedule)}`}
                onClick={() => {
                  removing.reset();
                  setLeaving(schedule);
                }}
              >
                {say('removeHours')}
              </Button>
            </Group>
          ) : null}
        </Group>
      ))}
      {leaving === null ? null : (
        <Confirm
          isOpen
          onClose={() => setLeaving(null)}
          title={say('removeHours')}
          effect={say('removeHoursEffect', { hours: text(leaving) })}
          act={say('removeHours')}
          isDestructive
          isPending={removing.isPending}
          error={removing.error}
          onAct={() => removing.mutate(leaving.id, { onSuccess: () => setLeaving(null) })}
        />
      )}
    </Stack>
  );
}

type FormProps = {
  readonly groupId: string;
  readonly draft: Draft;
  readonly onChange: (change: Partial<Draft>) => void;
  readonly onEnd: () => void;
};

function Form({ groupId, draft, onChange, onEnd }: FormProps) {
  const say = useWords(groupWords);
  const shell = useWords(shellWords);
  const siteId = useSiteId();
  const names = useDayNames();
  const [known] = useState(draft);
  const saving = useAct(
    () => {
      const at = { site_id: siteId, access_group_id: groupId };
      const { id } = draft;
      const body = writtenSpan(draft);
      if (id === null)
        return api.post(path, {
          path: at,
          body: { ...body, start_date: draft.firstDay || null, end_date: draft.lastDay || null },
        });
      // A date that nobody touched may carry a time of day, which stays.
      return api.patch(`${path}/{time_schedule_id}`, {
        path: { ...at, time_schedule_id: id },
        body: {
          ...body,
          ...(draft.firstDay === known.firstDay ? {} : { start_date: draft.firstDay }),
          ...(draft.lastDay === known.lastDay ? {} : { end_date: draft.lastDay }),
        },
      });
    },
    { touches: ['access_groups'], done: say('saved') },
  );
  function submit(event: FormEvent): void {
    event.preventDefault();
    saving.mutate(undefined, { onSuccess: onEnd });
  }
  return (
    <form onSubmit={submit} aria-label={say(draft.id === null ? 'newHours' : 'changeHours')}>
      <Stack gap="sm">
        <Text fw={600}>{say(draft.id === null ? 'newHours' : 'changeHours')}</Text>
        <Group gap="sm" role="group" aria-label={say('days')}>
          {names.short.map((name, day) => (
            <Checkbox
              key={name}
              label={name}
              aria-label={names.long[day]}
              checked={draft.days[day] ?? false}
              onChange={({ currentTarget: { checked } }) =>
                onChange({
                  days: draft.days.map((isOn, index) => (index === day ? checked : isOn)),
                })
              }
            />
          ))}
        </Group>
        <Group grow align="flex-start">
          <TextInput
            type="time"
            label={say('from')}
            value={draft.from}
            onChange={({ currentTarget }) => onChange({ from: currentTarget.value })}
          />
          <TextInput
            type="time"
            label={say('until')}
            value={draft.until}
            onChange={({ currentTarget }) => onChange({ until: currentTarget.value })}
          />
        </Group>
        <Text size="xs" c="dimmed">
          {say('untilHelp')}
        </Text>
        <Group grow align="flex-start">
          <TextInput
            type="date"
            label={say('firstDay')}
            value={draft.firstDay}
            onChange={({ currentTarget }) => onChange({ firstDay: currentTarget.value })}
          />
          <TextInput
            type="date"
            label={say('lastDay')}
            value={draft.lastDay}
            onChange={({ currentTarget }) => onChange({ lastDay: currentTarget.value })}
          />
        </Group>
        <Text size="xs" c="dimmed">
          {say('datesHelp')}
        </Text>
        <ErrorNote error={saving.error} />
        <Group>
          <Button type="submit" loading={saving.isPending} disabled={!isPossible(draft)}>
            {say('save')}
          </Button>
          <Button variant="default" onClick={onEnd}>
            {shell('cancel')}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
