import type { Static } from 'typebox';
import { ApiError } from '#contract/api-error';
import type { CollectionId, IqId } from '#contract/ids';
import type { PatchIqRequest, PostIqRequest } from '#contract/iqs';
import type { IqReport } from '#contract/iq-link';
import type { ListOptions } from '#contract/odata';
import type { Actor, Audit } from '#server/events/audit';
import { hashHubSecret, macOfCode, readActivationCode } from '#server/gateway/activation-code';
import type { Claims } from '#server/gateway/claims';
import { commandFailure, type CommandQueue } from '#server/gateway/commands';
import type { Clock } from '#server/runtime/clock';
import type { Ids } from '#server/runtime/ids';
import type { Bus } from '#server/store/bus';
import { findCollection } from '#server/store/collections';
import { resendDesiredState, wakeDesiredPush } from '#server/store/desired-items';
import { isUpdateRunning } from '#server/store/firmware-updates';
import {
  claimFactoryHub,
  findFactoryHubByCode,
  requestWipe,
  type FactoryHub,
} from '#server/store/factory-hubs';
import {
  deleteIq,
  findIq,
  findIqReport,
  hasHardware,
  hasLockInGroupOutside,
  insertIq,
  isSiteIq,
  listIqs,
  lockIq,
  moveTreeToCollection,
  noteRestoreAsked,
  updateIq,
  type IqChange,
  type IqRow,
} from '#server/store/iqs';
import type { ListResult } from '#server/store/list';
import type { Database } from '#server/store/pool';
import { inTransaction, readScope, type Scope, type WriteScope } from '#server/store/scope';
import type { SiteView } from '#server/store/site-locks';
import { hasRoomFor } from '#server/store/seats';
import { awaitingIqOf, claimForAwaiting } from './awaited-hubs.ts';
import { retireFormerCertificates } from './certificate-holding.ts';
import { changed, collectionOfBody } from './collections.ts';
import type { DesiredState } from './desired-state.ts';
import { sentCode } from './hardware-codes.ts';
import { writeRights, type Written } from './rights-write.ts';
import { takeIqPlace } from './seats.ts';
import { timeZone } from './time-zone.ts';
import { createValueFaults } from './value-faults.ts';
import { defaultVendor, vendorReference } from './vendors.ts';

/** A laid building brings the id its IQ is to have; the API gives none. */
export type PostIq = Required<Static<typeof PostIqRequest>> & { readonly id?: IqId };
export type PatchIq = Static<typeof PatchIqRequest>;

export type IqReading = { readonly report: IqReport | null; readonly readAt: Date };

export type Iqs = {
  /** VALUE_INVALID (404) when the tenant has none of that id. */
  get(actor: Actor, id: IqId): Promise<IqRow>;
  /** The same for an IQ that is of the site and in somebody's view. */
  getSeen(actor: Actor, view: SiteView, id: IqId): Promise<IqRow>;
  /** All of the tenant, or those of a site in somebody's view. */
  list(actor: Actor, options: ListOptions, view?: SiteView): Promise<ListResult<IqRow>>;
  /**
   * Registers a hub by its activation code and waits up to 3 s for its answer (behaviour.md 3.1, 4.1).
   * REQUEST_INVALID (no code), VALUE_INVALID, ACTIVATION_CODE_INVALID, IQ_ACTIVATION_FAILED, NO_SUBSCRIPTION (no IQ left).
   */
  create(actor: Actor, body: PostIq): Promise<IqRow>;
  /** VALUE_INVALID: zone, collection, or an OTP switched off again. */
  update(actor: Actor, id: IqId, body: PatchIq): Promise<Written<IqRow>>;
  /** DELETE_IQ_PREREQUISITES while hardware is linked to it (behaviour.md 4.10). */
  remove(actor: Actor, id: IqId): Promise<void>;
  /** What the hub last said about its radio, network and software. */
  read(actor: Actor, id: IqId): Promise<IqReading>;
  /** Asks the hub how well it hears, for at most 5 s. CCC_* and IQ_OFFLINE as core-api.md 6.8 H. */
  measureSignal(actor: Actor, id: IqId): Promise<number>;
  /** Restarts the hub's software. */
  restart(actor: Actor, id: IqId): Promise<void>;
  /** Sends tree, rights and settings again (behaviour.md 4.9). */
  restore(actor: Actor, id: IqId): Promise<IqRow>;
};

type Parts = {
  readonly database: Database;
  readonly audit: Audit;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly desiredState: DesiredState;
  readonly claims: Claims;
  readonly commands: CommandQueue;
  readonly bus: Bus;
};

