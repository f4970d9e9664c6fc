/** When and where people of a pod may enter: in a sentence, and as fields (docs/pods.md). */
import {
  Button,
  Card,
  Checkbox,
  Group,
  Radio,
  SimpleGrid,
  Stack,
  Text,
  TextInput,
} from '@mantine/core';
import { firstSchedule, type PodLock, type PodSchedule, type RuleDraft } from '../data/pods.ts';
import { podWords } from '../words/pods.ts';
import { shortWeekdayApiWords } from '../words/weekdays.ts';
import { useApiWords, useLanguage, useWords } from './language.tsx';
import { useFormats } from './time.tsx';
import { weekdays } from './weekdays.ts';

/** A wall clock of the doors in words: `1 Dec 2026, 16:00`. */
function useWallClock(): (local: string) => string {
  const { language } = useLanguage();
  const format = new Intl.DateTimeFormat(language === 'en' ? 'en-GB' : language, {
    dateStyle: 'medium',
    timeStyle: 'short',
    // Read as if it were UTC, so that no zone moves it.
    timeZone: 'UTC',
  });
  return (local) => format.format(new Date(`${local.slice(0, 19)}Z`));
}

/** A rule in words, one line per hours. */
export function useRuleText(): (draft: RuleDraft) => string[] {
  const say = useWords(podWords);
  const dayName = useApiWords(shortWeekdayApiWords);
  const clock = useWallClock();
  const hoursText = (schedule: PodSchedule): string => {
    const days = weekdays.filter((day) => schedule[day]);
    return say('onDays', {
      days: days.length === 7 ? say('everyDay') : days.map(dayName).join(', '),
      from: schedule.start_time.slice(0, 5),
      until: schedule.end_time.slice(0, 5),
    });
  };
  return ({ type, schedules }) => {
    if (type === 'always') return [say('always')];
    return schedules.map((schedule) => {
      const { start_date: from, end_date: until } = schedule;
      const isStay = type === 'checkin_checkout' && from !== null && until !== null;
      if (isStay) return say('stayText', { from: clock(from), until: clock(until) });
      const hours = hoursText(schedule);
      return until === null ? hours : `${hours}, ${say('upTo', { until: clock(until) })}`;
    });
  };
}

type Props = {
  readonly draft: RuleDraft;
  readonly onChange: (draft: RuleDraft) => void;
  /** The doors a guest may be given; absent = the rule of the pod itself. */
  readonly doors?: readonly PodLock[];
};

export function RuleFields({ draft, onChange, doors }: Props) {
  const say = useWords(podWords);
  const { day } = useFormats();
  const types =
    doors === undefined
      ? (['always', 'checkin_checkout'] as const)
      : (['always', 'checkin_checkout', 'custom'] as const);
  const texts = { always: say('always'), checkin_checkout: say('stay'), custom: say('custom') };
  const first = (type: RuleDraft['type']) => firstSchedule(type, day(new Date()));
  const isAlways = draft.type === 'always';
  return (
    <Stack gap="sm">
      <Radio.Group
        label={say('whenLabel')}
        value={draft.type}
        onChange={(value) => {
          const type = types.find((known) => known === value) ?? 'always';
          onChange({ ...draft, type, schedules: type === 'always' ? [] : [first(type)] });
        }}
      >
        <Stack gap={6} mt={4}>
          {types.map((type) => (
            <Radio key={type} value={type} label={texts[type]} />
          ))}
        </Stack>
      </Radio.Group>
      {draft.schedules.map((schedule, index) => {
        const set = (change: Partial<PodSchedule>) =>
          onChange({
            ...draft,
            schedules: draft.schedules.map((each, at) =>
              at === index ? { ...each, ...change } : each,
            ),
          });
        return (
          <Card key={index} withBorder padding="sm">
            <Stack gap="xs">
              {draft.type === 'checkin_checkout' ? (
                <StayFields schedule={schedule} set={set} />
              ) : (
                <HoursFields schedule={schedule} set={set} />
              )}
              {draft.schedules.length > 1 ? (
                <Button
                  variant="default"
                  size="xs"
                  w="fit-content"
                  onClick={() =>
                    onChange({
                      ...draft,
                      schedules: draft.schedules.filter((_each, at) => at !== index),
                    })
                  }
                >
                  {say('removeHours')}
                </Button>
              ) : null}
            </Stack>
          </Card>
        );
      })}
      {isAlways ? null : (
        <Button
          variant="subtle"
          size="xs"
          w="fit-content"
          onClick={() => onChange({ ...draft, schedules: [...draft.schedules, first(draft.type)] })}
        >
          {say('moreHours')}
        </Button>
      )}
      {isAlways || doors === undefined ? null : (
        <DoorChoice
          label={say('guestDoors')}
          help={say(draft.type === 'custom' ? 'guestDoorsSome' : 'guestDoorsAll')}
          doors={doors}
          chosen={draft.locks}
          onChange={(locks) => onChange({ ...draft, locks })}
        />
      )}
    </Stack>
  );
}

