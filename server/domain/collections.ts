import { ApiError } from '#contract/api-error';
import type { PatchCollectionRequest, PostCollectionRequest } from '#contract/collections';
import { countryHint, countryOf } from '#contract/countries';
import type { CollectionId, TagId } from '#contract/ids';
import type { ListOptions } from '#contract/odata';
import { spanSeconds } from '#contract/time-text';
import type { Actor, Audit } from '#server/events/audit';
import type { Ids } from '#server/runtime/ids';
import {
  deleteCollection,
  findCollection,
  holdCollection,
  holdCollectionWhole,
  insertCollection,
  isCollectionInUse,
  listCollections,
  updateCollection,
  type CollectionRow,
} from '#server/store/collections';
import type { ListResult } from '#server/store/list';
import type { Database } from '#server/store/pool';
import { inTransaction, readScope, type Scope, type WriteScope } from '#server/store/scope';
import { findTag } from '#server/store/tags';
import type { Static } from 'typebox';
import type { DesiredState } from './desired-state.ts';
import { timeZone } from './time-zone.ts';
import { createValueFaults } from './value-faults.ts';
import { vendorReference } from './vendors.ts';

export type PostCollection = Required<Static<typeof PostCollectionRequest>>;
export type PatchCollection = Static<typeof PatchCollectionRequest>;

export type Collections = {
  /** VALUE_INVALID (404) when the tenant has none of that id. */
  get(actor: Actor, id: CollectionId): Promise<CollectionRow>;
  list(actor: Actor, options: ListOptions): Promise<ListResult<CollectionRow>>;
  /** VALUE_INVALID: id taken, country, zone, retention, vendor or master key not allowed. */
  create(actor: Actor, body: PostCollection): Promise<CollectionRow>;
  update(actor: Actor, id: CollectionId, body: PatchCollection): Promise<CollectionRow>;
  /** OPERATION_NOT_ALLOWED while anything names it, unless forced (core-api.md 10). */
  remove(actor: Actor, id: CollectionId, rule: { readonly force: boolean }): Promise<void>;
};

type Parts = {
  readonly database: Database;
  readonly audit: Audit;
  readonly clock: { now(): Date };
  readonly ids: Ids;
  readonly desiredState: DesiredState;
};

/** core-api.md 7.5: absent = 90 days; 1 to 3650 days. */
const defaultTtlSeconds = 90 * 86_400;
const ttlDays = { least: 1, most: 3650 };

export function createCollections({
  database,
  audit,
  clock,
  ids,
  desiredState,
}: Parts): Collections {
  return {
    get: (actor, id) => getCollection(readScope(database, actor.tenantId), id),
    list: (actor, options) => listCollections(readScope(database, actor.tenantId), options),

    create: (actor, body) =>
      inTransaction({ database, tenantId: actor.tenantId }, async (scope) => {
        const id = (body.id ?? ids.next()) as CollectionId;
        const checked = await checkMembers(scope, body);
        const isInserted = await insertCollection(scope, {
          id,
          customer_reference: body.customer_reference,
          country_code: checked.country_code ?? null,
          time_zone: checked.time_zone ?? null,
          masterkey_id: body.masterkey_id,
          default_installer_company_id: body.installer_company_id,
          sync_mkey: body.sync_mkey,
          store_entry_events: body.store_entry_events,
          store_incident_events: body.store_incident_events,
          store_lam_audits: body.store_lam_audits,
          store_events_ttl_seconds: checked.store_events_ttl_seconds ?? defaultTtlSeconds,
          vendor_references: checked.vendor_references ?? ['sallis'],
          created_at: clock.now(),
        });
        if (!isInserted)
          throw new ApiError('VALUE_INVALID', { parameter: 'id', reason: 'It is taken.' });
        const fact = { action: 'collection.create', objectType: 'collection', objectId: id };
        const after = await getCollection(scope, id);
        audit.record(scope, actor, { ...fact, collectionId: id, after });
        return after;
      }),

    update: (actor, id, body) =>
      inTransaction({ database, tenantId: actor.tenantId }, async (scope) => {
        const before = await getCollection(scope, id);
        const checked = await checkMembers(scope, body);
        await updateCollection(scope, id, { ...body, ...checked });
        await desiredState.refresh(scope, { collectionIds: [id] });
        const fact = { action: 'collection.update', objectType: 'collection', objectId: id };
        const after = await getCollection(scope, id);
        audit.record(scope, actor, {
          ...fact,
          collectionId: id,
          detail: changed(body),
          before,
          after,
        });
        return after;
      }),

    remove: (actor, id, { force }) =>
      inTransaction({ database, tenantId: actor.tenantId }, async (scope) => {
        if (!(await holdCollectionWhole(scope, id))) throw noCollection();
        if (!force && (await isCollectionInUse(scope, id)))
          throw new ApiError('OPERATION_NOT_ALLOWED', {
            reason:
              'Hardware, tags, accessors or groups belong to the collection; send force=true.',
          });
        const before = await getCollection(scope, id);
        await deleteCollection(scope, id);
        await desiredState.refresh(scope, { collectionIds: [id] });
        const fact = { action: 'collection.delete', objectType: 'collection', objectId: id };
        audit.record(scope, actor, { ...fact, collectionId: id, before });
      }),
  };
}

