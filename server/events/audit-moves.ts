/** What the places of records in an audit log say: who was inserted, removed or swapped. Pure; see audit-check.ts. */
import type { AuditRecord } from '#server/store/audit-records';
import { auditHash } from './audit-form.ts';

/** A place in the log as it lies in the database. */
export type Placed = Pick<AuditRecord, 'id' | 'number' | 'hash'>;

/**
 * Records at a constant distance from where their hashes say they belong (`number + shift`); `first` to `last` is where they
 * lie.
 */
export type Stretch = {
  first: number;
  last: number;
  readonly shift: number;
  /** Of the record at `first`. */
  readonly id: string;
  /** The records that lie before it, as far as they are remembered. */
  readonly before: readonly Placed[];
};

export type Move =
  | {
      readonly kind: 'swapped';
      readonly numbers: readonly [number, number];
      readonly ids: readonly string[];
    }
  | {
      readonly kind: 'inserted' | 'removed';
      readonly from: number;
      readonly to: number;
      readonly id: string | null;
    };

/**
 * What happened where the distance changes. `stretches` are in order and cover the log from its first record; `end` is the last
 * of them unless that was swapped, and then the last that was not.
 */
export function explainStretches(stretches: readonly Stretch[]): {
  readonly moves: readonly Move[];
  readonly end: Stretch | undefined;
} {
  const swaps: Move[] = [];
  const atHome = new Set<Stretch>();
  for (const [index, one] of stretches.entries()) {
    if (atHome.has(one)) continue;
    const usual = shiftBefore(stretches, { index, atHome });
    const distance = one.shift - usual;
    if (distance <= 0) continue;
    const other = stretches.find(
      (candidate) =>
        candidate.shift === usual - distance &&
        candidate.first === one.first + distance &&
        candidate.last - candidate.first === one.last - one.first,
    );
    if (other === undefined) continue;
    atHome.add(one).add(other);
    swaps.push({ kind: 'swapped', numbers: [one.first, other.first], ids: [one.id, other.id] });
  }
  const staying = stretches.filter((stretch) => !atHome.has(stretch));
  const jumps = staying.flatMap((stretch, index) => jump(staying[index - 1], stretch));
  return { moves: [...swaps, ...jumps], end: staying.at(-1) };
}

function shiftBefore(
  stretches: readonly Stretch[],
  { index, atHome }: { readonly index: number; readonly atHome: ReadonlySet<Stretch> },
): number {
  return stretches.slice(0, index).findLast((stretch) => !atHome.has(stretch))?.shift ?? 0;
}

function jump(former: Stretch | undefined, stretch: Stretch): Move[] {
  const usual = former?.shift ?? 0;
  const step = stretch.shift - usual;
  if (step > 0) {
    const from = stretch.first + usual;
    return [{ kind: 'removed', from, to: from + step - 1, id: null }];
  }
  if (step === 0) return [];
  const from = stretch.first + step;
  const id = stretch.before.find(({ number }) => number === from)?.id ?? null;
  return [{ kind: 'inserted', from, to: stretch.first - 1, id }];
}

/** Whether two records that fit nowhere near lie in each other's place: as whole rows, or with their contents only. */
export function areSwapped(one: AuditRecord, other: AuditRecord): boolean {
  const asRow = (record: AuditRecord, at: AuditRecord): boolean =>
    hashOf({ ...record, number: at.number }) === record.hash;
  const asContent = (record: AuditRecord, at: AuditRecord): boolean => {
    const there = { ...record, number: at.number, previous_hash: at.previous_hash };
    return hashOf(there) === at.hash || hashOf({ ...there, id: at.id }) === at.hash;
  };
  return (
    (asRow(one, other) && asRow(other, one)) || (asContent(one, other) && asContent(other, one))
  );
}

/** The hash that a record should have where it belongs. */
export function hashAt(record: AuditRecord, number: number): string {
  return hashOf({ ...record, number });
}

function hashOf(record: AuditRecord): string {
  return auditHash(record);
}
