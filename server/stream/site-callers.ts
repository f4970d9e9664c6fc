/** Callers of our own web pages and phone app, which have no tenant, as people of the tenant whose site they listen to. */
import { hash } from 'node:crypto';
import { isUuid, nilUuid, type CollectionId, type TenantId } from '#contract/ids';
import type { Caller } from '#server/http/caller';
import { findUserId } from '#server/store/logins';
import type { Database } from '#server/store/pool';
import { findTenantOfSite } from '#server/store/site-people';
import { findTenantOfConnection } from '#server/store/stream-connections';

/**
 * The caller in the tenant of the connection `id`, or else of the site; as they are when they have a tenant, or when neither is
 * known, which is then refused as it is for everybody.
 */
export async function callerInSite(
  database: Database,
  caller: Caller,
  named: { readonly id: string | null; readonly siteId: string | null },
): Promise<Caller> {
  if (caller.tenantId !== nilUuid || caller.subject === undefined) return caller;
  const tenantId = await tenantOf(database, named);
  if (tenantId === undefined) return caller;
  const userId = await findUserId(database, { tenantId, loginId: caller.subject });
  return { ...caller, tenantId, ...(userId === undefined ? {} : { userId }) };
}

function tenantOf(
  database: Database,
  { id, siteId }: { readonly id: string | null; readonly siteId: string | null },
): Promise<TenantId | undefined> {
  if (id !== null) return findTenantOfConnection(database, hash('sha256', id, 'hex'));
  if (siteId !== null && isUuid(siteId))
    return findTenantOfSite(database, siteId.toLowerCase() as CollectionId);
  return Promise.resolve(undefined);
}
