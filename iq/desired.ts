/** Gathers the parts of a delta of the desired state; they count together or not at all. */
import type { Frame } from '#contract/iq-link';
import type { Delta } from './table-store.ts';

export type PartialDelta = {
  readonly from: number;
  readonly to: number;
  readonly parts: number;
  readonly received: readonly Frame<'desired'>[];
};

export type Gathered =
  | { readonly state: 'waiting'; readonly partial: PartialDelta | null }
  | { readonly state: 'whole'; readonly delta: Delta };

/** The next part: a first part begins anew, a part out of turn throws away what was there. */
export function gather(partial: PartialDelta | null, frame: Frame<'desired'>): Gathered {
  const isFirst = frame.part === 1;
  const continues =
    partial !== null &&
    partial.from === frame.from &&
    partial.to === frame.to &&
    partial.parts === frame.parts &&
    partial.received.length + 1 === frame.part;
  if (!isFirst && !continues) return { state: 'waiting', partial: null };
  const received = [...(isFirst ? [] : (partial?.received ?? [])), frame];
  if (received.length < frame.parts) {
    const { from, to, parts } = frame;
    return { state: 'waiting', partial: { from, to, parts, received } };
  }
  const items = received.flatMap((part) => part.items);
  return { state: 'whole', delta: { from: frame.from, to: frame.to, items } };
}
