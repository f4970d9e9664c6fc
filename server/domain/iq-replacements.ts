/**
 * A hub that takes another's place (behaviour.md 4.8). The claim goes to the new hub first; what moves, moves in the transaction
 * that stores its acceptance, so that an IQ has exactly one hub at every moment and a hub that never answers costs nothing.
 */
import type { Static } from 'typebox';
import { ApiError } from '#contract/api-error';
import type { HubId, IqId } from '#contract/ids';
import type { ReplaceIqRequest } from '#contract/iqs';
import type { Actor, Audit } from '#server/events/audit';
import { hashHubSecret, macOfCode, readActivationCode } from '#server/gateway/activation-code';
import { wipeTopic, type Claims } from '#server/gateway/claims';
import type { Ids } from '#server/runtime/ids';
import type { Bus } from '#server/store/bus';
import {
  claimFactoryHub,
  findFactoryHubByCode,
  requestWipe,
  type FactoryHub,
} from '#server/store/factory-hubs';
import { isUpdateRunningAt } from '#server/store/firmware-updates';
import {
  beginReplacement,
  endReplacement,
  findReplaced,
  takePlace,
  type Replaced,
} from '#server/store/iq-replacements';
import { deleteIq, findIq, insertIq, lockIq, type IqRow } from '#server/store/iqs';
import type { Database } from '#server/store/pool';
import { inTransaction, readScope, type WriteScope } from '#server/store/scope';
import { holdTreeHardware } from '#server/store/tree';
import { sentCode } from './hardware-codes.ts';
import { heldIq } from './iqs.ts';
import { findLimitFault } from './tree-plan.ts';

export type ReplaceIq = Required<Static<typeof ReplaceIqRequest>>;

export type IqReplacements = {
  /**
   * Moves everything of an IQ to the hub of the code, under a new id. REQUEST_INVALID (no code), ACTIVATION_CODE_INVALID,
   * REPLACE_IQ_INVALID, IQ_ACTIVATION_FAILED (the new hub is out of reach or refuses), CCC_OPERATION_NOT_ALLOWED (an update
   * runs there).
   */
  replace(actor: Actor, id: IqId, body: ReplaceIq): Promise<IqRow>;
};

type Parts = {
  readonly database: Database;
  readonly audit: Audit;
  readonly clock: { now(): Date };
  readonly ids: Ids;
  readonly claims: Claims;
};

export function createIqReplacements(parts: Parts): IqReplacements {
  const { database, clock, ids, claims } = parts;
  return {
    async replace(actor, id, body) {
      const code = readActivationCode(sentCode(body.activation_code));
      const order: Order = {
        actor,
        formerId: id,
        code,
        isInstallation: body.is_installation,
        newId: ids.next<IqId>(),
        claimId: ids.next<string>(),
      };
      const within = { database, tenantId: actor.tenantId };
      const hubId = await inTransaction(within, (scope) => begin(scope, parts, order));
      const answer = await claims.claim(hubId, order.claimId);
      // The hub's acceptance may be landing at this very moment: then it counts.
      if (answer !== 'accepted')
        await inTransaction(within, (scope) => giveUp(scope, parts, order));
      const row = await findIq(readScope(database, actor.tenantId), order.newId, clock.now());
      if (row === undefined)
        throw new ApiError('IQ_ACTIVATION_FAILED', {
          reason: answer === 'refused' ? 'The hub refuses the claim.' : 'The hub is not connected.',
        });
      return row;
    },
  };
}

type Order = {
  readonly actor: Actor;
  readonly formerId: IqId;
  readonly newId: IqId;
  readonly claimId: string;
  /** undefined = it has not the form of a code. */
  readonly code: string | undefined;
  readonly isInstallation: boolean;
};

function invalid(reason: string): ApiError {
  return new ApiError('REPLACE_IQ_INVALID', { reason });
}

/** Checks everything and claims the new hub, so that nobody else can. */
async function begin(scope: WriteScope, { clock }: Parts, order: Order): Promise<HubId> {
  const now = clock.now();
  const former = await heldIq(scope, order.formerId, now);
  const { code } = order;
  const hub =
    code === undefined ? undefined : await findFactoryHubByCode(scope, hashHubSecret(code));
  if (code === undefined || hub === undefined) throw new ApiError('ACTIVATION_CODE_INVALID');
  checkIsFree(hub, { scope, former });
  if (await isUpdateRunningAt(scope, former.id))
    throw new ApiError('CCC_OPERATION_NOT_ALLOWED', {
      reason: 'The IQ, or a lock or repeater of it, is being updated.',
    });
  await checkFits(scope, hub, former);
  const { hubId, model, revision, limits } = hub;
  const claim = { hubId, iqId: order.newId, claimId: order.claimId };
  if (!(await claimFactoryHub(scope, claim))) throw new ApiError('ACTIVATION_CODE_INVALID');
  await insertIq(scope, {
    id: order.newId,
    hub_id: hubId,
    mac: macOfCode(code),
    customer_reference: former.customer_reference,
    collection_id: former.collection_id,
    time_zone: former.time_zone,
    subscribed: former.subscribed,
    otp_enabled: former.otp_enabled,
    is_installation: order.isInstallation,
    vendor_reference: former.vendor_reference,
    revision,
    model,
    limits,
    created_at: now,
  });
  const { clientId, userId, requestId } = order.actor;
  const asked = { client_id: clientId, user_id: userId, request_id: requestId };
  await beginReplacement(scope, order.newId, { replaced: { iq_id: former.id, ...asked }, now });
  return hubId;
}