type HoursProps = {
  readonly schedule: PodSchedule;
  readonly set: (change: Partial<PodSchedule>) => void;
};

function StayFields({ schedule, set }: HoursProps) {
  const say = useWords(podWords);
  return (
    <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="xs">
      <TextInput
        type="datetime-local"
        label={say('checkIn')}
        required
        withAsterisk={false}
        value={(schedule.start_date ?? '').slice(0, 16)}
        onChange={({ currentTarget }) => set({ start_date: seconds(currentTarget.value) })}
      />
      <TextInput
        type="datetime-local"
        label={say('checkOut')}
        required
        withAsterisk={false}
        value={(schedule.end_date ?? '').slice(0, 16)}
        onChange={({ currentTarget }) => set({ end_date: seconds(currentTarget.value) })}
      />
    </SimpleGrid>
  );
}

function seconds(local: string): string | null {
  return local === '' ? null : `${local.slice(0, 16)}:00`;
}

function HoursFields({ schedule, set }: HoursProps) {
  const say = useWords(podWords);
  const dayName = useApiWords(shortWeekdayApiWords);
  return (
    <>
      <Group gap="sm" role="group" aria-label={say('days')}>
        {weekdays.map((day) => (
          <Checkbox
            key={day}
            label={dayName(day)}
            checked={schedule[day]}
            onChange={({ currentTarget }) => set({ [day]: currentTarget.checked })}
          />
        ))}
      </Group>
      <SimpleGrid cols={{ base: 1, xs: 3 }} spacing="xs">
        <TextInput
          type="time"
          label={say('from')}
          required
          withAsterisk={false}
          value={schedule.start_time.slice(0, 5)}
          onChange={({ currentTarget }) => set({ start_time: currentTarget.value })}
        />
        <TextInput
          type="time"
          label={say('until')}
          required
          withAsterisk={false}
          value={schedule.end_time.slice(0, 5)}
          onChange={({ currentTarget }) => set({ end_time: currentTarget.value })}
        />
        <TextInput
          type="date"
          label={say('lastDay')}
          placeholder={say('lastDayHelp')}
          title={say('lastDayHelp')}
          value={(schedule.end_date ?? '').slice(0, 10)}
          onChange={({ currentTarget }) =>
            set({ end_date: currentTarget.value === '' ? null : `${currentTarget.value}T23:59:59` })
          }
        />
      </SimpleGrid>
    </>
  );
}

type ChoiceProps = {
  readonly label: string;
  readonly help?: string;
  readonly doors: readonly PodLock[];
  readonly chosen: readonly string[];
  readonly onChange: (ids: readonly string[]) => void;
};

/** Doors to tick. */
export function DoorChoice({ label, help, doors, chosen, onChange }: ChoiceProps) {
  const say = useWords(podWords);
  if (doors.length === 0)
    return (
      <Text size="sm" c="dimmed">
        {say('noLocksHelp')}
      </Text>
    );
  return (
    <Checkbox.Group
      label={label}
      {...(help === undefined ? {} : { description: help })}
      value={[...chosen]}
      onChange={onChange}
    >
      <Stack gap={6} mt={6} mah={260} style={{ overflowY: 'auto' }}>
        {doors.map(({ id, customer_reference: name }) => (
          <Checkbox key={id} value={id} label={name ?? id} />
        ))}
      </Stack>
    </Checkbox.Group>
  );
}