/** core-api.md 7.1: how long a fresh signal strength is waited for. */
const signalWithinMs = 5_000;

export function createIqs(parts: Parts): Iqs {
  const { database, audit, clock, commands, desiredState } = parts;
  const scopeOf = (actor: Actor): Scope => readScope(database, actor.tenantId);

  return {
    get: (actor, id) => getIq(scopeOf(actor), id, clock.now()),
    async getSeen(actor, view, id) {
      const scope = scopeOf(actor);
      if (!(await isSiteIq(scope, view, id))) throw noIq();
      return getIq(scope, id, clock.now());
    },
    list: (actor, options, view) => listIqs(scopeOf(actor), options, view),
    create: (actor, body) => register(parts, actor, body),

    update: (actor, id, body) =>
      writeRights({ database, actor }, async (scope) => {
        const former = await heldIq(scope, id, clock.now());
        const change = await readChange(scope, former, body);
        const before = await getIq(scope, id, clock.now());
        await updateIq(scope, id, change);
        const collectionId = change.collection_id;
        if (collectionId !== undefined && collectionId !== former.collection_id)
          await moveTreeToCollection(scope, id, collectionId);
        await desiredState.refresh(scope, { iqIds: [id] });
        // A first subscription changes nothing of the state, only that it may be sent.
        if (change.has_been_subscribed === true && !former.has_been_subscribed)
          wakeDesiredPush(scope, id, parts.bus);
        const row = await getIq(scope, id, clock.now());
        audit.record(scope, actor, {
          ...fact('update', row),
          detail: changed(body),
          before,
          after: row,
        });
        return row;
      }),

    remove: async (actor, id) => {
      const hubId = await inTransaction({ database, tenantId: actor.tenantId }, async (scope) => {
        const row = await heldIq(scope, id, clock.now());
        if (row.is_being_replaced)
          throw new ApiError('DELETE_IQ_PREREQUISITES', { reason: 'Its replacement is running.' });
        if (await hasHardware(scope, id))
          throw new ApiError('DELETE_IQ_PREREQUISITES', {
            reason: 'Locks or repeaters are in its tree or not detached.',
          });
        if (await isUpdateRunning(scope, id))
          throw new ApiError('DELETE_IQ_PREREQUISITES', { reason: 'An update is running.' });
        const before = await getIq(scope, id, clock.now());
        await deleteIq(scope, id, clock.now());
        await requestWipe(scope, id, clock.now());
        audit.record(scope, actor, { ...fact('delete', row), before });
        return row.hub_id;
      });
      if (hubId !== null) parts.claims.wipe(hubId);
      // It may have been the last without the newest certificate.
      await retireFormerCertificates(parts, actor.tenantId);
    },

    async read(actor, id) {
      const found = await findIqReport(scopeOf(actor), id);
      if (found === undefined) throw noIq();
      return { report: found.report, readAt: found.report_at ?? clock.now() };
    },

    async measureSignal(actor, id) {
      const iq = await getIq(scopeOf(actor), id, clock.now());
      checkReachable(iq);
      const body = { kind: 'signal_refresh' } as const;
      const run = commands.run({ ...order(actor, id), body });
      const result = await within(run, { clock, ms: signalWithinMs });
      if (result === undefined) throw new ApiError('CCC_COMMAND_FAILED', { word: 'timeout' });
      const failure = commandFailure(result);
      if (failure !== undefined) throw failure;
      if (result.state === 'confirmed' && result.outcome.iq !== undefined)
        return result.outcome.iq.signal_strength;
      return (await getIq(scopeOf(actor), id, clock.now())).signal_strength;
    },

    async restart(actor, id) {
      const iq = await getIq(scopeOf(actor), id, clock.now());
      checkReachable(iq);
      const queued = await inTransaction({ database, tenantId: actor.tenantId }, (scope) => {
        audit.record(scope, actor, fact('restart', iq));
        return commands.enqueue(scope, { ...order(actor, id), body: { kind: 'restart' } });
      });
      const failure = commandFailure(await queued.start());
      if (failure !== undefined) throw failure;
    },

    restore: (actor, id) =>
      inTransaction({ database, tenantId: actor.tenantId }, async (scope) => {
        const iq = await heldIq(scope, id, clock.now());
        checkReachable(iq);
        await noteRestoreAsked(scope, id, clock.now());
        await desiredState.refresh(scope, { iqIds: [id] });
        scope.afterCommit(() => resendDesiredState(id, parts.bus));
        audit.record(scope, actor, fact('restore', iq));
        return getIq(scope, id, clock.now());
      }),
  };
}