type Sides = { readonly scope: WriteScope; readonly former: IqRow };

function checkIsFree(hub: FactoryHub, { scope, former }: Sides): void {
  if (hub.claim !== null && hub.claim.tenantId !== scope.tenantId && hub.wipeRequestedAt === null)
    throw new ApiError('ACTIVATION_CODE_INVALID');
  if (former.state === 'initialized') throw invalid('the hub has not confirmed its claim');
  if (former.is_being_replaced) throw invalid('a replacement is running');
  if (hub.hubId === former.hub_id) throw invalid('it is the same hub');
  if (hub.wipeRequestedAt !== null)
    throw new ApiError('IQ_ACTIVATION_FAILED', {
      reason: 'The hub has not been wiped since its last IQ was removed.',
    });
  if (hub.claim !== null) throw invalid('the new hub is registered already');
  if (hub.firstContactAt === null)
    throw new ApiError('IQ_ACTIVATION_FAILED', {
      reason: 'The hub has never been in contact with this server.',
    });
}

async function checkFits(scope: WriteScope, hub: FactoryHub, former: IqRow): Promise<void> {
  if (hub.vendorReference !== null && hub.vendorReference.toLowerCase() !== former.vendor_reference)
    throw invalid('the new hub is of another vendor');
  if (hub.model !== null && former.model !== null && hub.model !== former.model)
    throw invalid('the new hub is of another model generation');
  const linked = await holdTreeHardware(scope, former.id, {
    ids: [],
    collectionId: former.collection_id,
  });
  const items = linked.map(({ id, type, repeater_id: parent }) => ({
    id,
    hardware_type: type,
    parent_id: parent,
  }));
  if (findLimitFault(items, hub.limits ?? {}) !== null)
    throw invalid('the new hub holds less than the tree');
}

/** The new hub did not answer or refused: everything stays as it was, unless its acceptance was stored meanwhile. */
async function giveUp(scope: WriteScope, { audit, clock }: Parts, order: Order): Promise<void> {
  const now = clock.now();
  const { newId, formerId } = order;
  const made = await lockIq(scope, newId, now);
  if (made !== undefined && made.state !== 'initialized') return;
  const former = await lockIq(scope, formerId, now);
  await endReplacement(scope, formerId);
  if (made !== undefined) {
    await requestWipe(scope, newId, now);
    await deleteIq(scope, newId, now);
  }
  audit.record(scope, order.actor, {
    action: 'iq.replace',
    objectType: 'iq',
    objectId: formerId,
    collectionId: former?.collection_id ?? null,
    outcome: 'failed',
    detail: 'the new hub did not take the claim',
  });
}

/**
 * Moves everything to an IQ that waits for another's place, in the transaction that stores its hub's acceptance. The former
 * hub is told to wipe itself, if need be at its next contact. Nothing happens for an IQ that replaces none.
 */
export async function takeOver(
  scope: WriteScope,
  { audit, bus, clock }: Pick<Parts, 'audit' | 'clock'> & { readonly bus: Bus },
  newId: IqId,
): Promise<void> {
  const now = clock.now();
  const replaced = await findReplaced(scope, newId);
  if (replaced === undefined) return;
  const former = await lockIq(scope, replaced.iq_id, now);
  if (former === undefined) return;
  await takePlace(scope, newId, { formerId: former.id, now });
  await requestWipe(scope, former.id, now);
  await deleteIq(scope, former.id, now);
  const { hub_id: hubId } = former;
  if (hubId !== null) scope.afterCommit(() => bus.publish(wipeTopic, hubId));
  audit.record(scope, whoAsked(scope, replaced), {
    action: 'iq.replace',
    objectType: 'iq',
    objectId: newId,
    collectionId: former.collection_id,
    detail: `takes the place of ${former.id}`,
  });
}

function whoAsked({ tenantId }: WriteScope, replaced: Replaced): Actor {
  const { client_id: clientId, user_id: userId, request_id: requestId } = replaced;
  return { tenantId, clientId, userId, requestId };
}
