import { describe, expect, test } from 'vitest';
import { accessor, ids, items, key, lock, tagNumber } from '#test/kit/access-table';
import {
  auditTrailFor,
  opensByTrail,
  type AuditTrailRule,
  type TrailEntry,
} from './audit-trail.ts';
import { tableOf } from './table.ts';

const opened = new Date('2026-06-01T10:00:00Z');
const what = { type: 'tag', tagNumber, rfidUid: null } as const;
const trail: readonly TrailEntry[] = [{ what, at: opened.toISOString() }];
const daysLater = (days: number) => new Date(opened.getTime() + days * 86_400_000);
type World = NonNullable<Parameters<typeof items>[0]>;

function ruleOf(world: World = {}): AuditTrailRule | null {
  const table = tableOf(items({ locks: [lock({ audit_trail_days: 7 })], ...world }));
  return auditTrailFor(table, { lockId: ids.lock, trail });
}

function opens(
  rule: AuditTrailRule | null,
  over: { privacy?: boolean; now?: Date; trail?: readonly TrailEntry[] } = {},
): boolean {
  return opensByTrail(what, { rule, trail, privacy: false, now: daysLater(1), ...over });
}

describe('a lock with access by audit trail', () => {
  test('opens for a key that opened it within so many days', () => {
    expect(opens(ruleOf())).toBe(true);
    expect(opens(ruleOf(), { now: daysLater(7) })).toBe(true);
    expect(opens(ruleOf(), { now: new Date(daysLater(7).getTime() + 1) })).toBe(false);
    expect(opens(ruleOf(), { trail: [] })).toBe(false);
  });

  test('opens for nobody by it when it is off, or while privacy is on', () => {
    expect(ruleOf({ locks: [lock()] })).toBeNull();
    expect(opens(null)).toBe(false);
    expect(opens(ruleOf(), { privacy: true })).toBe(false);
  });

  test.each<[string, World]>([
    ['is blocked', { accessors: [accessor({ keys: [key({ blocked: true })] })] }],
    ['belongs to somebody blocked', { accessors: [accessor({ blocked: true })] }],
    ['belongs to somebody suspended', { accessors: [accessor({ suspended: true })] }],
    ['belongs to somebody outside the groups', { accessors: [accessor({ group_ids: [] })] }],
    ['is gone', { accessors: [] }],
  ])('denies a key that %s', (_why, world) => {
    expect(ruleOf(world)?.denied).toEqual([{ what, from: null }]);
    expect(opens(ruleOf(world))).toBe(false);
  });

  test('denies a key from the instant on at which it expires', () => {
    const rule = ruleOf({
      accessors: [accessor({ keys: [key({ expires_at: daysLater(2).toISOString() })] })],
    });
    expect(opens(rule)).toBe(true);
    expect(opens(rule, { now: daysLater(2) })).toBe(false);
  });

  test('knows a tag by its chip where the reader gives no number', () => {
    const chip = { type: 'tag', tagNumber: null, rfidUid: '04aa11bb' } as const;
    const entry = { what: { ...chip, tagNumber, rfidUid: '04AA11BB' }, at: opened.toISOString() };
    const rule = { days: 7, denied: [] };
    const asked = { rule, trail: [entry], privacy: false, now: daysLater(1) };
    expect(opensByTrail(chip, asked)).toBe(true);
    expect(opensByTrail({ type: 'pin', code: '730641' }, asked)).toBe(false);
  });
});
