/**
 * Finds what was done to a tenant's audit log behind the server's back (docs/audit.md). Pure: records in, in the order of
 * their numbers, faults out; memory does not grow with the log.
 *
 * A record has its number in its hash, so it tells where it belongs. Records that lie a constant distance from there form a
 * stretch: where the distance grows records were removed, where it falls some were inserted, and two stretches in each
 * other's place were swapped (audit-moves.ts). A record that fits no number near by was changed.
 * What a forger made whole again, hashes and all, agrees with itself, but with no signed checkpoint.
 */
import type { AuditCheckpoint } from '#contract/audit-log';
import type { AuditHead, AuditRecord } from '#server/store/audit-records';
import { changesHash } from './audit-form.ts';
import {
  areSwapped,
  explainStretches,
  hashAt,
  type Move,
  type Placed,
  type Stretch,
} from './audit-moves.ts';

export type AuditFault = {
  /** `unsigned`: a checkpoint that was not signed by a key that is trusted. */
  readonly kind: 'changed' | 'removed' | 'inserted' | 'swapped' | 'rewritten' | 'unsigned';
  /** The record, or the first of several: where it lies, or where one that is gone lay. */
  readonly number: number;
  /** The last of several; of two swapped ones the other. */
  readonly last_number: number;
  /** Null for records that are gone. */
  readonly id: string | null;
  /** The whole of it, for people. */
  readonly text: string;
};

export type AuditCheckResult = {
  readonly records: number;
  /** Records up to here were erased in order, after they were kept long enough; 0 = none. */
  readonly erased_to: number;
  /** Records whose changes were erased beside them. */
  readonly erased_changes: number;
  /** The newest checkpoint that the log agrees with; 0 = none. */
  readonly signed_to: number;
  /** The first hundred of `fault_count`. */
  readonly faults: readonly AuditFault[];
  readonly fault_count: number;
};

export type AuditCheck = {
  add(record: AuditRecord): void;
  end(): AuditCheckResult;
};

/** How far from its number a record is looked for; two that are further apart are found as a pair in the end. */
const reach = 16;
/** After so many records in a row that fit nowhere one is looked for further away. */
const patience = 20;
const farReach = 5_000;
const mostFaults = 100;
const mostStrange = 200;
const mostStretches = 1_000;
const remembered = 64;
const misfit = 'has a content that its hash does not fit';

