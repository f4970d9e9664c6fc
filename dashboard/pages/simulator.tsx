/** The demo building to play with: doors and hubs on one side, what cloud and door make of it on the other. */
import { Alert, Anchor, Button, Group, SimpleGrid, Stack, Text } from '@mantine/core';
import { useMemo, useState } from 'react';
import { isCardeaError } from '#client/errors';
import { useLive } from '../data/live.tsx';
import { lockPollMs } from '../data/locks.ts';
import { useRead } from '../data/queries.ts';
import {
  useOwnPlayers,
  useSimulator,
  useSimulatorAct,
  type DoorAnswer,
  type SimulatedBuilding,
  type SimulatorAct,
} from '../data/simulator.ts';
import { useSite } from '../data/site.tsx';
import { castOf } from '../data/tour.ts';
import { instantAt } from '../data/wall-clock.ts';
import { BuildingPicture } from '../parts/building-picture.tsx';
import { DoorActs, HubActs } from '../parts/door-acts.tsx';
import { ErrorNote } from '../parts/error-note.tsx';
import { EventList, useEntryColumns, useIncidentColumns } from '../parts/event-list.tsx';
import { useWords } from '../parts/language.tsx';
import { Empty, Loaded, PageFrame } from '../parts/page.tsx';
import { Section } from '../parts/section.tsx';
import { useFormats, When } from '../parts/time.tsx';
import { Tour } from '../parts/tour.tsx';
import { pageWords } from '../words/pages.ts';
import { simulatorWords } from '../words/simulator.ts';
import '../parts/simulator.css';

export function Page() {
  const say = useWords(simulatorWords);
  const simulator = useSimulator();
  return (
    <PageFrame title={useWords(pageWords)('simulator')} lead={say('lead')}>
      {isCardeaError(simulator.error, 'NOT_FOUND') ? (
        <Empty title={say('notHere')}>{say('notHereHelp')}</Empty>
      ) : (
        <Loaded of={simulator} lines={8}>
          {(building) => <Play building={building} />}
        </Loaded>
      )}
    </PageFrame>
  );
}

/** What was done, and what the door made of it. */
type Told = DoorAnswer & {
  readonly id: number;
  readonly at: string;
  readonly path: string;
  readonly text: string;
  /** Who was played; '' = nobody in particular. */
  readonly who: string;
};
type Act = SimulatorAct & { readonly told: string; readonly who?: string };
const toldAtMost = 20;

function Play({ building }: { readonly building: SimulatedBuilding }) {
  const say = useWords(simulatorWords);
  const [chosenMac, choose] = useState(building.locks[0]?.mac);
  const [who, setWho] = useState(building.people[0]?.name ?? '');
  const [told, setTold] = useState<readonly Told[]>([]);
  const act = useSimulatorAct();
  const others = useOwnPlayers(building.people);
  const locks = useRead('/v1.2/sites/{site_id}/locks', {
    query: { $top: 1000 },
    everyMs: lockPollMs,
  });
  const door = building.locks.find(({ mac }) => mac === chosenMac);
  const hub = building.hubs.find(({ mac }) => mac === chosenMac);
  const onAct = ({ told: text, who: played = '', ...asked }: Act) =>
    act.mutate(asked, {
      onSuccess: (answer) =>
        setTold((before) =>
          [
            {
              ...answer,
              id: (before[0]?.id ?? 0) + 1,
              at: building.now,
              path: asked.path,
              text,
              who: played,
            },
            ...before,
          ].slice(0, toldAtMost),
        ),
    });
  const doing = { isPending: act.isPending, onAct };
  const cast = useMemo(() => castOf(building), [building]);
  return (
    <>
      {cast === undefined ? null : (
        <Tour
          cast={cast}
          building={building}
          told={told}
          onShow={(mac, name) => {
            choose(mac);
            if (name !== undefined) setWho(name);
          }}
        />
      )}
      <BuildingClock building={building} {...doing} />
      <ErrorNote error={act.error} />
      <SimpleGrid cols={{ base: 1, md: 2 }}>
        <BuildingPicture
          building={building}
          locks={locks.data?.items ?? []}
          chosenMac={chosenMac}
          onChoose={choose}
        />
        {door === undefined ? null : (
          <DoorActs
            key={door.mac}
            door={door}
            people={building.people}
            others={others}
            who={who}
            onWho={setWho}
            {...doing}
          />
        )}
        {hub === undefined ? null : <HubActs hub={hub} {...doing} />}
      </SimpleGrid>
      <AtTheDoor told={told} />
      <InTheCloud />
      <Anchor href="/docs/simulator" target="_blank" size="sm" w="fit-content">
        {say('moreHelp')}
      </Anchor>
    </>
  );
}

