/** What a lock holds and decides while its hub is out of reach (behaviour.md 12.2, 12.3): exits and offline keys. */
import { createHash } from 'node:crypto';
import type { KeyItem } from '#contract/access-table';
import { assertNever } from '#contract/assert-never';
import { auditTrailFor, type AuditTrailRule, type TrailEntry } from './audit-trail.ts';
import { decide, type Decision, type Question } from './decision.ts';
import { phoneTrustOf, type PhoneTrust } from './phones.ts';
import { hashPin } from './pins.ts';
import type { Credential, Presentation } from './presentation.ts';
import { coveringSchedule, type CompiledSchedule } from './schedules.ts';
import { pinHashKeysOf, type AccessTable } from './table.ts';

export type OfflineKey = {
  readonly keyId: string;
  readonly accessorId: string;
  readonly type: KeyItem['type'];
  /** As in the access table: tag number, mobile key or base64 HMAC of the keypad code. */
  readonly value: string;
  readonly rfidUid: string | null;
  /** UTC instant, or null = never */
  readonly expiresAt: string | null;
  /** null = round the clock: the lock cannot hold schedules, or `offline_schedules` is off. */
  readonly schedules: readonly CompiledSchedule[] | null;
  readonly overridePrivacyMode: boolean;
};

/** The whole offline memory of one lock. */
export type OfflineMemory = {
  /** Digest of the content; the lock reports it so that the hub knows what the lock holds. */
  readonly version: string;
  readonly timeZone: string;
  /** base64 keys of the HMAC under which keypad codes are compared. */
  readonly pinHashKeys: readonly string[];
  readonly openTimeSeconds: number;
  readonly keys: readonly OfflineKey[];
  /** What phones are checked by; null where no mobile key opens. */
  readonly phones: PhoneTrust | null;
  /** Who else opens because of an opening lately; null = nobody. */
  readonly auditTrail: AuditTrailRule | null;
};

/** What the lock's hardware can hold. */
export type MemoryLimits = {
  readonly offlineKeyLimit: number;
  readonly holdsSchedules: boolean;
  readonly holdsPins: boolean;
};

/**
 * The offline memory a lock should hold, or null for a lock that is not in the table: its offline keys, in the order of the
 * table and up to its limit, of accessors who share a group with it and are neither blocked nor suspended (12.3), and what
 * holds for the keys of its own audit trail.
 */
export function offlineMemoryFor(
  table: AccessTable,
  {
    lockId,
    limits,
    trail = null,
  }: {
    readonly lockId: string;
    readonly limits: MemoryLimits;
    /** What the lock says of its audit trail; absent = it keeps none, or nobody asked. */
    readonly trail?: readonly TrailEntry[] | null;
  },
): OfflineMemory | null {
  const lock = table.locks.get(lockId);
  const { settings } = table;
  if (!lock || !settings) return null;
  const keepsSchedules = limits.holdsSchedules && settings.offline_schedules;
  const keys = lock.item.offline_key_ids
    .map((keyId) => table.findKey(keyId))
    .filter((holding) => holding !== null)
    .filter(({ key, accessor }) => !key.blocked && !accessor.blocked && !accessor.suspended)
    .filter(({ key, accessor }) => isKept(key.type, accessor.use_pin && limits.holdsPins))
    .map(({ key, accessor }) => ({
      accessor,
      key,
      schedules: accessor.group_ids
        .filter((groupId) => lock.groupIds.has(groupId))
        .flatMap((groupId) => table.groups.get(groupId)?.schedules ?? []),
    }))
    .filter(({ schedules }) => schedules.length > 0)
    .slice(0, limits.offlineKeyLimit)
    .map(({ key, accessor, schedules }) => ({
      keyId: key.id,
      accessorId: accessor.id,
      type: key.type,
      value: key.value,
      rfidUid: key.rfid_uid,
      expiresAt: key.expires_at,
      schedules: keepsSchedules ? schedules : null,
      overridePrivacyMode: accessor.override_privacy_mode,
    }));
  const auditTrail = trail === null ? null : auditTrailFor(table, { lockId, trail });
  const readsPhones = auditTrail !== null || keys.some(({ type }) => type === 'mkey');
  const content = {
    timeZone: settings.time_zone,
    pinHashKeys: pinHashKeysOf(settings),
    openTimeSeconds: lock.item.open_time_seconds,
    keys,
    phones: readsPhones ? phoneTrustOf(table) : null,
    auditTrail,
  };
  const version = createHash('sha256').update(JSON.stringify(content)).digest('hex').slice(0, 32);
  return { version, ...content };
}

