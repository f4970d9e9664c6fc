/** Opening a door from afar, and its office mode (behaviour.md 7.1): the checks stand in the order of the specification. */
import type { Static } from 'typebox';
import { compileSchedule, coveringSchedule } from '#access/schedules';
import { ApiError } from '#contract/api-error';
import type { AccessorId, LockId } from '#contract/ids';
import type { LockingRequest } from '#contract/locks';
import type { Actor, AuditFact } from '#server/events/audit';
import { commandFailure, type CommandQueue, type CommandResult } from '#server/gateway/commands';
import type { Clock } from '#server/runtime/clock';
import type { CommandBody } from '#server/store/commands';
import {
  findLockingFacts,
  listRightSchedules,
  setLockedState,
  sharesGroup,
  type LockingFacts,
} from '#server/store/lockings';
import type { LockRow } from '#server/store/locks';
import type { Database } from '#server/store/pool';
import { inTransaction, readScope, type Scope, type WriteScope } from '#server/store/scope';
import { within } from './iqs.ts';
import { getLock, lockFact, noLock } from './locks.ts';
import {
  checkOtp,
  noOtpNeeded,
  sentOtp,
  settled,
  type OtpParts,
  type Refused,
} from './otp-checks.ts';

export type SentLocking = Required<Static<typeof LockingRequest>>;
type Wanted = 'unlocked' | 'office_mode' | 'locked';

/** By whose rules a door is opened. */
export type LockingRules = {
  /** Which members a one-time code needs, where the IQ wants one. */
  readonly readOtp: typeof sentOtp;
  /** Whether the accessor must have remote access. */
  readonly asksRemoteAccess: boolean;
  /** Whether a group must give the lock to the accessor, schedules aside. */
  readonly asksGroup: boolean;
  /** Whether the roles of the caller open nothing from afar. */
  readonly isBarred: boolean;
};

/** A program acts for the tenant and names the accessor (core-api.md 4). */
const programRules: LockingRules = {
  readOtp: sentOtp,
  asksRemoteAccess: true,
  asksGroup: false,
  isBarred: false,
};

export type Lockings = {
  /**
   * Does what `locked_state` asks and answers the lock as it is then. VALUE_INVALID, REQUEST_INVALID and NOT_FOUND (a needed
   * accessor or code left out), OPERATION_NOT_ALLOWED, CCC_* and IQ_OFFLINE.
   */
  lock(actor: Actor, id: LockId, body: SentLocking, rules?: LockingRules): Promise<LockRow>;
};

type Parts = OtpParts & {
  readonly database: Database;
  readonly clock: Clock;
  readonly commands: CommandQueue;
};

/** behaviour.md 7.1: how long office mode is waited for before it is shown as pending. */
const officeModeWithinMs = 2_000;

export function createLockings(parts: Parts): Lockings {
  const { database, clock } = parts;

  return {
    async lock(actor, id, body, rules = programRules) {
      const read = readScope(database, actor.tenantId);
      const facts = await findLockingFacts(read, id, {
        accessorId: body.accessor_id,
        now: clock.now(),
      });
      if (facts === undefined) throw noLock();
      const wanted = wantedState(body);
      if (body.accessor_id !== null && facts.accessor_id === null)
        throw new ApiError('VALUE_INVALID', {
          parameter: 'accessor_id',
          reason: 'Nothing has this id.',
        });
      const otp = rules.readOtp({ otp_enabled: facts.otp_enabled }, body);
      if (body.validate_access && body.accessor_id === null)
        throw new ApiError('REQUEST_INVALID', { reason: 'The accessor_id field is required.' });
      const hasGroup =
        !rules.asksGroup ||
        (facts.accessor_id !== null && (await sharesGroup(read, id, facts.accessor_id)));
      const order: Order = { actor, id, wanted, body, facts, otp, rules, hasGroup };
      if (wanted === 'unlocked' && otp === null) return open(read, parts, order);
      const queued = await settled({ database, actor }, (scope) => send(scope, parts, order));
      if (queued === null) return getLock(read, id, clock.now());
      return wanted === 'office_mode'
        ? awaitOfficeMode(read, parts, { ...order, end: queued.start() })
        : awaitEnd(read, parts, { ...order, end: queued.start() });
    },
  };
}

type Order = {
  readonly actor: Actor;
  readonly id: LockId;
  readonly wanted: Wanted;
  readonly body: SentLocking;
  readonly facts: LockingFacts;
  readonly otp: { readonly accessorId: AccessorId; readonly otp: string } | null;
  readonly rules: LockingRules;
  /** False where a group is asked for and there is none. */
  readonly hasGroup: boolean;
};

/** VALUE_INVALID for what is no wish: `none`, `uncertain`. */
export function wantedState({ locked_state: wanted }: Pick<SentLocking, 'locked_state'>): Wanted {
  if (wanted === 'none' || wanted === 'uncertain')
    throw new ApiError('VALUE_INVALID', {
      parameter: 'locked_state',
      reason: 'Ask for unlocked, office_mode or locked.',
    });
  return wanted;
}

