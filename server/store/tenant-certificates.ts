/** Which version of the tenant certificate each IQ has proven to hold. */
import type { AccessorId, IqId } from '#contract/ids';
import type { Scope, WriteScope } from './scope.ts';

export type CertificateHolder = {
  readonly iq_id: IqId;
  readonly is_synced: boolean;
  readonly is_online: boolean;
  /** The tenant certificate may be sent to it (behaviour.md 4.2). */
  readonly may_send: boolean;
};

const newest = `(select max(version) from tenant_keys where tenant_id = $1 and purpose = 'certificate')`;

/** The IQs of the tenant, or those of them with these ids. */
export function listCertificateHolders(
  scope: Scope,
  iqIds: readonly IqId[] | null,
): Promise<CertificateHolder[]> {
  return scope.query<CertificateHolder>(
    `select id as iq_id, online as is_online, has_been_subscribed as may_send,
       coalesce(certificate_version = ${newest}, false) as is_synced
     from iqs where tenant_id = $1 and ($2::uuid[] is null or id = any ($2)) order by created_at, id`,
    [scope.tenantId, iqIds],
  );
}

/**
 * Notes what the hub's version of its table says about the tenant certificate it holds. True = it holds another one than was
 * noted before, and that is the newest.
 */
export async function noteCertificateHeld(
  scope: WriteScope,
  iqId: IqId,
  tableVersion: number,
): Promise<boolean> {
  const rows = await scope.query<{ is_newest: boolean }>(
    `with held as (
       select case when $3::bigint = 0 then null
                   when d.version <= $3 and $3 <= q.desired_version then (d.value->>'version')::int
                   else q.certificate_version end as version
       from iqs q join desired_items d on d.tenant_id = q.tenant_id and d.iq_id = q.id and d.key = 'trust'
       where q.tenant_id = $1 and q.id = $2)
     update iqs q set certificate_version = held.version from held
     where q.tenant_id = $1 and q.id = $2 and q.certificate_version is distinct from held.version
     returning coalesce(held.version = ${newest}, false) as is_newest`,
    [scope.tenantId, iqId, tableVersion],
    'certificate_held_note',
  );
  return rows[0]?.is_newest === true;
}

/** IQs that know an accessor and lack the newest tenant certificate, at most `most`. */
export async function findIqsWithoutCertificate(
  scope: Scope,
  { accessorId, most }: { readonly accessorId: AccessorId; readonly most: number },
): Promise<IqId[]> {
  const rows = await scope.query<{ id: IqId }>(
    `select q.id from iqs q
     join desired_items d on d.tenant_id = q.tenant_id and d.iq_id = q.id and d.key = 'accessor/' || $2::text
       and d.value is not null
     where q.tenant_id = $1 and q.certificate_version is distinct from ${newest} order by q.id limit $3`,
    [scope.tenantId, accessorId, most],
  );
  return rows.map((row) => row.id);
}

/** Every IQ of the tenant. */
export async function listIqIds(scope: Scope): Promise<IqId[]> {
  const rows = await scope.query<{ id: IqId }>(
    'select id from iqs where tenant_id = $1 order by id',
    [scope.tenantId],
  );
  return rows.map((row) => row.id);
}
