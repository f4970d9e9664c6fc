/**
 * A collection goes from one tenant of the installation to another (behaviour.md 20): hardware, tags, rights, events and ids
 * move, the former tenant sees 404. Its people come along (0241); phone certificates and the audit log stay (docs/decisions/0137).
 */
import type { AccessorId, HubId, UserId } from '#contract/ids';
import type { Actor, Audit } from '#server/events/audit';
import type { Ids } from '#server/runtime/ids';
import { findHubIds } from '#server/store/awaited-hubs';
import { findCollectionParts, readPinHashes, readPinHashKeys } from '#server/store/exports';
import { leaveSite } from '#server/store/people';
import { scopeOfOtherTenant, type WriteScope } from '#server/store/scope';
import { addFormerPinHashKeys } from '#server/store/site-imports';
import {
  copyPeople,
  findPeopleOfSite,
  findTie,
  holdBothTenants,
  moveCollection,
} from '#server/store/site-transfers';
import { listIqIds } from '#server/store/tenant-certificates';
import { holdTransferToken } from '#server/store/transfer-tokens';
import type { DesiredState } from './desired-state.ts';
import { FailedChecks, type Checks } from './migration-checks.ts';
import type { Migrated } from './site-imports.ts';
import { hashToken } from './transfer-tokens.ts';

type Parts = {
  readonly audit: Audit;
  readonly clock: { now(): Date };
  readonly ids: Ids;
  readonly desiredState: DesiredState;
};

/** MIGRATION_ABORTED: the token is unknown, used, expired or of this very tenant; something ties the collection to another. */
export async function transferSite(
  scope: WriteScope,
  { audit, clock, ids, desiredState }: Parts,
  {
    actor,
    token,
    checks,
  }: { readonly actor: Actor; readonly token: string; readonly checks: Checks },
): Promise<Migrated & { readonly hubIds: readonly HubId[] }> {
  const now = clock.now();
  const opened = await holdTransferToken(scope, hashToken(token));
  const { tenantId: to } = scope;
  const isOpen =
    opened !== undefined && opened.expiresAt.getTime() > now.getTime() && opened.tenantId !== to;
  await checks.make('token', () => (isOpen ? null : 'it opens no collection of another tenant'));
  if (!isOpen) {
    checks.leaveOut('reference_broken', 'without a token there is nothing to look at');
    throw new FailedChecks();
  }
  const { tenantId: from, collectionId } = opened;
  await holdBothTenants(scope, from);
  const former = scopeOfOtherTenant(scope, from);
  const parts = await findCollectionParts(former, collectionId);
  await checks.make('reference_broken', () => findTie(former, { collectionId, parts }));
  checks.endIfFailed();
  const hasCodes = (await readPinHashes(former, parts.accessors)).length > 0;
  // Codes lie under the former tenant's key: without it no keypad would know them.
  const keys = hasCodes ? await readPinHashKeys(former) : [];
  const people = await bringPeople(scope, ids, { from, collectionId, accessors: parts.accessors });
  const counts = await moveCollection(scope, { from, collectionId, parts, people });
  await leaveSite(former, { userIds: [...people.keys()] as UserId[], siteId: collectionId });
  await addFormerPinHashKeys(scope, { keys, now });
  await desiredState.refresh(scope, { iqIds: await listIqIds(scope), trust: true });
  // Accessors of no collection were known at every IQ of the former tenant.
  await desiredState.refresh(former, { accessorIds: parts.accessors as readonly AccessorId[] });
  const fact = { objectType: 'collection', objectId: collectionId, collectionId };
  audit.record(scope, actor, { ...fact, action: 'collection.take_over' });
  const byNobodyHere: Actor = { ...actor, tenantId: from, clientId: null, userId: null };
  audit.record(former, byNobodyHere, { ...fact, action: 'collection.hand_over' });
  const idMap = new Map([...people].filter(([before, after]) => before !== after));
  return { counts, idMap, hubIds: await findHubIds(scope, parts.iqs) };
}

/** The people of the site under their ids in the tenant that takes: those it knows by account or address, the others new. */
async function bringPeople(
  scope: WriteScope,
  ids: Ids,
  of: Parameters<typeof findPeopleOfSite>[1],
): Promise<ReadonlyMap<string, string>> {
  const people = new Map<string, string>();
  const fresh = new Map<string, string>();
  for (const { id, known_id: known, is_taken: isTaken } of await findPeopleOfSite(scope, of)) {
    const here = known ?? (isTaken ? ids.next<string>() : id);
    people.set(id, here);
    if (known === null) fresh.set(id, here);
  }
  await copyPeople(scope, { from: of.from, people: fresh });
  return people;
}
