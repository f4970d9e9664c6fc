import { randomUUID } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AuditCheckpoint } from '#contract/audit-log';
import type { AuditRecord } from '#server/store/audit-records';
import { createAuditCheck, type AuditCheckResult } from './audit-check.ts';
import { auditHash, changesHash } from './audit-form.ts';

/** Records 1 to `count`, chained. */
function makeLog(count: number): AuditRecord[] {
  const made: AuditRecord[] = [];
  for (let number = 1; number <= count; number += 1) {
    const beside = { salt: `${number}`.padStart(32, '0'), body: `[${number}]` };
    const record = {
      id: randomUUID(),
      number,
      request_id: `request ${number}`,
      previous_hash: made.at(-1)?.hash ?? null,
      utc_date_time: '2026-05-04T12:00:00Z',
      client_id: 'desk',
      user_id: null,
      accessor_id: null,
      action: 'door.paint',
      object_type: 'door',
      object_id: null,
      collection_id: null,
      outcome: 'ok' as const,
      detail: null,
      ...(number % 3 === 0 ? { changes_hash: changesHash(beside) } : {}),
    };
    const kept = number % 3 === 0 ? beside : { salt: null, body: null };
    made.push({ ...record, ...kept, hash: auditHash(record) });
  }
  return made;
}

const checkpointOf = ({ number, hash }: AuditRecord, erases = false): AuditCheckpoint => ({
  tenant_id: randomUUID(),
  number,
  hash,
  at: '2026-05-04T13:00:00Z',
  erases,
  public_key: '',
  signature: '',
});

/** Checks `records` against the head that `whole` had and the checkpoints given. */
function check(
  whole: readonly AuditRecord[],
  records: readonly AuditRecord[],
  checkpoints: readonly AuditCheckpoint[] = [],
): AuditCheckResult {
  const last = whole.at(-1);
  const head = last && { number: last.number, hash: last.hash };
  const checked = createAuditCheck({ checkpoints, head });
  for (const record of records) checked.add(record);
  return checked.end();
}

/** Given the numbers from 1 on, as somebody would who hides a gap. */
const renumbered = (records: readonly AuditRecord[]): AuditRecord[] =>
  records.map((record, index) => ({ ...record, number: index + 1 }));

const named = ({ faults }: AuditCheckResult) =>
  faults.map(({ kind, number, last_number: last }) => [kind, number, last]);

const size = 60;
const whole = makeLog(size);
const places = fc.integer({ min: 1, max: size });

describe('an audit log', () => {
  it('that nobody touched has no faults, whatever was signed of it', () => {
    const signed = [7, 30, size]
      .map((number) => whole[number - 1])
      .filter((one) => one !== undefined);
    const checkpoints = signed.map((record) => checkpointOf(record));
    expect(check(whole, whole, checkpoints)).toMatchObject({ faults: [], signed_to: size });
    const rest = whole.slice(30);
    const erasing = signed.map((record) => checkpointOf(record, record.number === 30));
    expect(check(whole, rest, erasing)).toMatchObject({ faults: [], erased_to: 30 });
    expect(check([], [])).toMatchObject({ faults: [], records: 0 });
  });

  it('names any record of which any member was changed', () => {
    const members = fc.constantFrom(
      'id',
      'request_id',
      'previous_hash',
      'utc_date_time',
      'client_id',
      'user_id',
      'action',
      'outcome',
      'detail',
      'hash',
    );
    fc.assert(
      fc.property(places, members, (number, member) => {
        const forged = whole.map((record) =>
          record.number === number ? { ...record, [member]: 'forged' } : record,
        );
        expect(named(check(whole, forged))).toEqual([['changed', number, number]]);
      }),
    );
  });

  it('names what was removed, wherever and however many, with the gap left or closed', () => {
    fc.assert(
      fc.property(
        places,
        fc.integer({ min: 1, max: size - 1 }),
        fc.boolean(),
        (from, many, isClosed) => {
          const to = Math.min(size, from + many - 1);
          if (from === 1 && to === size) return;
          const left = whole.filter(({ number }) => number < from || number > to);
          expect(named(check(whole, isClosed ? renumbered(left) : left))).toEqual([
            ['removed', from, to],
          ]);
        },
      ),
    );
  });

  it('names what was inserted, fitting or not, up to the end', () => {
    fc.assert(
      fc.property(
        places,
        fc.integer({ min: 1, max: 12 }),
        fc.boolean(),
        (after, many, isFitting) => {
          const strangers = Array.from({ length: many }, (_, index) => {
            const former = whole[after - 1];
            const stranger = {
              ...(whole[0] as AuditRecord),
              id: randomUUID(),
              number: after + index + 1,
              previous_hash: former?.hash ?? null,
            };
            return {
              ...stranger,
              hash: isFitting && many === 1 ? auditHash(stranger) : 'f'.repeat(64),
            };
          });
          const forged = renumbered([
            ...whole.slice(0, after),
            ...strangers,
            ...whole.slice(after),
          ]);
          const faults = named(check(whole, forged));
          expect(faults).toContainEqual(['inserted', after + 1, after + many]);
        },
      ),
    );
  });

  it('names both of two records that were swapped, however far apart', () => {
    fc.assert(
      fc.property(places, places, (one, other) => {
        if (one === other) return;
        const forged = [...whole];
        [forged[one - 1], forged[other - 1]] = [
          whole[other - 1] as AuditRecord,
          whole[one - 1] as AuditRecord,
        ];
        expect(named(check(whole, renumbered(forged)))).toEqual([
          ['swapped', Math.min(one, other), Math.max(one, other)],
        ]);
      }),
    );
  });

  it('names the one of two records of a number that the next does not follow', () => {
    const twin = { ...(whole[9] as AuditRecord), id: randomUUID(), action: 'door.open' };
    const forged = { ...twin, hash: auditHash(twin) };
    for (const pair of [
      [whole[9] as AuditRecord, forged],
      [forged, whole[9] as AuditRecord],
    ]) {
      const { faults } = check(whole, [...whole.slice(0, 9), ...pair, ...whole.slice(10)]);
      expect(faults).toEqual([
        expect.objectContaining({ kind: 'inserted', number: 10, id: forged.id }),
      ]);
    }
  });

  it('counts more faults than it lists', () => {
    const long = makeLog(400);
    const forged = long.map((record) => ({ ...record, action: 'door.open' }));
    const { faults, fault_count: count } = check(long, forged);
    expect([faults.length, count]).toEqual([100, 400]);
  });
});
