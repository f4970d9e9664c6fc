/**
 * Why a door decides what it decides. The answer is that of access/, put to the items the server sends to the hub behind the
 * lock, so that cloud and door cannot disagree; and put once more to what that hub has proven to hold, so that the difference
 * shows while a change is on its way.
 */
import type { DoorState, Question } from '#access/decision';
import { explain, explainAlone, explained, type Explanation } from '#access/explanation';
import { decisionOfOfflineRecord, type MemoryLimits } from '#access/offline';
import { hashPin } from '#access/pins';
import type { Credential } from '#access/presentation';
import { pinHashKeysOf, tableOf, type AccessTable, type Holding } from '#access/table';
import { ApiError } from '#contract/api-error';
import { assertNever } from '#contract/assert-never';
import type { CollectionId, IqId, KeyId, LockId } from '#contract/ids';
import type { KeyType } from '#contract/keys';
import type { Actor } from '#server/events/audit';
import type { Clock } from '#server/runtime/clock';
import type { Database } from '#server/store/pool';
import { readScope, type Scope } from '#server/store/scope';
import {
  findStrangers,
  findWhyDoor,
  findWhyEntry,
  findWhyHolders,
  findWhyKey,
  listGroupNames,
  listWhyItems,
  type WhyDoor,
  type WhyEntry,
  type WhyItem,
  type WhyKey,
  type WhySearch,
} from '#server/store/why';
import { ruleOf } from './why-text.ts';

/** What is held to the door. */
export type WhyCredential =
  | { readonly by: 'key_id'; readonly keyId: KeyId }
  | { readonly by: 'tag'; readonly tagNumber: string | null; readonly rfidUid: string | null }
  | { readonly by: 'pin'; readonly code: string }
  | { readonly by: 'license_plate'; readonly plate: string };

export type WhyQuestion = {
  readonly lockId: LockId;
  readonly credential: WhyCredential;
  /** null = at once, with the door as it is. */
  readonly at: Date | null;
  readonly isHeld: boolean;
  /** null = as the lock reports it, or off at another time than now. */
  readonly privacy: boolean | null;
  readonly isLockAlone: boolean;
  /** null = as it is, or in contact at another time than now. */
  readonly iqOfflineSince: Date | null;
};

/** A decision with the names its answer needs. */
export type Told = {
  readonly explanation: Explanation;
  readonly at: Date;
  readonly lockId: LockId;
  readonly iqId: IqId;
  readonly groupNames: ReadonlyMap<string, string | null>;
  /** Accessors of other sites, who are not named. */
  readonly strangers: ReadonlySet<string>;
};

export type WhyAnswer = Told & {
  readonly isIqOnline: boolean;
  /** What the hub has not proven to hold. */
  readonly waiting: readonly WhyItem[];
  /** By what it has proven to hold; null = it has proven nothing. */
  readonly atDoor: Explanation | null;
};

export type EntryWhyAnswer = {
  readonly entry: WhyEntry;
  readonly changedSince: readonly WhyItem[];
  readonly iqId: IqId | null;
  readonly isCertain: boolean;
  /** null = the question cannot be put again. */
  readonly today: Told | null;
};

export type Why = {
  /**
   * NOT_FOUND: the lock is not of the site, or the key of nobody there. OPERATION_NOT_ALLOWED: the lock hangs on no hub, so
   * that no table of rights decides.
   */
  ask(actor: Actor, siteId: CollectionId, question: WhyQuestion): Promise<WhyAnswer>;
  /** NOT_FOUND: no such entry of the site that may be shown. */
  askEntry(actor: Actor, siteId: CollectionId, entryId: string): Promise<EntryWhyAnswer>;
};

type Parts = { readonly database: Database; readonly clock: Clock };

