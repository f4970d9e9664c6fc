/**
 * Access by a lock's audit trail (behaviour.md 12.2, 12.3): a key that opened this lock within the last days opens it with the
 * hub gone. The trail is the lock's own memory; the hub writes how many days count and which remembered keys are denied.
 */
import { decideFor, type Question } from './decision.ts';
import type { Credential, MobileKeyShown, TagShown, WalletShown } from './presentation.ts';
import type { AccessTable } from './table.ts';

/** What a lock remembers of openings; keypad codes and plates are not among it, a lock has no place to keep them (12.2). */
export type TrailCredential =
  TagShown | Extract<MobileKeyShown, { standing: 'good' | 'expired' }> | WalletShown;

/** The last opening of one credential. */
export type TrailEntry = {
  readonly what: TrailCredential;
  /** UTC instant by the clock of the lock. */
  readonly at: string;
};

export type AuditTrailRule = {
  /** 1-255 */
  readonly days: number;
  readonly denied: readonly {
    readonly what: TrailCredential;
    /** UTC instant from which on it is denied, or null = at all times. */
    readonly from: string | null;
  }[];
};

const dayMs = 86_400_000;

/** The form in which a lock remembers a credential; null = it does not. */
export function trailCredential(what: Credential): TrailCredential | null {
  if (what.type === 'tag' || what.type === 'wallet') return what;
  return what.type === 'mkey' && what.standing !== 'not_trusted' ? what : null;
}

/** Whether two readings are of one credential. */
export function isSameCredential(one: TrailCredential, other: TrailCredential): boolean {
  if (one.type === 'tag' && other.type === 'tag') {
    if (one.tagNumber !== null && other.tagNumber !== null)
      return one.tagNumber === other.tagNumber;
    return one.rfidUid !== null && one.rfidUid.toUpperCase() === other.rfidUid?.toUpperCase();
  }
  if (one.type === 'mkey' && other.type === 'mkey') return one.mkeyId === other.mkeyId;
  return one.type === 'wallet' && other.type === 'wallet' && one.passId === other.passId;
}

/** What the hub writes into a lock about its trail; null = the lock opens for nobody by it. */
export function auditTrailFor(
  table: AccessTable,
  { lockId, trail }: { readonly lockId: string; readonly trail: readonly TrailEntry[] },
): AuditTrailRule | null {
  const days = table.locks.get(lockId)?.item.audit_trail_days ?? 0;
  if (days === 0) return null;
  const denied = trail.flatMap(({ what, at }) => {
    const endMs = endOfRight(table, { lockId, what, at });
    if (endMs === Infinity) return [];
    return [{ what, from: endMs === 0 ? null : new Date(endMs).toISOString() }];
  });
  return { days, denied };
}

/**
 * Until when whoever holds it has a right at the lock, in ms since 1970: 0 = nobody has, Infinity = without end. Schedules and
 * privacy aside, which change without a word of the hub.
 */
function endOfRight(
  table: AccessTable,
  {
    lockId,
    what,
    at,
  }: { readonly lockId: string; readonly what: TrailCredential; readonly at: string },
): number {
  const shown: TrailCredential = what.type === 'mkey' ? { ...what, standing: 'good' } : what;
  const question: Question = {
    table,
    lockId,
    door: { officeMode: 'none', privacy: false, tagRegistration: false, keypadLockedOut: false },
    presentation: { what: shown, heldMs: 0 },
    now: new Date(at),
    serverGoneSince: null,
  };
  const ends = table.findHoldings(shown).flatMap(({ accessor, key }) => {
    const holding = { accessor, key: { ...key, expires_at: null } };
    const { check } = decideFor(holding, { table, question });
    if (check < 14) return [];
    return [key.expires_at === null ? Infinity : Date.parse(key.expires_at)];
  });
  return Math.max(0, ...ends);
}

/** Whether a lock alone opens for a credential because it opened it lately; privacy refuses (7.4). */
export function opensByTrail(
  what: Credential,
  {
    rule,
    trail,
    privacy,
    now,
  }: {
    readonly rule: AuditTrailRule | null;
    readonly trail: readonly TrailEntry[];
    readonly privacy: boolean;
    /** By the clock of the lock. */
    readonly now: Date;
  },
): boolean {
  const shown = trailCredential(what);
  if (rule === null || shown === null || privacy) return false;
  if (shown.type === 'mkey' && shown.standing !== 'good') return false;
  const isDenied = rule.denied.some(
    (denied) =>
      isSameCredential(denied.what, shown) &&
      (denied.from === null || now.getTime() >= Date.parse(denied.from)),
  );
  if (isDenied) return false;
  const since = now.getTime() - rule.days * dayMs;
  return trail.some(
    (entry) => isSameCredential(entry.what, shown) && Date.parse(entry.at) >= since,
  );
}
