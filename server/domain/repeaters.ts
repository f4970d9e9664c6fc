import type { Static } from 'typebox';
import { ApiError } from '#contract/api-error';
import type { CollectionId, RepeaterId } from '#contract/ids';
import type { ListOptions } from '#contract/odata';
import type { PatchRepeaterRequest, PostRepeaterRequest } from '#contract/repeaters';
import type { Actor, Audit } from '#server/events/audit';
import type { Ids } from '#server/runtime/ids';
import { isCodeInUse } from '#server/store/hardware-codes';
import type { ListResult } from '#server/store/list';
import type { Database } from '#server/store/pool';
import {
  deleteDetachedRepeater,
  findRepeater,
  insertRepeater,
  listRepeaters,
  updateRepeater,
  type RepeaterRow,
} from '#server/store/repeaters';
import { inTransaction, readScope, type Scope } from '#server/store/scope';
import type { SiteView } from '#server/store/site-locks';
import { changed, collectionOfBody } from './collections.ts';
import { hardwareCode } from './hardware-codes.ts';
import { vendorReference } from './vendors.ts';

export type PostRepeater = Required<Static<typeof PostRepeaterRequest>>;
export type PatchRepeater = Static<typeof PatchRepeaterRequest>;

export type Repeaters = {
  /** VALUE_INVALID (404) when the tenant has none of that id. */
  get(actor: Actor, id: RepeaterId): Promise<RepeaterRow>;
  /** All of the tenant, or those of a site in somebody's view. */
  list(actor: Actor, options: ListOptions, view?: SiteView): Promise<ListResult<RepeaterRow>>;
  /** REQUEST_INVALID (no code), VALUE_INVALID, ACTIVATION_CODE_INVALID (form, in use). */
  create(actor: Actor, body: PostRepeater): Promise<RepeaterRow>;
  /** VALUE_INVALID: a collection that is not that of its IQ. */
  update(actor: Actor, id: RepeaterId, body: PatchRepeater): Promise<RepeaterRow>;
  /** OPERATION_NOT_ALLOWED while it is in a tree or not detached. */
  remove(actor: Actor, id: RepeaterId): Promise<void>;
};

type Parts = {
  readonly database: Database;
  readonly audit: Audit;
  readonly clock: { now(): Date };
  readonly ids: Ids;
};

export function createRepeaters({ database, audit, clock, ids }: Parts): Repeaters {
  const scopeOf = (actor: Actor): Scope => readScope(database, actor.tenantId);

  return {
    get: (actor, id) => getRepeater(scopeOf(actor), id),
    list: (actor, options, view) => listRepeaters(scopeOf(actor), options, view),

    create: (actor, body) =>
      inTransaction({ database, tenantId: actor.tenantId }, async (scope) => {
        const { code, mac } = hardwareCode(body.activation_code);
        const collectionId = await collectionOfBody(scope, body.collection_id);
        const vendor = await vendorReference(scope, { sent: body.vendor, parameter: 'vendor' });
        const id = ids.next<RepeaterId>();
        const row = {
          id,
          mac,
          code,
          customer_reference: body.customer_reference,
          collection_id: collectionId,
          vendor_reference: vendor,
          created_at: clock.now(),
        };
        if ((await isCodeInUse(scope, code)) || !(await insertRepeater(scope, row)))
          throw new ApiError('ACTIVATION_CODE_INVALID', { reason: 'The code is in use.' });
        const after = await getRepeater(scope, id);
        audit.record(scope, actor, { ...fact('create', row), after });
        return after;
      }),

    update: (actor, id, body) =>
      inTransaction({ database, tenantId: actor.tenantId }, async (scope) => {
        const former = await getRepeater(scope, id);
        const change: { customer_reference?: string | null; collection_id?: CollectionId | null } =
          {};
        if (body.customer_reference !== undefined)
          change.customer_reference = body.customer_reference;
        if (body.collection_id !== undefined) {
          const next = await collectionOfBody(scope, body.collection_id);
          if (former.iq_id !== null && next !== former.collection_id)
            throw new ApiError('VALUE_INVALID', {
              parameter: 'collection_id',
              reason: 'The repeater is in the tree of an IQ and stays in its collection.',
            });
          change.collection_id = next;
        }
        await updateRepeater(scope, id, change);
        const row = await getRepeater(scope, id);
        audit.record(scope, actor, {
          ...fact('update', row),
          detail: changed(body),
          before: former,
          after: row,
        });
        return row;
      }),

    remove: (actor, id) =>
      inTransaction({ database, tenantId: actor.tenantId }, async (scope) => {
        const row = await getRepeater(scope, id);
        if (!(await deleteDetachedRepeater(scope, id)))
          throw new ApiError('OPERATION_NOT_ALLOWED', {
            reason: 'The repeater is in a tree or not detached.',
          });
        audit.record(scope, actor, { ...fact('delete', row), before: row });
      }),
  };
}

/** The repeater of a path. VALUE_INVALID (404) when the tenant has none of that id. */
export async function getRepeater(scope: Scope, id: RepeaterId): Promise<RepeaterRow> {
  const row = await findRepeater(scope, id);
  if (row === undefined)
    throw new ApiError('VALUE_INVALID', { parameter: 'repeater_id', case: 'path_id' });
  return row;
}

function fact(
  verb: string,
  { id, collection_id: collectionId }: Pick<RepeaterRow, 'id' | 'collection_id'>,
) {
  return { action: `repeater.${verb}`, objectType: 'repeater', objectId: id, collectionId };
}
