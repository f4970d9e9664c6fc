import { Alert, Button, Group, SimpleGrid, Stack, Text, Title } from '@mantine/core';
import { Link, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { api } from '../data/api.ts';
import {
  floorName,
  planStateOf,
  planStates,
  useFloorLocks,
  useFloors,
  useJustOpened,
  type Floor,
  type Place,
  type Plan,
} from '../data/floors.ts';
import type { Lock } from '../data/locks.ts';
import { useAct, useRead } from '../data/queries.ts';
import { useMay, useSiteId } from '../data/site.tsx';
import { IfMay } from '../parts/allowed.tsx';
import { ErrorNote } from '../parts/error-note.tsx';
import { AddFloor, FloorActs } from '../parts/floor-acts.tsx';
import '../parts/floors.css';
import { useWords } from '../parts/language.tsx';
import { Empty, Loaded, PageFrame } from '../parts/page.tsx';
import { ChosenLock, PlanLocks } from '../parts/plan-locks.tsx';
import { PlanPicture } from '../parts/plan-picture.tsx';
import { PlanMark } from '../parts/plan-state.tsx';
import { PlanUpload, RemovePlan } from '../parts/plan-upload.tsx';
import { floorWords } from '../words/floors.ts';
import { pageWords } from '../words/pages.ts';

const planPath = '/ext/v1/sites/{site_id}/floors/{id}/plan';
const right = 'manage_hardware';

/** The floors of the site, each with its plan and the locks on it. */
export function Page() {
  const say = useWords(floorWords);
  const name = useWords(pageWords);
  const may = useMay();
  const { floorId } = useParams({ strict: false });
  const floors = useFloors();
  const numbers = (floors.data?.items ?? []).map(({ number }) => number ?? 0);
  const nextNumber = numbers.length === 0 ? 0 : Math.max(...numbers) + 1;
  return (
    <PageFrame
      title={name('floors')}
      lead={say('lead')}
      acts={
        <IfMay need={right}>
          <AddFloor nextNumber={nextNumber} />
        </IfMay>
      }
    >
      <Loaded of={floors}>
        {({ items }) => {
          const floor = items.find(({ id }) => id === floorId) ?? items[0];
          if (floor === undefined)
            return (
              <Empty title={say('empty')}>{say(may(right) ? 'emptyHelp' : 'emptyOthers')}</Empty>
            );
          return (
            <>
              {items.length > 1 ? <FloorChoice floors={items} chosen={floor} /> : null}
              <FloorView key={floor.id} floor={floor} />
            </>
          );
        }}
      </Loaded>
    </PageFrame>
  );
}

function FloorChoice({
  floors,
  chosen,
}: {
  readonly floors: readonly Floor[];
  readonly chosen: Floor;
}) {
  const say = useWords(floorWords);
  const siteId = useSiteId();
  return (
    <Group gap="xs" component="nav" aria-label={say('floors')}>
      {floors.map((floor) => {
        const isChosen = floor.id === chosen.id;
        return (
          <Button
            key={floor.id}
            component={Link}
            to={`/sites/${siteId}/floors/${floor.id}`}
            size="sm"
            variant={isChosen ? 'filled' : 'default'}
            {...(isChosen ? { 'aria-current': 'page' as const } : {})}
          >
            {floorName(floor)}
          </Button>
        );
      })}
    </Group>
  );
}

function FloorView({ floor }: { readonly floor: Floor }) {
  const locks = useFloorLocks(floor.id);
  const plan = useRead(planPath, { path: { id: floor.id } });
  return (
    <Loaded of={plan}>
      {(shown) => (
        <Loaded of={locks}>
          {({ items }) => <FloorParts floor={floor} plan={shown} locks={items} />}
        </Loaded>
      )}
    </Loaded>
  );
}

type PartsProps = {
  readonly floor: Floor;
  readonly plan: Plan;
  readonly locks: readonly Lock[];
};

function FloorParts({ floor, plan, locks }: PartsProps) {
  const say = useWords(floorWords);
  const may = useMay();
  const siteId = useSiteId();
  const opened = useJustOpened();
  const [chosenId, setChosenId] = useState<string | null>(null);
  const [isPlacing, setPlacing] = useState(false);
  const [refusals, setRefusals] = useState(0);
  const path = { site_id: siteId, id: floor.id };
  const placing = useAct(
    ({ lock_id: lockId, x, y }: Place) =>
      api.put(`${planPath}/locks/{lock_id}`, {
        path: { ...path, lock_id: lockId },
        body: { x, y },
      }),
    { touches: [`floors/${floor.id}`] },
  );
  const takingOff = useAct(
    (lockId: string) =>
      api.delete(`${planPath}/locks/{lock_id}`, { path: { ...path, lock_id: lockId } }),
    { touches: [`floors/${floor.id}`] },
  );
  const name = floorName(floor);
  const { image } = plan;
  const stateOf = (lock: Lock) => planStateOf(lock, opened);
  const chosen = locks.find(({ id }) => id === chosenId);
  const place = (one: Place): void => {
    setChosenId(one.lock_id);
    placing.mutate(one, { onError: () => setRefusals((count) => count + 1) });
  };
  const mayPlace = may(right) && image !== null && isPlacing;
  return (
    <Stack gap="md">
      <Group justify="space-between" gap="xs">
        <Title order={2} size="h4">
          {name}
        </Title>
        <IfMay need={right}>
          <Group gap="xs" align="flex-start">
            {image === null ? null : (
              <>
                <Button
                  size="xs"
                  variant={isPlacing ? 'filled' : 'default'}
                  onClick={() => setPlacing(!isPlacing)}
                >
                  {say(isPlacing ? 'done' : 'place')}
                </Button>
                <PlanUpload floorId={floor.id} isFirst={false} onDone={() => undefined} />
                <RemovePlan floorId={floor.id} />
              </>
            )}
            <FloorActs floor={floor} />
          </Group>
        </IfMay>
      </Group>
      {mayPlace ? <Alert variant="light">{say('placeHelp')}</Alert> : null}
      <ErrorNote error={placing.error ?? takingOff.error} />
      <SimpleGrid cols={{ base: 1, lg: 2 }} className="plan-columns">
        <Stack gap="sm">
          {image === null ? (
            <NoPlan floorId={floor.id} onDone={() => setPlacing(true)} />
          ) : (
            <>
              <PlanPicture
                plan={plan}
                image={image}
                name={name}
                locks={locks}
                stateOf={stateOf}
                chosenId={chosenId}
                onChoose={setChosenId}
                onMove={mayPlace ? place : null}
                refusals={refusals}
              />
              <Meaning />
            </>
          )}
        </Stack>
        <Stack gap="sm">
          {chosen === undefined ? null : (
            <div className="plan-chosen">
              <ChosenLock lock={chosen} onClose={() => setChosenId(null)} />
            </div>
          )}
          <PlanLocks
            floor={floor}
            locks={locks}
            places={plan.locks}
            stateOf={stateOf}
            chosenId={chosenId}
            onChoose={setChosenId}
            onPlace={mayPlace ? place : null}
            onTakeOff={(lockId) => takingOff.mutate(lockId)}
            mayChange={may(right)}
          />
        </Stack>
      </SimpleGrid>
    </Stack>
  );
}

function NoPlan({ floorId, onDone }: { readonly floorId: string; readonly onDone: () => void }) {
  const say = useWords(floorWords);
  const may = useMay();
  return (
    <Empty
      title={say('noPlan')}
      act={
        <IfMay need={right}>
          <PlanUpload floorId={floorId} isFirst onDone={onDone} />
        </IfMay>
      }
    >
      {say(may(right) ? 'noPlanHelp' : 'noPlanOthers')}
    </Empty>
  );
}

function Meaning() {
  const say = useWords(floorWords);
  return (
    <Group component="ul" gap="sm" p={0} m={0} aria-label={say('meaning')}>
      {planStates.map((state) => (
        <Group key={state} component="li" gap={6} style={{ listStyle: 'none' }}>
          <PlanMark state={state} />
          <Text size="xs">{say(state)}</Text>
        </Group>
      ))}
    </Group>
  );
}