/**
 * An opening that writes nothing but the command and its record: one statement in place of a transaction, and the lock is
 * read while the end is stored.
 */
async function open(read: Scope, parts: Parts, order: Order): Promise<LockRow> {
  const { database, clock, commands, audit } = parts;
  const { actor, id } = order;
  const barred = doorFault(order) ?? hubFault(order) ?? (await rightFault(read, parts, order));
  const queued =
    barred ??
    (await commands
      .enqueueAlone(
        { ...requestOf(order), tenantId: actor.tenantId },
        audit.alongside(actor, sentFact(order)),
      )
      .catch(notable));
  if (queued instanceof ApiError) {
    await inTransaction({ database, tenantId: actor.tenantId }, async (scope) =>
      refused(scope, parts, { order, refusal: queued }),
    );
    throw queued;
  }
  let row: Promise<LockRow> | undefined;
  const heard = (): void => {
    row = getLock(read, id, clock.now());
    // A failure is told by whoever awaits it; after a refusal nobody does.
    row.catch(() => undefined);
  };
  const result = await queued.start({ heard });
  await settleEnd(read, parts, { order, result });
  return asReported(await (row ?? getLock(read, id, clock.now())), result);
}

/** A failure of the queue that leaves a record. A broken store of commands takes none, and ends a transaction. */
function notable(error: unknown): ApiError {
  if (error instanceof ApiError && error.error !== 'CCC_FAILED') return error;
  throw error;
}

/** The refusal, with its record. */
function refused(
  scope: WriteScope,
  { audit }: Parts,
  { order, refusal }: { readonly order: Order; readonly refusal: ApiError },
): Refused {
  audit.record(scope, order.actor, {
    ...sentFact(order),
    outcome: 'refused',
    detail: `${order.wanted}: ${refusal.code} ${refusal.detail.word ?? ''}`.trim(),
  });
  return { refusal };
}

/** Everything after the form of the request, in one transaction; null = the lock is in that state already. */
async function send(scope: WriteScope, parts: Parts, order: Order) {
  const { actor, wanted, facts } = order;
  const unfit = doorFault(order);
  if (unfit !== undefined) return refused(scope, parts, { order, refusal: unfit });
  const otp =
    order.otp === null
      ? noOtpNeeded
      : await checkOtp(
          scope,
          { ...parts, actor },
          {
            ...order.otp,
            iqId: requestOf(order).iqId,
            command: `lock.locking ${wanted}`,
            mayBeInactive: false,
          },
        );
  if (otp.refusal !== undefined) return otp;
  const barred = hubFault(order) ?? (await rightFault(scope, parts, order));
  if (barred !== undefined) return refused(scope, parts, { order, refusal: barred });
  if (isThere(wanted, facts)) return null;
  await otp.spend();
  const queued = await queue(scope, parts, order).catch(notable);
  return queued instanceof ApiError ? refused(scope, parts, { order, refusal: queued }) : queued;
}

/** The lock at an IQ, and the accessor named. */
function doorFault(order: Order): ApiError | undefined {
  const { facts } = order;
  const isLinked = facts.iq_link_state === 'attached' || facts.iq_link_state === 'detached_pending';
  if (!isLinked) return failed('not_attached');
  return accessorFault(order) ?? (facts.iq_id === null ? failed('not_attached') : undefined);
}

function failed(word: string): ApiError {
  return new ApiError('CCC_COMMAND_FAILED', { word });
}

function accessorFault({ body, facts, rules, hasGroup }: Order): ApiError | undefined {
  if (body.accessor_id === null && !rules.asksGroup) return undefined;
  const reason = facts.blocked
    ? 'The accessor is blocked.'
    : facts.suspended
      ? 'The accessor is suspended.'
      : rules.isBarred || (rules.asksRemoteAccess && !facts.remote_access)
        ? 'The accessor has no remote access.'
        : hasGroup
          ? undefined
          : 'No group gives the lock to the accessor.';
  return reason === undefined ? undefined : new ApiError('OPERATION_NOT_ALLOWED', { reason });
}

/** Why an IQ takes no door command at all: not claimed, not subscribed, in installation, to be restored, being replaced (behaviour.md 7.1). */
export function readinessFault({
  iq_state: state,
  subscribed,
  restore_required: isRestoreRequired,
  is_being_replaced: isBeingReplaced,
}: Pick<LockingFacts, 'iq_state' | 'subscribed' | 'restore_required' | 'is_being_replaced'>):
  ApiError | undefined {
  if (state === null || state === 'initialized') return new ApiError('CCC_ENTITY_NOT_FOUND');
  const reason =
    subscribed !== true
      ? 'The IQ is not subscribed.'
      : state === 'installation'
        ? 'The IQ is in installation.'
        : isRestoreRequired === true
          ? 'The IQ must be restored first.'
          : isBeingReplaced
            ? 'The IQ is being replaced.'
            : undefined;
  return reason === undefined ? undefined : new ApiError('CCC_OPERATION_NOT_ALLOWED', { reason });
}