export function createWhy({ database, clock }: Parts): Why {
  return {
    async ask(actor, siteId, question) {
      const scope = readScope(database, actor.tenantId);
      const now = clock.now();
      const { lockId } = question;
      const door = await findWhyDoor(scope, lockId, { collectionId: siteId, now });
      if (door === undefined) throw new ApiError('NOT_FOUND', { thing: 'Lock' });
      const { iq_id: iqId, proven } = door;
      if (iqId === null || !door.is_attached)
        throw new ApiError('OPERATION_NOT_ALLOWED', {
          reason: 'The lock hangs on no IQ: no table of rights decides there.',
        });
      const shown = await readShown(scope, { siteId, iqId, proven, question });
      const accessorIds = await findWhyHolders(scope, iqId, shown.search);
      const items = await listWhyItems(scope, iqId, { lockId, accessorIds, proven });
      const at = question.at ?? now;
      const put = (table: AccessTable): Explanation => {
        const asked: Question = {
          table,
          lockId,
          door: doorOf(door, question),
          presentation: { what: shown.what, heldMs: question.isHeld ? heldLongMs : 0 },
          now: at,
          serverGoneSince: goneSince(door, question),
          ...(shown.key === null ? {} : { holders: holdersOf(table, shown.key) }),
        };
        return question.isLockAlone ? explainAlone(asked, limitsOf(door)) : explain(asked);
      };
      const explanation = put(tableOf(items.filter(({ value }) => value !== null)));
      return {
        ...(await told(scope, siteId, { explanation, at, lockId, iqId })),
        isIqOnline: door.iq_online,
        waiting: items.filter(({ isHeld }) => !isHeld),
        atDoor: proven === 0 ? null : put(heldTable(items)),
      };
    },

    async askEntry(actor, siteId, entryId) {
      const scope = readScope(database, actor.tenantId);
      const now = clock.now();
      const entry = await findWhyEntry(scope, entryId, { collectionId: siteId, now });
      if (entry === undefined) throw new ApiError('NOT_FOUND', { thing: 'Entry' });
      const unasked = { entry, changedSince: [], iqId: null, isCertain: false, today: null };
      const { lock_id: lockId, utc_date_time: at } = entry;
      const shown = shownIn(entry);
      if (lockId === null || shown === null) return unasked;
      const door = await findWhyDoor(scope, lockId, { collectionId: siteId, now });
      if (door === undefined || door.iq_id === null || !door.is_attached) return unasked;
      const { iq_id: iqId, proven } = door;
      const holders = await findWhyHolders(scope, iqId, shown.search);
      const named = entry.accessor_id === null ? [] : [entry.accessor_id];
      const accessorIds = [...new Set([...holders, ...named])];
      const items = await listWhyItems(scope, iqId, { lockId, accessorIds, proven });
      const table = tableOf(items.filter(({ value }) => value !== null));
      const explanation = againAt(table, { entry, lockId, what: shown.what });
      const changedSince = items.filter(({ changed_at }) => changed_at > at);
      return {
        entry,
        iqId,
        changedSince,
        isCertain: changedSince.length === 0 && isAlike(entry, explanation),
        today: await told(scope, siteId, { explanation, at, lockId, iqId }),
      };
    },
  };
}

/** behaviour.md 7.3: held longer than 5 s. */
const heldLongMs = 6_000;

type Shown = {
  readonly what: Credential;
  readonly search: WhySearch;
  /** A key named by its relation; null = by what a reader reports. */
  readonly key: WhyKey | null;
};

async function readShown(
  scope: Scope,
  {
    siteId,
    iqId,
    proven,
    question: { credential, lockId },
  }: {
    readonly siteId: CollectionId;
    readonly iqId: IqId;
    readonly proven: number;
    readonly question: WhyQuestion;
  },
): Promise<Shown> {
  switch (credential.by) {
    case 'key_id': {
      const key = await findWhyKey(scope, credential.keyId, siteId);
      if (key === undefined) throw new ApiError('NOT_FOUND', { thing: 'Key' });
      const search = { types: [key.key_type], values: [key.value], rfidUid: null };
      return { what: presented(key), search, key };
    }
    case 'tag': {
      const { tagNumber, rfidUid } = credential;
      const values = tagNumber === null ? [] : [tagNumber];
      const search: WhySearch = { types: ['tag'], values, rfidUid };
      return { what: { type: 'tag', tagNumber, rfidUid }, search, key: null };
    }
    case 'pin': {
      const { code } = credential;
      const items = await listWhyItems(scope, iqId, { lockId, accessorIds: [], proven });
      const { settings } = tableOf(items.filter(({ value }) => value !== null));
      const values = pinHashKeysOf(settings).map((hashKey) => hashPin(code, hashKey));
      const search: WhySearch = { types: ['pin', 'custom_pin'], values, rfidUid: null };
      return { what: { type: 'pin', code }, search, key: null };
    }
    case 'license_plate': {
      const { plate } = credential;
      const search: WhySearch = { types: ['license_plate'], values: [plate], rfidUid: null };
      return { what: { type: 'license_plate', plate }, search, key: null };
    }
    default:
      return assertNever(credential);
  }
}

function presented({ key_type: type, value }: WhyKey): Credential {
  switch (type) {
    case 'tag':
      return { type: 'tag', tagNumber: value, rfidUid: null };
    case 'pin':
    case 'custom_pin':
      return { type: 'pin', code: '' };
    case 'mkey':
      return { type: 'mkey', standing: 'good', mkeyId: value };
    case 'wallet':
      return { type: 'wallet', passId: value };
    case 'license_plate':
      return { type: 'license_plate', plate: value };
    default:
      return assertNever(type);
  }
}

/** Everybody in the table who holds the same credential. */
function holdersOf(table: AccessTable, { key_type: type, value }: WhyKey): readonly Holding[] {
  return [...table.accessors.values()].flatMap((accessor) =>
    accessor.keys
      .filter((key) => key.type === type && key.value === value)
      .map((key) => ({ accessor, key })),
  );
}

function heldTable(items: readonly WhyItem[]): AccessTable {
  return tableOf(
    items.filter(({ held }) => held !== null).map(({ key, held }) => ({ key, value: held })),
  );
}

