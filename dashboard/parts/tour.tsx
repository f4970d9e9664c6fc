/** Five steps in which somebody new sees how door, hub and cloud work together; each is ticked by what really happened. */
import { Button, Group, Stack, Text } from '@mantine/core';
import { IconCircle, IconCircleCheck } from '@tabler/icons-react';
import { useState } from 'react';
import { useLive } from '../data/live.tsx';
import type { DoorAnswer, SimulatedBuilding } from '../data/simulator.ts';
import { isDone, isOpening, tourSteps, type Cast } from '../data/tour.ts';
import { tourWords } from '../words/tour.ts';
import { nameOf } from './event-list.tsx';
import { useWords } from './language.tsx';
import { Section } from './section.tsx';
import { useFormats } from './time.tsx';

type Props = {
  readonly cast: Cast;
  readonly building: SimulatedBuilding;
  /** What doors answered, the latest first. */
  readonly told: readonly (DoorAnswer & {
    readonly id: number;
    readonly path: string;
    readonly who: string;
  })[];
  /** Chooses a door or hub, and who is played. */
  readonly onShow: (mac: string, who?: string) => void;
};

/** How far somebody has come. */
type Mark = {
  readonly done: number;
  readonly entryId: string | undefined;
  readonly toldId: number;
  /** Who really stood at the door, which may be a guest of the site's own. */
  readonly tapped?: string;
  readonly alone?: string;
};

export function Tour({ cast, building, told, onShow }: Props) {
  const say = useWords(tourWords);
  const { hour } = useFormats();
  const { entries } = useLive();
  const newest = { entryId: entries[0]?.id, toldId: told[0]?.id ?? 0 };
  const [mark, setMark] = useState<Mark>({ ...newest, done: 0 });
  const step = tourSteps[mark.done];
  const { door, anytime, daytime } = cast;
  const known = entries.findIndex(({ id }) => id === mark.entryId);
  const since = known < 0 ? entries : entries.slice(0, known);
  const alone = told.find(
    ({ id, path, did, decided_by: by }) =>
      id > mark.toldId &&
      path.startsWith(`locks/${door.mac}/`) &&
      did === 'opened' &&
      by === 'lock',
  );
  const isOver =
    step !== undefined &&
    isDone(step, {
      cast,
      building,
      entries: since,
      openedAlone: alone !== undefined,
      hour: hour(building.now),
    });
  if (isOver) {
    const opening = since.find((entry) => isOpening(entry, door));
    setMark({
      ...mark,
      ...newest,
      done: mark.done + 1,
      ...(step === 'tap' && opening !== undefined ? { tapped: nameOf(opening) } : {}),
      ...(step === 'unplug' && alone !== undefined ? { alone: alone.who } : {}),
    });
  }
  const names = {
    door: door.name,
    hub: door.hub ?? '',
    anytime: anytime.name,
    daytime: daytime.name,
    pin: daytime.pin,
  };
  const hub = building.hubs.find(({ name }) => name === door.hub);
  const show = {
    tap: () => onShow(door.mac, anytime.name),
    night: undefined,
    pin: () => onShow(door.mac, daytime.name),
    unplug: () => hub && onShow(hub.mac, anytime.name),
    replug: () => hub && onShow(hub.mac),
  };
  const texts = {
    tap: say('tap', names),
    night: say('night', names),
    pin: say('pin', names),
    unplug: say('unplug', names),
    replug: say('replug', names),
  };
  const lessons = {
    tap: say('tapDone', { ...names, anytime: mark.tapped || names.anytime }),
    night: say('nightDone', names),
    pin: say('pinDone', names),
    unplug: say('unplugDone', { ...names, anytime: mark.alone || names.anytime }),
    replug: say('replugDone', names),
  };
  const showStep = step === undefined ? undefined : show[step];
  return (
    <Section
      title={say('title')}
      help={say(step === undefined ? 'finished' : 'help', { count: tourSteps.length })}
      acts={
        <>
          {showStep === undefined ? null : (
            <Button size="xs" onClick={showStep}>
              {say('show')}
            </Button>
          )}
          {mark.done === 0 ? null : (
            <Button size="xs" variant="default" onClick={() => setMark({ ...newest, done: 0 })}>
              {say('again')}
            </Button>
          )}
        </>
      }
    >
      <Stack component="ol" gap="xs" className="tour" m={0} p={0} aria-live="polite">
        {tourSteps.map((name, index) => {
          const isPast = index < mark.done;
          const Mark = isPast ? IconCircleCheck : IconCircle;
          return (
            <Group
              key={name}
              component="li"
              gap="xs"
              wrap="nowrap"
              align="flex-start"
              {...(name === step ? { 'aria-current': 'step' as const } : {})}
            >
              <Mark
                size={20}
                stroke={1.6}
                role="img"
                aria-label={say(isPast ? 'isDone' : 'isOpen')}
                style={{ flexShrink: 0 }}
              />
              <Text size="sm" fw="inherit" c={isPast || name === step ? 'inherit' : 'dimmed'}>
                {isPast ? lessons[name] : texts[name]}
              </Text>
            </Group>
          );
        })}
      </Stack>
    </Section>
  );
}
