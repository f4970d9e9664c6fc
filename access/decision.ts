/**
 * The access decision (behaviour.md 8), pure: table, door, credential and time in, answer out. The hub opens by it, the server
 * explains by it. Checks are numbered as in the specification and the first that fires ends it. Check 1, the maintenance card,
 * never comes here: it is no presentation but an act of its own at the lock (4.5).
 */
import { assertNever } from '#contract/assert-never';
import type { AccessBy, EntryCategory, RejectReason } from '#contract/events';
import type { Credential, Presentation } from './presentation.ts';
import { coveringSchedule, compileSchedule } from './schedules.ts';
import type { AccessTable, Holding, TableLock } from './table.ts';

/** What the hub knows of the door at this moment. */
export type DoorState = {
  readonly officeMode: 'none' | 'easy' | 'manual';
  readonly privacy: boolean;
  readonly tagRegistration: boolean;
  readonly keypadLockedOut: boolean;
};

export type Act =
  | 'open'
  | 'office_mode_start'
  | 'office_mode_end'
  | 'easy_office_mode_start'
  | 'easy_office_mode_end'
  | 'refuse'
  | 'learn_tag';

export type CheckNumber =
  2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 | 11 | 12 | 13 | 14 | 15 | 16 | 17 | 18;

export type Decision = {
  readonly check: CheckNumber;
  /** null = no entry is written. */
  readonly category: EntryCategory | null;
  readonly detail: string | null;
  readonly accessorId: string | null;
  readonly keyId: string | null;
  readonly accessBy: AccessBy;
  readonly accessDetail: string;
  readonly rejectReason: RejectReason | null;
  readonly exitRequested: boolean;
  readonly act: Act;
  /** The group and schedule that gave the right; null for exits, refusals and the master key. */
  readonly matched: { readonly groupId: string; readonly scheduleId: string } | null;
};

export type Question = {
  /** null = the hub cannot read its table: everything but exits is refused. */
  readonly table: AccessTable | null;
  readonly lockId: string;
  readonly door: DoorState;
  readonly presentation: Presentation;
  readonly now: Date;
  /** UTC instant of the last contact while the server is out of reach; null = in contact. */
  readonly serverGoneSince: Date | null;
  /** Who holds it, where that is known otherwise: a keypad code cannot be read back from its hash. Absent = by the table. */
  readonly holders?: readonly Holding[];
};

/** A credential held longer than this asks for manual office mode (7.3). */
export const holdForOfficeModeMs = 5_000;

type Shown = { readonly accessBy: AccessBy; readonly accessDetail: string };

/** Decides what a door does with what was presented to it. */
export function decide(question: Question): Decision {
  const { table, door, presentation } = question;
  const { what } = presentation;
  if (what.type === 'exit') return exitDecision();
  const shown = shownAs(what);
  if (door.tagRegistration && what.type === 'tag') return learnDecision(shown);
  if (door.keypadLockedOut && what.type === 'pin') {
    return refusal({ ...shown, check: 4, detail: null, rejectReason: 'keypad_locked' });
  }
  if (!table?.settings) {
    return refusal({ ...shown, check: 5, detail: 'no_access', rejectReason: 'hub_table_damaged' });
  }
  const holdings = question.holders ?? table.findHoldings(what);
  if (holdings.length === 0) {
    return refusal({ ...shown, check: 5, detail: 'no_access', rejectReason: 'unknown_credential' });
  }
  // Several holdings are one person's accessors (5.1): one granted is enough, else the refusal that came furthest tells most.
  // Equals go by id, since the order in which a hub was told of them is not that of the server.
  const answers = holdings.map((holding) => decideFor(holding, { table, question }));
  return answers.reduce((best, answer) => (isBetter(answer, best) ? answer : best));
}

function isBetter(answer: Decision, best: Decision): boolean {
  if ((answer.act === 'refuse') !== (best.act === 'refuse')) return answer.act !== 'refuse';
  if (answer.act === 'refuse' && answer.check !== best.check) return answer.check > best.check;
  return idsOf(answer) < idsOf(best);
}

function idsOf({ accessorId, keyId }: Decision): string {
  return `${accessorId ?? ''} ${keyId ?? ''}`;
}

