/** A week of hours to look at and to draw in: by mouse, by two taps, by keys. */
import { useEffect, useRef, useState, type KeyboardEvent, type PointerEvent } from 'react';
import { partOfCell, spanBetween, type Cell, type Span } from '../data/week.ts';
import { groupWords } from '../words/groups.ts';
import { useLanguage, useWords } from './language.tsx';
import './week-grid.css';

type Props = {
  readonly spans: readonly (Span & { readonly id: string })[];
  /** What is being drawn or changed; it lies above the others. */
  readonly draft: Span | null;
  /** Absent = it is only looked at. */
  readonly onDraw?: (span: Span) => void;
  /** A press on hours that are there. */
  readonly onChoose?: (id: string) => void;
};

const hours = Array.from({ length: 24 }, (_, hour) => hour);
const days = Array.from({ length: 7 }, (_, day) => day);
const clock = (hour: number) => `${String(hour).padStart(2, '0')}:00`;
const moves: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};
const isSame = (one: Cell, other: Cell) => one.day === other.day && one.hour === other.hour;

/** Names of the weekdays from Monday, in the language of the screen. */
export function useDayNames(): {
  readonly long: readonly string[];
  readonly short: readonly string[];
} {
  const { language } = useLanguage();
  const names = (weekday: 'long' | 'short') => {
    const format = new Intl.DateTimeFormat(language, { weekday, timeZone: 'UTC' });
    // The first of January 2024 was a Monday.
    return days.map((day) => format.format(Date.UTC(2024, 0, 1 + day)));
  };
  return { long: names('long'), short: names('short') };
}

export function WeekGrid({ spans, draft, onDraw, onChoose }: Props) {
  const say = useWords(groupWords);
  const names = useDayNames();
  const grid = useRef<HTMLDivElement>(null);
  const [at, setAt] = useState<Cell>({ day: 0, hour: 8 });
  const drag = useRef<{ from: Cell; isMoved: boolean } | null>(null);
  const tapped = useRef<Cell | null>(null);
  const keyed = useRef<Cell | null>(null);

  useEffect(() => {
    const end = () => {
      drag.current = null;
    };
    window.addEventListener('pointerup', end);
    return () => window.removeEventListener('pointerup', end);
  }, []);

  const chosenAt = (cell: Cell) => spans.find((span) => partOfCell(span, cell) !== undefined);

  /** A press on one cell: what is there is chosen, else one hour is drawn. */
  function press(cell: Cell): void {
    const there = chosenAt(cell);
    if (there !== undefined && onChoose !== undefined) onChoose(there.id);
    else onDraw?.(spanBetween(cell, cell));
  }

  function release(cell: Cell, { pointerType }: PointerEvent): void {
    const { current: dragged } = drag;
    if (onDraw === undefined) return;
    if (pointerType === 'mouse') {
      if (dragged !== null && !dragged.isMoved) press(cell);
      return;
    }
    // A finger scrolls when it moves: the first tap is one end of the rectangle, the second the other.
    const { current: first } = tapped;
    tapped.current = first === null && chosenAt(cell) === undefined ? cell : null;
    if (first === null) press(cell);
    else onDraw(spanBetween(first, cell));
  }

  function enter(cell: Cell): void {
    const { current: dragged } = drag;
    if (dragged === null || onDraw === undefined) return;
    if (isSame(cell, dragged.from) && !dragged.isMoved) return;
    dragged.isMoved = true;
    onDraw(spanBetween(dragged.from, cell));
  }

  function onKeyDown(event: KeyboardEvent): void {
    const move = moves[event.key];
    if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault();
      keyed.current = null;
      press(at);
    } else if (move !== undefined) {
      event.preventDefault();
      const next = {
        day: Math.min(6, Math.max(0, at.day + move[0])),
        hour: Math.min(23, Math.max(0, at.hour + move[1])),
      };
      keyed.current = event.shiftKey ? (keyed.current ?? at) : null;
      if (keyed.current !== null) onDraw?.(spanBetween(keyed.current, next));
      setAt(next);
      grid.current?.querySelector<HTMLElement>(`[data-cell="${next.day} ${next.hour}"]`)?.focus();
    }
  }

  return (
    <div
      ref={grid}
      className="week"
      role="grid"
      aria-label={say('week')}
      aria-readonly={onDraw === undefined}
      {...(onDraw === undefined ? {} : { 'data-may-draw': true })}
    >
      <div role="row">
        <span role="columnheader" aria-label={say('hour')} />
        {names.short.map((name, day) => (
          <span key={name} role="columnheader" aria-label={names.long[day]}>
            {name}
          </span>
        ))}
      </div>
      {hours.map((hour) => (
        <div key={hour} role="row">
          <span role="rowheader">{clock(hour)}</span>
          {days.map((day) => {
            const cell = { day, hour };
            const blanks = { day: names.long[day] ?? '', hour: clock(hour) };
            const inDraft = draft === null ? undefined : partOfCell(draft, cell);
            return (
              <div
                key={day}
                role="gridcell"
                data-cell={`${day} ${hour}`}
                tabIndex={isSame(at, cell) ? 0 : -1}
                aria-label={say(chosenAt(cell) === undefined ? 'cellShut' : 'cellOpen', blanks)}
                aria-selected={inDraft !== undefined}
                onFocus={() => setAt(cell)}
                onKeyDown={onKeyDown}
                onPointerDown={({ pointerType, button }) => {
                  if (pointerType === 'mouse' && button === 0)
                    drag.current = { from: cell, isMoved: false };
                }}
                onPointerEnter={() => enter(cell)}
                onPointerUp={(event) => release(cell, event)}
              >
                {spans.map((span) => (
                  <Piece key={span.id} part={partOfCell(span, cell)} />
                ))}
                <Piece part={inDraft} isDraft />
              </div>
            );
          })}
        </div>
      ))}
    </div>
  );
}

function Piece({
  part,
  isDraft = false,
}: {
  readonly part: ReturnType<typeof partOfCell>;
  readonly isDraft?: boolean;
}) {
  if (part === undefined) return null;
  // Over the line between two cells, so that hours that follow each other are one bar.
  const style = {
    top: `calc(${part.from * 100}% - ${part.from === 0 ? 1 : 0}px)`,
    bottom: `${(1 - part.to) * 100}%`,
  };
  return <span style={style} {...(isDraft ? { 'data-draft': true } : {})} />;
}