/** `checkpoints` are those whose signatures were found good; `head` is where the database would go on. */
export function createAuditCheck({
  checkpoints,
  head,
}: {
  readonly checkpoints: readonly AuditCheckpoint[];
  readonly head: AuditHead | undefined;
}): AuditCheck {
  const faults: AuditFault[] = [];
  const signed = new Map(checkpoints.map((checkpoint) => [checkpoint.number, checkpoint]));
  const lastSigned = Math.max(0, ...signed.keys());
  const stretches: Stretch[] = [];
  const strange: AuditRecord[] = [];
  const recent: Placed[] = [];
  const counts = { records: 0, faults: 0, erasedTo: 0, erasedChanges: 0, signedTo: 0 };
  let former: Placed | undefined;
  let shift = 0;
  let strangeInARow = 0;
  let isRewritten = false;
  /** The records of a number that is there more than once. */
  let twins: Placed[] = [];

  function blame(fault: Omit<AuditFault, 'last_number'> & { readonly last_number?: number }): void {
    counts.faults += 1;
    if (faults.length < mostFaults) faults.push({ last_number: fault.number, ...fault });
  }

  function blameChange({ number, id }: Placed, why: string): void {
    blame({ kind: 'changed', number, id, text: `Record ${number} (${id}) ${why}.` });
  }

  function blameRemoval({ from, to }: { readonly from: number; readonly to: number }, why: string) {
    if (to < from) return;
    const text = `${records(from, to)} ${to > from ? 'are' : 'is'} gone: ${why}.`;
    blame({ kind: 'removed', number: from, last_number: to, id: null, text });
  }

  function begin(record: AuditRecord): void {
    const before = record.number - 1;
    if (before === 0) {
      if (record.previous_hash !== null && hashAt(record, 1) === record.hash)
        blameChange(record, 'is the first and yet follows another');
      return;
    }
    const standing = checkpoints.find(({ number, erases }) => erases && number === before);
    if (standing === undefined) {
      const why = 'no signed checkpoint says that they were erased in order';
      blameRemoval({ from: 1, to: before }, why);
      return;
    }
    counts.erasedTo = before;
    counts.signedTo = before;
    if (standing.hash !== record.previous_hash)
      blameChange(record, `does not follow record ${before} as it was signed when that was erased`);
  }

  function findShift(record: AuditRecord, furthest: number): number | undefined {
    const belongs = (by: number) => hashAt(record, record.number + by) === record.hash;
    if (belongs(shift)) return shift;
    for (let by = 0; by <= furthest; by += 1) {
      if (belongs(shift + by)) return shift + by;
      if (belongs(shift - by)) return shift - by;
    }
    return undefined;
  }

  function place(record: AuditRecord): void {
    const found = findShift(record, strangeInARow === patience ? farReach : reach);
    if (found === undefined) {
      strangeInARow += 1;
      if (strange.length < mostStrange) strange.push(record);
      else blameChange(record, misfit);
      return;
    }
    if (found === shift && stretches.length > 0) checkLink(record);
    else beginStretch(record, found);
    const stretch = stretches.at(-1);
    if (stretch !== undefined) stretch.last = record.number;
    strangeInARow = 0;
  }

  function beginStretch(record: AuditRecord, found: number): void {
    shift = found;
    let start: Placed = record;
    // Those just before that fitted nowhere may belong to it.
    for (let last = strange.at(-1); last !== undefined; last = strange.at(-1)) {
      if (last.number !== start.number - 1 || hashAt(last, last.number + found) !== last.hash)
        break;
      start = last;
      strange.pop();
    }
    if (stretches.length >= mostStretches) return;
    const { number, id } = start;
    const before = recent.filter((placed) => placed.number < number);
    stretches.push({ first: number, last: record.number, shift: found, id, before });
  }

  function checkLink(record: AuditRecord): void {
    if (former === undefined) return;
    const isNext = former.number + 1 === record.number && strange.at(-1)?.id !== former.id;
    if (isNext && record.previous_hash !== former.hash)
      blameChange(former, `is not the one that record ${record.number} follows: it was made anew`);
  }

  function checkBeside(record: AuditRecord): void {
    const { salt, body, changes_hash: hash } = record;
    if (salt === null || body === null) counts.erasedChanges += hash === undefined ? 0 : 1;
    else if (hash !== changesHash({ salt, body }))
      blameChange(record, 'has other changes beside it than its hash fits');
  }

  function checkSigned(record: AuditRecord): void {
    const checkpoint = signed.get(record.number + shift);
    if (checkpoint === undefined) return;
    if (checkpoint.hash === record.hash) {
      counts.signedTo = checkpoint.number;
      return;
    }
    if (isRewritten) return;
    isRewritten = true;
    const { number, id } = record;
    const from = counts.signedTo + 1;
    const text = `Record ${number} (${id}) is not the one that was signed on ${checkpoint.at}: the log was written anew somewhere from record ${from} on.`;
    blame({ kind: 'rewritten', number: from, last_number: number, id, text });
  }

  function settleTwins(next: string | null | undefined): void {
    const genuine = twins.find(({ hash }) => hash === next) ?? twins[0];
    for (const { id, number } of twins.filter((twin) => twin !== genuine)) {
      const text = `Record ${number} (${id}) was inserted: the number is there twice.`;
      blame({ kind: 'inserted', number, id, text });
      forgetStrange(({ id: other }) => other === id);
    }
    former = genuine ?? former;
    twins = [];
  }

  function forgetStrange(isExplained: (record: AuditRecord) => boolean): void {
    const left = strange.filter((record) => !isExplained(record));
    strange.splice(0, strange.length, ...left);
  }

  function blameMove(move: Move): void {
    if (move.kind === 'swapped') {
      const [number, other] = move.numbers;
      const [id = null, otherId] = move.ids;
      const text = `Records ${number} (${id}) and ${other} (${otherId}) lie in each other's place.`;
      blame({ kind: 'swapped', number, last_number: other, id, text });
    } else if (move.kind === 'removed') {
      blameRemoval(move, 'those after them were given their numbers');
    } else {
      const { from, to, id } = move;
      const what = `${records(from, to)}${id === null ? '' : ` (${id})`}`;
      const text = `${what} ${to > from ? 'were' : 'was'} inserted: what follows had other numbers.`;
      blame({ kind: 'inserted', number: from, last_number: to, id, text });
      forgetStrange(({ number }) => number >= from && number <= to);
    }
  }

  function blameSwaps(): void {
    for (const record of strange.slice()) {
      if (!strange.includes(record)) continue;
      const other = strange.find(
        (candidate) => candidate.number > record.number && areSwapped(record, candidate),
      );
      if (other === undefined) continue;
      const numbers = [record.number, other.number] as const;
      blameMove({ kind: 'swapped', numbers, ids: [record.id, other.id] });
      forgetStrange((candidate) => candidate === record || candidate === other);
    }
  }

  /** Those at the end that fitted nowhere were too few to lose patience with. */
  function placeLast(): void {
    const last = strange.at(-1);
    if (last === undefined || last.number !== former?.number) return;
    const found = findShift(last, farReach);
    if (found === undefined) return;
    strange.pop();
    beginStretch(last, found);
  }

  function checkTail(end: { readonly shift: number; readonly isLastBlamed: boolean }): void {
    const known = Math.max(head?.number ?? 0, lastSigned);
    if (former === undefined) {
      const standing = signed.get(known);
      if (standing?.erases === true) Object.assign(counts, { erasedTo: known, signedTo: known });
      else blameRemoval({ from: 1, to: known }, 'nothing of the log is left');
      return;
    }
    const last = former.number + end.shift;
    blameRemoval({ from: last + 1, to: known }, 'the end of the log was cut off');
    if (head === undefined || head.number < last) {
      const [from, { id }] = [(head?.number ?? 0) + 1, former];
      const text = `${records(from, last)} (the last: ${id}) ${from < last ? 'were' : 'was'} inserted: the log ended before.`;
      blame({ kind: 'inserted', number: from, last_number: last, id, text });
    } else if (head.number === last && head.hash !== former.hash && !end.isLastBlamed) {
      blameChange(former, 'is not the one that the log ended with: it was made anew');
    }
  }

  return {
    add(record) {
      counts.records += 1;
      if (former !== undefined && record.number === former.number) {
        if (twins.length === 0) twins.push(former);
        twins.push({ id: record.id, number: record.number, hash: record.hash });
        return;
      }
      settleTwins(record.previous_hash);
      if (former === undefined) begin(record);
      else
        blameRemoval(
          { from: former.number + 1, to: record.number - 1 },
          'their numbers are missing',
        );
      place(record);
      checkBeside(record);
      checkSigned(record);
      former = { id: record.id, number: record.number, hash: record.hash };
      recent.push(former);
      if (recent.length > remembered) recent.shift();
    },
    end() {
      settleTwins(head?.hash);
      const isLastStrange = strange.at(-1)?.id === former?.id;
      blameSwaps();
      placeLast();
      const { moves, end } = explainStretches(stretches);
      for (const move of moves) blameMove(move);
      for (const record of strange) blameChange(record, misfit);
      const isLastSwapped = end !== stretches.at(-1);
      checkTail({ shift: end?.shift ?? 0, isLastBlamed: isLastStrange || isLastSwapped });
      return {
        records: counts.records,
        erased_to: counts.erasedTo,
        erased_changes: counts.erasedChanges,
        signed_to: counts.signedTo,
        faults: faults.toSorted((a, b) => a.number - b.number),
        fault_count: counts.faults,
      };
    },
  };
}

function records(from: number, to: number): string {
  return from === to ? `Record ${from}` : `Records ${from} to ${to}`;
}