/** The same for one of those who hold what was presented: checks 6 to 18. */
export function decideFor(
  holding: Holding,
  { table, question }: { readonly table: AccessTable; readonly question: Question },
): Decision {
  const { accessor, key } = holding;
  const { door, now, presentation } = question;
  const what = presentation.what as Credential;
  const lock = table.locks.get(question.lockId);
  const known = {
    ...shownAs(what, holding),
    accessorId: accessor.id,
    keyId: key.id,
  };
  const no = (check: CheckNumber, rejectReason: RejectReason, detail: string | null): Decision =>
    refusal({ ...known, check, rejectReason, detail });

  if (isForeign(holding, table)) return no(6, 'foreign_tag', 'no_access');
  if (key.expires_at !== null && now.getTime() >= Date.parse(key.expires_at)) {
    return no(7, 'key_expired', 'expired');
  }
  if (what.type === 'mkey' && what.standing === 'expired') return no(7, 'key_expired', 'expired');
  if (key.blocked) return no(8, 'key_blocked', 'blocked');
  if (accessor.blocked) return no(9, 'accessor_blocked', 'blocked');
  if (accessor.suspended) return no(10, 'suspended', 'suspended');
  if (what.type === 'pin' && !accessor.use_pin) return no(11, 'credential_not_allowed', null);
  if (what.type === 'license_plate' && lock?.item.license_plate_camera !== true) {
    return no(11, 'credential_not_allowed', null);
  }

  const isMaster = isMasterKey(holding, table);
  const right = rightAt({ table, holding, lock, now });
  if (!isMaster) {
    if (
      isOfflineValidityOver(table, question) &&
      lock?.item.offline_key_ids.includes(key.id) !== true
    ) {
      return no(12, 'offline_validity_over', 'offline');
    }
    if (right.result === 'not_in_group') return no(12, 'not_in_group', 'no_access');
    if (right.result === 'no_schedule') return no(13, 'no_schedule', 'no_access');
    if (right.result === 'outside_schedule') return no(14, 'outside_schedule', 'out_of_schedule');
  }
  if (door.privacy && !accessor.override_privacy_mode) return no(15, 'privacy_mode', null);

  const granted = {
    ...known,
    rejectReason: null,
    exitRequested: false,
    matched: right.result === 'granted' ? right.matched : null,
  };
  if (presentation.heldMs > holdForOfficeModeMs && accessor.toggle_manual_office_mode) {
    const isStart = door.officeMode === 'none';
    return {
      ...granted,
      check: 16,
      category: 'office_mode',
      detail: isStart ? 'start' : 'end',
      act: isStart ? 'office_mode_start' : 'office_mode_end',
    };
  }
  if (mayToggleEasyOfficeMode({ table, lock, door, now }) && accessor.toggle_easy_office_mode) {
    const isStart = door.officeMode === 'none';
    return {
      ...granted,
      check: 17,
      category: 'easy_office_mode',
      detail: isStart ? 'start' : 'end',
      act: isStart ? 'easy_office_mode_start' : 'easy_office_mode_end',
    };
  }
  return { ...granted, check: 18, category: 'lock_opened', detail: null, act: 'open' };
}

function isForeign({ key }: Holding, table: AccessTable): boolean {
  const settings = table.settings;
  if (!settings || settings.tags_from_other_sites) return false;
  // An IQ of no collection has no "other" one.
  return (
    key.collection_id !== null &&
    settings.collection_id !== null &&
    key.collection_id !== settings.collection_id
  );
}

function isMasterKey({ key }: Holding, table: AccessTable): boolean {
  return key.type === 'tag' && key.credential_id === table.settings?.masterkey_tag_id;
}

function isOfflineValidityOver(table: AccessTable, { now, serverGoneSince }: Question): boolean {
  const hours = table.settings?.offline_validity_hours ?? null;
  if (hours === null || serverGoneSince === null) return false;
  return now.getTime() - serverGoneSince.getTime() > hours * 3_600_000;
}

type Right =
  | { readonly result: 'granted'; readonly matched: NonNullable<Decision['matched']> }
  | { readonly result: 'not_in_group' | 'no_schedule' | 'outside_schedule' };

function rightAt({
  table,
  holding,
  lock,
  now,
}: {
  readonly table: AccessTable;
  readonly holding: Holding;
  readonly lock: TableLock | undefined;
  readonly now: Date;
}): Right {
  const timeZone = table.settings?.time_zone ?? 'UTC';
  let result: Exclude<Right['result'], 'granted'> = 'not_in_group';
  for (const groupId of holding.accessor.group_ids) {
    if (lock?.groupIds.has(groupId) !== true) continue;
    const schedules = table.groups.get(groupId)?.schedules ?? [];
    const schedule = coveringSchedule(schedules, { timeZone, at: now });
    if (schedule) return { result: 'granted', matched: { groupId, scheduleId: schedule.id } };
    if (schedules.length > 0) result = 'outside_schedule';
    else if (result === 'not_in_group') result = 'no_schedule';
  }
  return { result };
}

function mayToggleEasyOfficeMode({
  table,
  lock,
  door,
  now,
}: {
  readonly table: AccessTable;
  readonly lock: TableLock | undefined;
  readonly door: DoorState;
  readonly now: Date;
}): boolean {
  const schedule = lock?.item.easy_office_mode;
  // Manual office mode ends by hold or by call only (7.3); a plain credential logs an opening.
  if (!schedule || schedule.eom_auto_start || door.officeMode === 'manual') return false;
  const timeZone = table.settings?.time_zone ?? 'UTC';
  return coveringSchedule([compileSchedule(schedule)], { timeZone, at: now }) !== null;
}

function shownAs(what: Credential, holding?: Holding): Shown {
  switch (what.type) {
    case 'tag':
      return {
        accessBy: 'tag',
        accessDetail: holding?.key.value ?? what.tagNumber ?? what.rfidUid ?? '',
      };
    case 'pin':
      return { accessBy: 'pin_code', accessDetail: '' };
    case 'mkey':
      return { accessBy: 'mkey', accessDetail: '' };
    case 'wallet':
      return { accessBy: 'wallet', accessDetail: '' };
    case 'license_plate':
      return { accessBy: 'license_plate', accessDetail: what.plate };
    default:
      return assertNever(what);
  }
}

function refusal(
  why: Shown & {
    readonly check: CheckNumber;
    readonly detail: string | null;
    readonly rejectReason: RejectReason;
    readonly accessorId?: string;
    readonly keyId?: string;
  },
): Decision {
  return {
    accessorId: null,
    keyId: null,
    ...why,
    category: 'lock_rejected',
    exitRequested: false,
    act: 'refuse',
    matched: null,
  };
}

function exitDecision(): Decision {
  return {
    check: 3,
    category: 'lock_opened',
    detail: null,
    accessorId: null,
    keyId: null,
    accessBy: 'inside_handle',
    accessDetail: '',
    rejectReason: null,
    exitRequested: true,
    act: 'open',
    matched: null,
  };
}

function learnDecision(shown: Shown): Decision {
  return {
    ...shown,
    check: 2,
    category: null,
    detail: null,
    accessorId: null,
    keyId: null,
    rejectReason: null,
    exitRequested: false,
    act: 'learn_tag',
    matched: null,
  };
}