/** IQ claimed, ready and online, lock online, privacy mode. */
function hubFault({ facts, wanted }: Order): ApiError | undefined {
  const unready = readinessFault(facts);
  if (unready !== undefined) return unready;
  if (facts.is_updating)
    return new ApiError('CCC_OPERATION_NOT_ALLOWED', { reason: 'An update is running.' });
  if (facts.iq_online !== true) return new ApiError('IQ_OFFLINE');
  if (!facts.lock_online) return failed('lock_offline');
  if (facts.privacy_mode && wanted !== 'locked' && !facts.override_privacy_mode)
    return failed('privacy_mode');
  return undefined;
}

/** Groups and schedules, only where the call or the site asks for them. */
async function rightFault(
  scope: Scope,
  { clock }: Parts,
  { id, body, facts }: Order,
): Promise<ApiError | undefined> {
  const { accessor_id: accessorId, time_zone: timeZone } = facts;
  const isAsked = body.validate_access || facts.checks_schedule;
  if (!isAsked || accessorId === null || timeZone === null) return undefined;
  const schedules = (await listRightSchedules(scope, id, accessorId)).map(compileSchedule);
  return coveringSchedule(schedules, { timeZone, at: clock.now() }) === null
    ? failed('access_denied')
    : undefined;
}

/** Repeating a state has no effect; an open door in office mode may still be opened. */
function isThere(wanted: Wanted, { locked_state: state }: LockingFacts): boolean {
  return wanted === 'office_mode'
    ? state === 'office_mode'
    : wanted === 'locked' && state === 'locked';
}

const kinds = {
  unlocked: 'open',
  office_mode: 'office_mode_start',
  locked: 'office_mode_end',
} as const;

/** To the IQ of a door without a `doorFault`. */
function requestOf({ actor, id, wanted, facts }: Order) {
  const { iq_id: iqId } = facts;
  if (iqId === null) throw failed('not_attached');
  const body: CommandBody = {
    kind: kinds[wanted],
    lock_id: id,
    accessor_id: facts.accessor_id,
    override_privacy_mode: facts.override_privacy_mode,
    access_by: 'remote',
    access_detail: '',
  };
  return { iqId, lockId: id, body, requestId: actor.requestId };
}

function sentFact({ id, wanted, facts }: Order): AuditFact {
  const lock = { id, collectionId: facts.collection_id, accessorId: facts.accessor_id };
  return { ...lockFact('locking', lock), detail: wanted };
}

async function queue(scope: WriteScope, { audit, clock, commands }: Parts, order: Order) {
  const { actor, id, wanted } = order;
  const queued = await commands.enqueue(scope, requestOf(order));
  const at = clock.now();
  if (wanted === 'office_mode') await setLockedState(scope, id, { to: 'office_mode_pending', at });
  if (wanted === 'locked') await setLockedState(scope, id, { to: 'locked_pending', at });
  audit.record(scope, actor, sentFact(order));
  return queued;
}

type Sent = Order & { readonly end: Promise<CommandResult> };

/** The pending state is shown when the lock has not confirmed within 2 s; what comes later is written behind it. */
async function awaitOfficeMode(read: Scope, parts: Parts, order: Sent): Promise<LockRow> {
  const settledEnd = order.end.then(async (result) => {
    await settleEnd(read, parts, { order, result });
    return result;
  });
  // After 2 s nobody is told of a failure any more; it is written into the lock's state.
  const result = await within(settledEnd, { clock: parts.clock, ms: officeModeWithinMs });
  const row = await getLock(read, order.id, parts.clock.now());
  return result === undefined ? row : asReported(row, result);
}

async function awaitEnd(read: Scope, parts: Parts, order: Sent): Promise<LockRow> {
  const result = await order.end;
  await settleEnd(read, parts, { order, result });
  return asReported(await getLock(read, order.id, parts.clock.now()), result);
}

/** The lock's own report is written beside the way of the answer, and one from before may be written just then. */
function asReported(row: LockRow, result: CommandResult): LockRow {
  const reported = result.state === 'confirmed' ? result.outcome.lock?.locked_state : undefined;
  return reported === undefined ? row : { ...row, locked_state: reported };
}

/** Brings the state shown in line with the end of the command; throws what the caller is told. */
async function settleEnd(
  read: Scope,
  { clock }: Parts,
  { order, result }: { readonly order: Order; readonly result: CommandResult },
): Promise<void> {
  const { id, wanted, facts } = order;
  const at = clock.now();
  const pending =
    wanted === 'office_mode' ? (['office_mode_pending'] as const) : (['locked_pending'] as const);
  const failure = commandFailure(result);
  if (failure === undefined) {
    // An opening leaves the state as it is: the lock goes on showing `locked`.
    if (wanted !== 'unlocked') await setLockedState(read, id, { to: wanted, when: pending, at });
    return;
  }
  if (result.state === 'unknown') await setLockedState(read, id, { to: 'uncertain', at });
  else if (wanted === 'locked' && result.state === 'refused')
    await setLockedState(read, id, { to: 'uncertain', when: pending, at });
  else if (wanted !== 'unlocked')
    await setLockedState(read, id, { to: facts.locked_state, when: pending, at });
  throw failure;
}