function doorOf(door: WhyDoor, { at, privacy }: WhyQuestion): DoorState {
  const isNow = at === null;
  return {
    officeMode: isNow && door.is_in_office_mode ? 'manual' : 'none',
    privacy: privacy ?? (isNow && door.privacy_mode),
    tagRegistration: isNow && door.registers_tags,
    // Only the hub knows how often somebody guessed.
    keypadLockedOut: false,
  };
}

function goneSince(door: WhyDoor, { at, iqOfflineSince }: WhyQuestion): Date | null {
  if (iqOfflineSince !== null) return iqOfflineSince;
  return at === null && !door.iq_online ? door.iq_last_seen_at : null;
}

/** What a lock can hold (behaviour.md 12.2): PINs need a keypad and the radio of `rf_net`. */
function limitsOf(door: WhyDoor): MemoryLimits {
  return {
    offlineKeyLimit: door.offline_key_limit ?? 0,
    holdsSchedules: door.holds_schedules,
    holdsPins: door.communication_type === 'rf_net' && door.lock_type.endsWith('_pin'),
  };
}

/** What somebody held to the door, as far as the entry tells; null = nobody did, or nobody can say what. */
function shownIn({ access_by, access_detail, accessor_id, reject_reason }: WhyEntry): {
  readonly what: Credential;
  readonly search: WhySearch;
} | null {
  const of = (types: readonly KeyType[], values: readonly string[] = []): WhySearch => ({
    types,
    values,
    rfidUid: null,
  });
  const detail = access_detail ?? '';
  switch (access_by) {
    case 'tag':
      return {
        what: { type: 'tag', tagNumber: detail, rfidUid: detail },
        search: { ...of(['tag'], [detail]), rfidUid: detail },
      };
    case 'license_plate':
      return {
        what: { type: 'license_plate', plate: detail },
        search: of(['license_plate'], [detail]),
      };
    case 'pin_code':
      return accessor_id && { what: { type: 'pin', code: '' }, search: of([]) };
    case 'mkey': {
      const standing = reject_reason === 'key_expired' ? 'expired' : 'good';
      return accessor_id && { what: { type: 'mkey', standing, mkeyId: '' }, search: of([]) };
    }
    case 'wallet':
      return accessor_id && { what: { type: 'wallet', passId: '' }, search: of([]) };
    case 'remote':
    case 'inside_handle':
    case 'schedule':
    case null:
      return null;
    default:
      return assertNever(access_by);
  }
}

const typesShown = {
  pin: ['pin', 'custom_pin'],
  mkey: ['mkey'],
  wallet: ['wallet'],
} as const satisfies Partial<Record<Credential['type'], readonly KeyType[]>>;

/** The same door again by the rules of today, in the state of which the entry tells. */
function againAt(
  table: AccessTable,
  {
    entry,
    lockId,
    what,
  }: { readonly entry: WhyEntry; readonly lockId: LockId; readonly what: Credential },
): Explanation {
  const { reject_reason: reason, event_detail: detail, event_category: category } = entry;
  const at = entry.utc_date_time;
  const hours = table.settings?.offline_validity_hours ?? null;
  const isOver = reason === 'offline_validity_over' && hours !== null;
  const types: readonly KeyType[] | null =
    what.type === 'tag' || what.type === 'license_plate' ? null : typesShown[what.type];
  const holders = [...table.accessors.values()]
    .filter(({ id }) => id === entry.accessor_id)
    .flatMap((accessor) =>
      accessor.keys
        .filter((key) => types?.includes(key.type) === true)
        .map((key) => ({ accessor, key })),
    );
  const question: Question = {
    table: reason === 'hub_table_damaged' ? null : table,
    lockId,
    door: {
      officeMode: detail === 'end' ? 'easy' : 'none',
      privacy: reason === 'privacy_mode',
      tagRegistration: false,
      keypadLockedOut: reason === 'keypad_locked',
    },
    presentation: { what, heldMs: category === 'office_mode' ? heldLongMs : 0 },
    now: at,
    serverGoneSince: isOver ? new Date(at.getTime() - hours * 3_600_000 - 1) : null,
    ...(types === null ? {} : { holders }),
  };
  if (detail !== 'offline' || reason === 'offline_validity_over') return explain(question);
  const opened = category === 'lock_opened';
  return explained(question, decisionOfOfflineRecord(question, { opened }));
}

function isAlike(entry: WhyEntry, { decision }: Explanation): boolean {
  return (
    decision.rejectReason === entry.reject_reason &&
    decision.category === entry.event_category &&
    decision.accessorId === entry.accessor_id &&
    ruleOf(decision) !== 'tag_registration'
  );
}

async function told(
  scope: Scope,
  siteId: CollectionId,
  about: Pick<Told, 'explanation' | 'at' | 'lockId' | 'iqId'>,
): Promise<Told> {
  const { holders } = about.explanation;
  const groupIds = holders.flatMap(({ groups }) => groups.map(({ groupId }) => groupId));
  return {
    ...about,
    groupNames: await listGroupNames(scope, groupIds),
    strangers: await findStrangers(
      scope,
      holders.map(({ accessorId }) => accessorId),
      siteId,
    ),
  };
}