const hourMs = 3_600_000;

function BuildingClock({
  building,
  isPending,
  onAct,
}: {
  readonly building: SimulatedBuilding;
  readonly isPending: boolean;
  readonly onAct: (act: Act) => void;
}) {
  const say = useWords(simulatorWords);
  const { day } = useFormats();
  const zone = useSite()?.time_zone ?? null;
  const now = new Date(building.now);
  const move = (ms: number, told: string) =>
    onAct({ path: 'clock', body: { move_ms: Math.round(ms) }, told });
  const tonight = instantAt(`${day(now)}T23:00`, zone);
  return (
    <Alert variant="light" color="gray" title={say('clock')}>
      <Group gap="xs" justify="space-between">
        <Text size="sm">
          <When at={building.now} />
          {Math.abs(building.clock_moved_ms) < 1000 ? '' : ` (${say('clockMoved')})`}
        </Text>
        <Group gap="xs">
          <Button
            size="xs"
            variant="default"
            disabled={isPending}
            onClick={() => move(hourMs, say('didHour'))}
          >
            {say('hour')}
          </Button>
          <Button
            size="xs"
            variant="default"
            disabled={isPending}
            onClick={() => move(Date.parse(tonight) - now.getTime(), say('didNight'))}
          >
            {say('night')}
          </Button>
          <Button
            size="xs"
            variant="default"
            disabled={isPending || Math.abs(building.clock_moved_ms) < 1000}
            onClick={() => move(-building.clock_moved_ms, say('didBack'))}
          >
            {say('back')}
          </Button>
        </Group>
      </Group>
    </Alert>
  );
}

const outcomes: Readonly<Record<string, 'opened' | 'refused' | 'nothing' | undefined>> = {
  opened: 'opened',
  refused: 'refused',
  nothing: 'nothing',
};
const deciders = { hub: 'byHub', lock: 'byLock', mechanics: 'byMechanics' } as const;

/** What an answer of a door says, in a sentence. */
function useOutcome(): (answer: DoorAnswer) => string {
  const say = useWords(simulatorWords);
  return ({ did, decided_by: by }) => {
    const outcome = did === undefined ? undefined : (outcomes[did] ?? 'opened');
    if (outcome === undefined) return say('done');
    const decider = by === undefined ? undefined : deciders[by as keyof typeof deciders];
    return decider === undefined ? say(outcome) : `${say(outcome)} ${say(decider)}`;
  };
}

function AtTheDoor({ told }: { readonly told: readonly Told[] }) {
  const say = useWords(simulatorWords);
  const outcomeOf = useOutcome();
  return (
    <Section title={say('atDoor')}>
      <div role="log" aria-label={say('atDoor')}>
        {told.length === 0 ? (
          <Text size="sm" c="dimmed">
            {say('atDoorEmpty')}
          </Text>
        ) : (
          <Stack gap={4}>
            {told.map((item) => (
              <Text key={item.id} size="sm">
                <When at={item.at} /> · {item.text} <strong>{outcomeOf(item)}</strong>
              </Text>
            ))}
          </Stack>
        )}
      </div>
    </Section>
  );
}

const heardAtMost = 8;

function InTheCloud() {
  const say = useWords(simulatorWords);
  const live = useLive();
  const grown = <T,>(items: readonly T[]) => ({
    data: { pages: [{ items: items.slice(0, heardAtMost) }] },
    error: null,
    hasNextPage: false,
    isFetchingNextPage: false,
    fetchNextPage: () => undefined,
    refetch: () => undefined,
  });
  const incidents = useIncidentColumns();
  return (
    <Section title={say('inCloud')} help={say('inCloudHelp')}>
      <Stack gap="md">
        <EventList
          label={say('inCloud')}
          of={grown(live.entries)}
          columns={useEntryColumns()}
          empty={<Empty title={say('silent')}>{say('silentHelp')}</Empty>}
        />
        {live.incidents.length === 0 ? null : (
          <EventList
            label={say('incidents')}
            of={grown(live.incidents)}
            columns={incidents}
            empty={null}
          />
        )}
      </Stack>
    </Section>
  );
}