function isKept(type: KeyItem['type'], keepsPins: boolean): boolean {
  switch (type) {
    case 'tag':
    case 'mkey':
    case 'wallet':
      return true;
    case 'pin':
    case 'custom_pin':
      return keepsPins;
    case 'license_plate':
      return false;
    default:
      return assertNever(type);
  }
}

export type OfflineAnswer = {
  readonly opens: boolean;
  /** The key that opened, or null for exits and refusals. */
  readonly keyId: string | null;
};

const refused: OfflineAnswer = { opens: false, keyId: null };

/** What the lock does by itself: exits and its offline keys open, nothing else (12.2); privacy refuses offline keys too (7.4). */
export function decideOffline({
  memory,
  privacy,
  presentation,
  now,
}: {
  /** null = the lock was never given one. */
  readonly memory: OfflineMemory | null;
  readonly privacy: boolean;
  readonly presentation: Presentation;
  /** By the clock of the lock. */
  readonly now: Date;
}): OfflineAnswer {
  const { what } = presentation;
  if (what.type === 'exit') return { opens: true, keyId: null };
  if (!memory) return refused;
  const opening = memory.keys.find(
    (key) => isShown(key, { credential: what, memory }) && isValid(key, { memory, privacy, now }),
  );
  return opening ? { opens: true, keyId: opening.keyId } : refused;
}

function isShown(
  key: OfflineKey,
  { credential, memory }: { readonly credential: Credential; readonly memory: OfflineMemory },
): boolean {
  switch (credential.type) {
    case 'tag':
      return (
        key.type === 'tag' &&
        (key.value === credential.tagNumber ||
          (credential.rfidUid !== null &&
            key.rfidUid?.toUpperCase() === credential.rfidUid.toUpperCase()))
      );
    case 'pin':
      return (
        (key.type === 'pin' || key.type === 'custom_pin') &&
        memory.pinHashKeys.some((hashKey) => key.value === hashPin(credential.code, hashKey))
      );
    case 'mkey':
      return (
        key.type === 'mkey' && credential.standing === 'good' && key.value === credential.mkeyId
      );
    case 'wallet':
      return key.type === 'wallet' && key.value === credential.passId;
    case 'license_plate':
      return false;
    default:
      return assertNever(credential);
  }
}

function isValid(
  key: OfflineKey,
  {
    memory,
    privacy,
    now,
  }: { readonly memory: OfflineMemory; readonly privacy: boolean; readonly now: Date },
): boolean {
  if (privacy && !key.overridePrivacyMode) return false;
  if (key.expiresAt !== null && now.getTime() >= Date.parse(key.expiresAt)) return false;
  if (key.schedules === null) return true;
  return coveringSchedule(key.schedules, { timeZone: memory.timeZone, at: now }) !== null;
}

/**
 * The entry of something the lock decided alone, told to the hub later: detail is always `offline`; a key that would have opened
 * with the hub there is `lock_offline` (12.2). The question is asked of the table as it is when the record arrives.
 */
export function decisionOfOfflineRecord(
  question: Question,
  { opened }: { readonly opened: boolean },
): Decision {
  const online = decide({
    ...question,
    door: { ...question.door, keypadLockedOut: false, tagRegistration: false },
    presentation: { ...question.presentation, heldMs: 0 },
    serverGoneSince: null,
  });
  if (opened) {
    return {
      ...online,
      category: 'lock_opened',
      detail: 'offline',
      rejectReason: null,
      act: 'open',
      check: online.check === 3 ? 3 : 18,
    };
  }
  const rejectReason = online.act === 'refuse' ? online.rejectReason : 'lock_offline';
  return {
    ...online,
    category: 'lock_rejected',
    detail: 'offline',
    rejectReason,
    act: 'refuse',
    matched: null,
  };
}