/** The collection of a path. VALUE_INVALID (404) when the tenant has none of that id. */
export async function getCollection(scope: Scope, id: CollectionId): Promise<CollectionRow> {
  const row = await findCollection(scope, id);
  if (row === undefined) throw noCollection();
  return row;
}

/** What a path's collection that names nothing is answered with. */
export function noCollection(): ApiError {
  return new ApiError('VALUE_INVALID', { parameter: 'collection_id', case: 'path_id' });
}

/**
 * A collection named in a body, which cannot be deleted before the transaction ends; null stays null. VALUE_INVALID when the
 * tenant has none of that id.
 */
export async function collectionOfBody(
  scope: WriteScope,
  id: string | null,
): Promise<CollectionId | null> {
  if (id === null) return null;
  const collectionId = id as CollectionId;
  if (!(await holdCollection(scope, collectionId)))
    throw new ApiError('VALUE_INVALID', {
      parameter: 'collection_id',
      reason: 'Nothing has this id.',
    });
  return collectionId;
}

/** The names of the members sent, for the audit log: names, never values. */
export function changed(body: Readonly<Record<string, unknown>>): string {
  return Object.keys(body).sort().join(', ');
}

type Checked = {
  readonly country_code?: string | null;
  readonly time_zone?: string | null;
  readonly store_events_ttl_seconds?: number;
  readonly vendor_references?: readonly string[];
};

async function checkMembers(scope: Scope, body: PatchCollection): Promise<Checked> {
  const faults = createValueFaults();
  const { country_code, time_zone, store_events_ttl, vendor_compatibility, masterkey_id } = body;
  if (typeof masterkey_id === 'string')
    await faults.checkStored(() => checkMasterKey(scope, masterkey_id as TagId));
  const country = ifSent(country_code, (code) => faults.check(() => countryCode(code)));
  const zone = ifSent(time_zone, (name) =>
    name === null ? null : faults.check(() => timeZone(name)),
  );
  const seconds = ifSent(store_events_ttl, (span) => faults.check(() => ttl(span)));
  const references = await ifSent(vendor_compatibility, (names) =>
    faults.checkStored(() => vendors(scope, names)),
  );
  faults.raise();
  return {
    ...(country === undefined ? {} : { country_code: country }),
    ...(zone === undefined ? {} : { time_zone: zone }),
    ...(seconds === undefined ? {} : { store_events_ttl_seconds: seconds }),
    ...(references === undefined ? {} : { vendor_references: references }),
  };
}

function ifSent<Sent, Read>(sent: Sent | undefined, read: (sent: Sent) => Read): Read | undefined {
  return sent === undefined ? undefined : read(sent);
}

async function checkMasterKey(scope: Scope, id: TagId): Promise<void> {
  if ((await findTag(scope, id)) === undefined)
    throw new ApiError('VALUE_INVALID', {
      parameter: 'masterkey_id',
      reason: 'Nothing has this id.',
    });
}

/** A code of ISO 3166 alpha-2 in capitals. VALUE_INVALID for anything else. */
export function countryCode(sent: string | null): string | null {
  if (sent === null) return null;
  const code = countryOf(sent);
  if (code === null)
    throw new ApiError('VALUE_INVALID', { parameter: 'country_code', reason: countryHint });
  return code;
}

function ttl(sent: string | null): number {
  if (sent === null) return defaultTtlSeconds;
  const seconds = spanSeconds(sent);
  if (seconds < ttlDays.least * 86_400 || seconds > ttlDays.most * 86_400)
    throw new ApiError('VALUE_INVALID', {
      parameter: 'store_events_ttl',
      reason: `Allowed are ${ttlDays.least} to ${ttlDays.most} days.`,
    });
  return seconds;
}

async function vendors(scope: Scope, sent: readonly string[] | null): Promise<readonly string[]> {
  const named = (sent ?? []).filter((reference) => reference.trim() !== '');
  if (named.length === 0) return ['sallis'];
  const references = new Set<string>();
  for (const reference of named)
    references.add(
      await vendorReference(scope, { sent: reference, parameter: 'vendor_compatibility' }),
    );
  return [...references];
}