/** The IQ of a path. VALUE_INVALID (404) when the tenant has none of that id. */
export async function getIq(scope: Scope, id: IqId, now: Date): Promise<IqRow> {
  const row = await findIq(scope, id, now);
  if (row === undefined) throw noIq();
  return row;
}

/** The IQ of a path, held for a write. */
export async function heldIq(scope: WriteScope, id: IqId, now: Date): Promise<IqRow> {
  const row = await lockIq(scope, id, now);
  if (row === undefined) throw noIq();
  return row;
}

/**
 * What keeps every command from a hub: no claim yet (CCC_ENTITY_NOT_FOUND), a replacement (CCC_OPERATION_NOT_ALLOWED), no
 * connection (IQ_OFFLINE).
 */
export function reachFault(
  iq: Pick<IqRow, 'state' | 'online' | 'is_being_replaced'>,
): ApiError | undefined {
  if (iq.state === 'initialized') return new ApiError('CCC_ENTITY_NOT_FOUND');
  if (iq.is_being_replaced)
    return new ApiError('CCC_OPERATION_NOT_ALLOWED', { reason: 'The IQ is being replaced.' });
  return iq.online ? undefined : new ApiError('IQ_OFFLINE');
}

/** Throws what keeps every command from a hub. */
export function checkReachable(iq: Parameters<typeof reachFault>[0]): void {
  const fault = reachFault(iq);
  if (fault !== undefined) throw fault;
}

function noIq(): ApiError {
  return new ApiError('VALUE_INVALID', { parameter: 'iq_id', case: 'path_id' });
}

function order(actor: Actor, iqId: IqId) {
  return { tenantId: actor.tenantId, iqId, lockId: null, requestId: actor.requestId };
}

function fact(verb: string, iq: Pick<IqRow, 'id' | 'collection_id'>) {
  return {
    action: `iq.${verb}`,
    objectType: 'iq',
    objectId: iq.id,
    collectionId: iq.collection_id,
  };
}

/** The value, or undefined when it takes longer. */
export function within<T>(
  value: Promise<T>,
  { clock, ms }: { readonly clock: Clock; readonly ms: number },
): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const timer = clock.setTimeout(() => resolve(undefined), ms);
    value.then(
      (result) => {
        timer.cancel();
        resolve(result);
      },
      (error: unknown) => {
        timer.cancel();
        reject(error instanceof Error ? error : new Error('rejected', { cause: error }));
      },
    );
  });
}

async function register(parts: Parts, actor: Actor, body: PostIq): Promise<IqRow> {
  const { database, audit, clock, ids, claims } = parts;
  const sent = sentCode(body.activation_code);
  const claimId = ids.next<string>();
  const own = { database, tenantId: actor.tenantId };
  const { hub, id } = await inTransaction(own, async (scope) => {
    const { collectionId, zone, vendor } = await readPlace(scope, body);
    const code = readActivationCode(sent);
    const found = await freeHub(scope, { code, vendor });
    // An imported IQ that waits for this very hub is that hub's IQ, with everything it was.
    const waiting = await awaitingIqOf(scope, found);
    if (waiting !== undefined) {
      if (!(await claimForAwaiting(scope, { hub: found, iqId: waiting, claimId })))
        throw new ApiError('ACTIVATION_CODE_INVALID');
      const row = await getIq(scope, waiting, clock.now());
      audit.record(scope, actor, fact('come_home', row));
      return { hub: found, id: waiting };
    }
    if (collectionId !== null) await takeIqPlace(scope, collectionId);
    const made = body.id ?? ids.next<IqId>();
    if (!(await claimFactoryHub(scope, { hubId: found.hubId, iqId: made, claimId })))
      throw new ApiError('ACTIVATION_CODE_INVALID');
    await insertIq(scope, {
      id: made,
      hub_id: found.hubId,
      mac: code === undefined ? found.mac : macOfCode(code),
      customer_reference: body.customer_reference,
      collection_id: collectionId,
      time_zone: zone,
      subscribed: body.subscribed ?? true,
      otp_enabled: body.otp_enabled,
      is_installation: body.is_installation,
      vendor_reference: vendor,
      revision: found.revision,
      model: found.model,
      limits: found.limits,
      created_at: clock.now(),
    });
    audit.record(scope, actor, {
      ...fact('create', { id: made, collection_id: collectionId }),
      after: await getIq(scope, made, clock.now()),
    });
    return { hub: found, id: made };
  });
  const answer = await claims.claim(hub.hubId, claimId);
  if (answer === 'refused') throw new ApiError('IQ_ACTIVATION_FAILED');
  const row = await findIq(readScope(database, actor.tenantId), id, clock.now());
  // A hub that refuses at a later hello ends the claim, and the IQ with it.
  if (row === undefined) throw new ApiError('IQ_ACTIVATION_FAILED');
  return row;
}

