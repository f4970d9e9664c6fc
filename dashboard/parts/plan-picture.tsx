/**
 * The picture of a floor with its locks on it. Locks are buttons in the order of the list beside it; where they may be moved, by
 * dragging and by the arrow keys.
 */
import { ActionIcon, Box, Group, VisuallyHidden } from '@mantine/core';
import { IconMinus, IconPlus } from '@tabler/icons-react';
import { useEffect, useRef, useState, type KeyboardEvent, type PointerEvent } from 'react';
import type { Place, Plan, PlanState } from '../data/floors.ts';
import type { Lock } from '../data/locks.ts';
import { usePlanPicture } from '../data/plan-picture.ts';
import { floorWords } from '../words/floors.ts';
import { ErrorNote } from './error-note.tsx';
import { useWords } from './language.tsx';
import { PlanSign } from './plan-state.tsx';

type Props = {
  readonly plan: Plan;
  readonly image: NonNullable<Plan['image']>;
  readonly name: string;
  readonly locks: readonly Lock[];
  readonly stateOf: (lock: Lock) => PlanState;
  readonly chosenId: string | null;
  readonly onChoose: (lockId: string) => void;
  /** null = they stay where they are. */
  readonly onMove: ((place: Place) => void) | null;
  /** How many moves were refused: a lock goes back then. */
  readonly refusals: number;
};

const zooms = [1, 1.5, 2, 3, 4] as const;

export function PlanPicture({ plan, image, name, ...of }: Props) {
  const say = useWords(floorWords);
  const [zoom, setZoom] = useState(0);
  const picture = usePlanPicture(plan.floor_id, image.digest);
  const sheet = useRef<HTMLDivElement>(null);
  const { locks, onMove } = of;
  const locksById = new Map(locks.map((lock) => [lock.id, lock]));
  const nameOf = new Map(locks.map(({ id }, index) => [id, index]));
  const places = plan.locks
    .filter(({ lock_id: id }) => locksById.has(id))
    .sort((a, b) => (nameOf.get(a.lock_id) ?? 0) - (nameOf.get(b.lock_id) ?? 0));
  return (
    <Box>
      <ErrorNote error={picture.error} retry={picture.refetch} />
      <Group gap="xs" mb="xs" justify="flex-end">
        <ActionIcon
          variant="default"
          size="lg"
          aria-label={say('smaller')}
          disabled={zoom === 0}
          onClick={() => setZoom(zoom - 1)}
        >
          <IconMinus size={18} aria-hidden />
        </ActionIcon>
        <ActionIcon
          variant="default"
          size="lg"
          aria-label={say('larger')}
          disabled={zoom === zooms.length - 1}
          onClick={() => setZoom(zoom + 1)}
        >
          <IconPlus size={18} aria-hidden />
        </ActionIcon>
      </Group>
      <section className="plan-frame" aria-label={say('planOf', { name })} tabIndex={-1}>
        <div
          ref={sheet}
          className="plan-sheet"
          style={{
            width: `${(zooms[zoom] ?? 1) * 100}%`,
            aspectRatio: `${image.width} / ${image.height}`,
          }}
        >
          {picture.url === undefined ? null : <img src={picture.url} alt="" draggable={false} />}
          {places.map((place) => {
            const lock = locksById.get(place.lock_id);
            return lock === undefined ? null : (
              <PlanLock
                key={`${lock.id} ${of.refusals}`}
                lock={lock}
                place={place}
                state={of.stateOf(lock)}
                isChosen={lock.id === of.chosenId}
                onChoose={() => of.onChoose(lock.id)}
                onMove={onMove}
                sheet={() => sheet.current?.getBoundingClientRect()}
              />
            );
          })}
        </div>
      </section>
      {onMove === null ? null : <VisuallyHidden id="plan-keys">{say('keysHelp')}</VisuallyHidden>}
    </Box>
  );
}

type LockProps = {
  readonly lock: Lock;
  readonly place: Place;
  readonly state: PlanState;
  readonly isChosen: boolean;
  readonly onChoose: () => void;
  readonly onMove: ((place: Place) => void) | null;
  readonly sheet: () => DOMRect | undefined;
};

const steps: Readonly<Record<string, readonly [x: number, y: number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};
/** A part of the side; with Shift five times as far. */
const step = 0.01;
/** Many steps of the arrow keys are one move. */
const restMs = 500;

function PlanLock({ lock, place, state, isChosen, onChoose, onMove, sheet }: LockProps) {
  const say = useWords(floorWords);
  // Where it is while it moves. Once that is told (`from` is the server's place by then), the server's place counts again as
  // soon as it has changed; before, what comes from the server is an answer to an earlier move.
  const [moved, setMoved] = useState<{ readonly from: Place | null; readonly to: Place } | null>(
    null,
  );
  const known = useRef(place);
  useEffect(() => {
    known.current = place;
  }, [place]);
  const grip = useRef<{ readonly dx: number; readonly dy: number; last: Place | null } | null>(
    null,
  );
  const waiting = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(waiting.current), []);
  const isAway =
    moved !== null &&
    (moved.from === null || (moved.from.x === place.x && moved.from.y === place.y));
  const at = isAway ? moved.to : place;
  const name = lock.customer_reference ?? lock.mac ?? '';

  function to(x: number, y: number): Place {
    const next = { lock_id: lock.id, x: within(x), y: within(y) };
    setMoved({ from: null, to: next });
    return next;
  }
  function tell(next: Place): void {
    setMoved({ from: known.current, to: next });
    onMove?.(next);
  }
  function down(event: PointerEvent<HTMLButtonElement>): void {
    const box = sheet();
    if (onMove === null || box === undefined) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    grip.current = {
      dx: event.clientX - (box.left + at.x * box.width),
      dy: event.clientY - (box.top + at.y * box.height),
      last: null,
    };
  }
  function move(event: PointerEvent<HTMLButtonElement>): void {
    const box = sheet();
    const { current } = grip;
    if (current === null || box === undefined) return;
    current.last = to(
      (event.clientX - current.dx - box.left) / box.width,
      (event.clientY - current.dy - box.top) / box.height,
    );
  }
  function up(): void {
    const last = grip.current?.last;
    grip.current = null;
    // As it was last moved to, which may not be on the screen yet.
    if (last !== null && last !== undefined) tell(last);
  }
  function key(event: KeyboardEvent): void {
    const by = steps[event.key];
    if (onMove === null || by === undefined) return;
    event.preventDefault();
    const far = event.shiftKey ? step * 5 : step;
    const next = to(at.x + by[0] * far, at.y + by[1] * far);
    clearTimeout(waiting.current);
    waiting.current = setTimeout(() => tell(next), restMs);
  }
  return (
    <button
      type="button"
      className="plan-lock"
      data-plan={state}
      {...(onMove === null ? {} : { 'data-moves': '', 'aria-describedby': 'plan-keys' })}
      style={{ left: `${at.x * 100}%`, top: `${at.y * 100}%` }}
      aria-pressed={isChosen}
      aria-label={`${name}: ${say(state)}`}
      title={`${name}: ${say(state)}`}
      onClick={onChoose}
      onPointerDown={down}
      onPointerMove={move}
      onPointerUp={up}
      onPointerCancel={up}
      onKeyDown={key}
    >
      <PlanSign state={state} />
      <span aria-hidden>{name}</span>
    </button>
  );
}

function within(part: number): number {
  return Math.round(Math.min(1, Math.max(0, part)) * 10_000) / 10_000;
}
