/** The locks of a floor as a list: the same as on the plan, for whoever would rather read, and what may be done with each. */
import { Button, CloseButton, Group, Text, UnstyledButton } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { api } from '../data/api.ts';
import { floorName, type Floor, type Place, type PlanState } from '../data/floors.ts';
import type { Lock } from '../data/locks.ts';
import { useAct, useRead } from '../data/queries.ts';
import { useSiteId } from '../data/site.tsx';
import { floorWords } from '../words/floors.ts';
import { shellWords } from '../words/shell.ts';
import { useWords } from './language.tsx';
import { useListState } from './list.tsx';
import { LockBattery, LockContact, LockState } from './lock-state.tsx';
import { OpenButton } from './open-lock.tsx';
import { Picker } from './picker.tsx';
import { PlanMark } from './plan-state.tsx';
import { Section } from './section.tsx';
import { SiteLink } from './site-link.tsx';
import { ErrorNote } from './error-note.tsx';

const floorPath = '/v1.2/sites/{site_id}/floors/{id}';

/** A lock that was chosen: what it is right now, and opening it. */
export function ChosenLock({
  lock,
  onClose,
}: {
  readonly lock: Lock;
  readonly onClose: () => void;
}) {
  const say = useWords(floorWords);
  const shell = useWords(shellWords);
  const name = lock.customer_reference ?? lock.mac ?? '';
  return (
    <Section
      title={name}
      acts={
        <>
          <OpenButton lock={lock} />
          <CloseButton aria-label={shell('close')} onClick={onClose} />
        </>
      }
      help={<SiteLink to={`locks/${lock.id}`}>{say('details')}</SiteLink>}
    >
      <Group gap="xs" role="status">
        <LockState lock={lock} />
        <LockContact lock={lock} />
        <LockBattery lock={lock} />
      </Group>
    </Section>
  );
}

type Props = {
  readonly floor: Floor;
  readonly locks: readonly Lock[];
  readonly places: readonly Place[];
  readonly stateOf: (lock: Lock) => PlanState;
  readonly chosenId: string | null;
  readonly onChoose: (lockId: string) => void;
  /** null = they stay where they are; without a picture there is nothing to put them on. */
  readonly onPlace: ((place: Place) => void) | null;
  readonly onTakeOff: (lockId: string) => void;
  readonly mayChange: boolean;
};

export function PlanLocks(props: Props) {
  const { floor, locks, places, stateOf, chosenId, onChoose, onPlace, onTakeOff } = props;
  const say = useWords(floorWords);
  const siteId = useSiteId();
  const placed = new Set(places.map(({ lock_id: id }) => id));
  const leaving = useAct(
    (lockId: string) =>
      api.patch(floorPath, {
        path: { site_id: siteId, id: floor.id },
        body: { locks_to_remove: [lockId] },
      }),
    { touches: ['floors', 'locks'] },
  );
  return (
    <Section title={say('locks')} acts={props.mayChange ? <BringLocks floor={floor} /> : null}>
      <ErrorNote error={leaving.error} />
      {locks.length === 0 ? <Text size="sm">{say('noLocks')}</Text> : null}
      <ul style={{ listStyle: 'none', margin: 0, padding: 0 }}>
        {locks.map((lock) => {
          const name = lock.customer_reference ?? lock.mac ?? '';
          const state = stateOf(lock);
          return (
            <li key={lock.id} className="plan-row">
              <PlanMark state={state} />
              <UnstyledButton
                style={{ flex: '1 0 max-content', maxWidth: 'calc(100% - 3rem)' }}
                aria-pressed={lock.id === chosenId}
                onClick={() => onChoose(lock.id)}
              >
                <Text
                  size="sm"
                  fw={lock.id === chosenId ? 700 : 500}
                  style={{ overflowWrap: 'anywhere' }}
                >
                  {name}
                </Text>
                <Text size="xs" c="dimmed">
                  {say(state)}
                </Text>
              </UnstyledButton>
              {onPlace === null ? null : (
                <Group gap={4} justify="flex-end">
                  {placed.has(lock.id) ? (
                    <Button
                      size="compact-xs"
                      variant="default"
                      aria-label={`${say('takeOff')}: ${name}`}
                      onClick={() => onTakeOff(lock.id)}
                    >
                      {say('takeOff')}
                    </Button>
                  ) : (
                    <>
                      <Button
                        size="compact-xs"
                        aria-label={`${say('put')}: ${name}`}
                        onClick={() => onPlace(freePlace(lock.id, places))}
                      >
                        {say('put')}
                      </Button>
                      <Button
                        size="compact-xs"
                        variant="default"
                        aria-label={`${say('leave')}: ${name}`}
                        onClick={() => leaving.mutate(lock.id)}
                      >
                        {say('leave')}
                      </Button>
                    </>
                  )}
                </Group>
              )}
            </li>
          );
        })}
      </ul>
    </Section>
  );
}

const grid = [-3, -2, -1, 0, 1, 2, 3];
/** Places that are tried one after the other, from the middle outwards. */
const tried = grid
  .flatMap((column) => grid.map((row) => ({ x: 0.5 + column * 0.12, y: 0.5 + row * 0.12 })))
  .sort((a, b) => Math.hypot(a.x - 0.5, a.y - 0.5) - Math.hypot(b.x - 0.5, b.y - 0.5));

/** Near the middle, beside those that are there already. */
function freePlace(lockId: string, places: readonly Place[]): Place {
  const free = tried.find(({ x, y }) =>
    places.every((place) => Math.hypot(place.x - x, place.y - y) > 0.1),
  );
  return { lock_id: lockId, ...(free ?? { x: 0.5, y: 0.5 }) };
}

/** Brings locks of the site to a floor, one after the other. */
function BringLocks({ floor }: { readonly floor: Floor }) {
  const say = useWords(floorWords);
  const [isOpen, dialog] = useDisclosure();
  return (
    <>
      <Button size="xs" variant="default" onClick={dialog.open}>
        {say('addLocks')}
      </Button>
      {isOpen ? <BringDialog floor={floor} onClose={dialog.close} /> : null}
    </>
  );
}

function BringDialog({ floor, onClose }: { readonly floor: Floor; readonly onClose: () => void }) {
  const say = useWords(floorWords);
  const siteId = useSiteId();
  const state = useListState({
    searchIn: ['customer_reference'],
    order: 'customer_reference asc',
    kind: `floor/id eq null or floor/id ne '${floor.id}'`,
    pageSize: 8,
  });
  const others = useRead('/v1.2/sites/{site_id}/locks', { query: state.query });
  const bringing = useAct(
    (lockId: string) =>
      api.patch(floorPath, {
        path: { site_id: siteId, id: floor.id },
        body: { locks_to_add: [lockId] },
      }),
    { touches: ['floors', 'locks'] },
  );
  return (
    <Picker
      onClose={onClose}
      title={say('addLocks')}
      help={say('addLocksHelp')}
      of={others}
      state={state}
      idOf={({ id }) => id}
      nameOf={(lock) => lock.customer_reference ?? lock.mac ?? ''}
      detailOf={(lock) => (lock.floor === null ? null : floorName(lock.floor))}
      onPick={(lock) => bringing.mutate(lock.id)}
      isPending={bringing.isPending}
      error={bringing.error}
      empty={say('noneLeft')}
    />
  );
}