/** Where a hub is to be and whose make it is. VALUE_INVALID for all that names nothing. */
async function readPlace(
  scope: WriteScope,
  body: Pick<PostIq, 'collection_id' | 'time_zone' | 'vendor'>,
): Promise<{ collectionId: CollectionId | null; zone: string; vendor: string }> {
  const faults = createValueFaults();
  const collectionId =
    (await faults.checkStored(() => collectionOfBody(scope, body.collection_id))) ?? null;
  const zone = await faults.checkStored(() =>
    zoneOf(scope, { sent: body.time_zone, collectionId }),
  );
  const vendor = await faults.checkStored(() =>
    vendorReference(scope, { sent: body.vendor, parameter: 'vendor' }),
  );
  faults.raise();
  return { collectionId, zone: zone ?? 'UTC', vendor: vendor ?? defaultVendor };
}

/** The hub of a code that may be claimed (behaviour.md 4.1, step 2). */
async function freeHub(
  scope: WriteScope,
  { code, vendor }: { readonly code: string | undefined; readonly vendor: string },
): Promise<FactoryHub> {
  const hub =
    code === undefined ? undefined : await findFactoryHubByCode(scope, hashHubSecret(code));
  if (hub === undefined) throw new ApiError('ACTIVATION_CODE_INVALID');
  if (hub.wipeRequestedAt !== null)
    throw new ApiError('IQ_ACTIVATION_FAILED', {
      reason: 'The hub has not been wiped since its last IQ was removed.',
    });
  if (hub.claim !== null) throw new ApiError('ACTIVATION_CODE_INVALID');
  if (hub.vendorReference !== null && hub.vendorReference.toLowerCase() !== vendor)
    throw new ApiError('ACTIVATION_CODE_INVALID', { reason: 'The hub is of another vendor.' });
  if (hub.firstContactAt === null)
    throw new ApiError('IQ_ACTIVATION_FAILED', {
      reason: 'The hub has never been in contact with this server.',
    });
  return hub;
}

/** The zone sent, else the collection's, else UTC. */
async function zoneOf(
  scope: Scope,
  { sent, collectionId }: { readonly sent: string | null; readonly collectionId: string | null },
): Promise<string> {
  if (sent !== null) return timeZone(sent);
  if (collectionId === null) return 'UTC';
  const collection = await findCollection(scope, collectionId as CollectionId);
  return collection?.time_zone ?? 'UTC';
}

async function readChange(scope: WriteScope, former: IqRow, body: PatchIq): Promise<IqChange> {
  const { collection_id, time_zone, is_installation, subscribed, ...plain } = body;
  const faults = createValueFaults();
  if (body.otp_enabled === false && former.otp_enabled)
    faults.add(
      new ApiError('VALUE_INVALID', {
        parameter: 'otp_enabled',
        reason: 'It cannot be switched off again.',
      }),
    );
  const zone = time_zone === undefined ? undefined : faults.check(() => timeZone(time_zone));
  const collectionId =
    collection_id === undefined
      ? undefined
      : await faults.checkStored(() => newCollection(scope, former, collection_id));
  faults.raise();
  return {
    ...plain,
    ...(zone === undefined ? {} : { time_zone: zone }),
    ...(subscribed === undefined ? {} : { subscribed }),
    ...(subscribed === true ? { has_been_subscribed: true } : {}),
    ...(collectionId === undefined ? {} : { collection_id: collectionId }),
    ...(is_installation === false ? released(former) : {}),
  };
}

async function newCollection(
  scope: WriteScope,
  former: IqRow,
  sent: string | null,
): Promise<CollectionId | null> {
  const next = await collectionOfBody(scope, sent);
  if (next !== former.collection_id && (await hasLockInGroupOutside(scope, former.id, next)))
    throw new ApiError('VALUE_INVALID', {
      parameter: 'collection_id',
      reason: 'A lock of the IQ is in an access group of another collection.',
    });
  if (next === null || next === former.collection_id) return next;
  if (!(await hasRoomFor(scope, next, 'iq_amount')))
    throw new ApiError('VALUE_INVALID', {
      parameter: 'collection_id',
      reason: 'The collection has all the IQs it may have.',
    });
  return next;
}

function released(former: IqRow): IqChange {
  return {
    is_installation: false,
    ...(former.state === 'installation' ? { state: 'active' } : {}),
  };
}
