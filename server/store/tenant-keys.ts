/** Keys of a tenant by version: those of its signer with the tenant's certificate, and that of its mobile keys. */
import type { TenantId } from '#contract/ids';
import type { Scope, WriteScope } from './scope.ts';

export type KeyPurpose = 'certificate' | 'mobile_key';

export type TenantKey = {
  readonly version: number;
  /** Sealed PKCS 8; null where an outside signer keeps the key. */
  readonly privateSealed: Buffer | null;
  /** DER SubjectPublicKeyInfo. */
  readonly publicKey: Buffer;
  /** DER X.509; null for keys of mobile keys. */
  readonly certificate: Buffer | null;
};

type Row = {
  version: number;
  private_sealed: Buffer | null;
  public_key: Buffer;
  certificate: Buffer | null;
};

/** How long a superseded version stays trusted at most (behaviour.md 20). */
export const formerTrustDays = 30;

/** The versions of a purpose that are trusted, newest first. */
export async function listTrustedKeys(
  scope: Scope,
  { purpose, now }: { readonly purpose: KeyPurpose; readonly now: Date },
): Promise<TenantKey[]> {
  const rows = await scope.query<Row>(
    `select version, private_sealed, public_key, certificate from tenant_keys
     where tenant_id = $1 and purpose = $2 and retired_at is null
       and (superseded_at is null or superseded_at > $3::timestamptz - make_interval(days => $4))
     order by version desc`,
    [scope.tenantId, purpose, now, formerTrustDays],
    'tenant_keys_trusted',
  );
  return rows.map((row) => ({
    version: row.version,
    privateSealed: row.private_sealed,
    publicKey: row.public_key,
    certificate: row.certificate,
  }));
}

/** Key space of the advisory lock below; the second half is the tenant. */
const keysLock = 0x0cae;

/** Lets one transaction at a time make or retire keys of the tenant. */
export async function holdTenantKeys(scope: WriteScope): Promise<void> {
  await scope.query('select pg_advisory_xact_lock($2, hashtext($1::text))', [
    scope.tenantId,
    keysLock,
  ]);
}

/**
 * Adds the next version, which supersedes those before it; versions superseded for longer than they are trusted retire. The
 * caller holds the tenant's keys. Gives the version.
 */
export async function insertTenantKey(
  scope: WriteScope,
  key: Omit<TenantKey, 'version'> & { readonly purpose: KeyPurpose; readonly now: Date },
): Promise<number> {
  await scope.query(
    `update tenant_keys set superseded_at = coalesce(superseded_at, $3),
       retired_at = case when superseded_at <= $3::timestamptz - make_interval(days => $4) then $3 end
     where tenant_id = $1 and purpose = $2 and retired_at is null`,
    [scope.tenantId, key.purpose, key.now, formerTrustDays],
  );
  const [row] = await scope.query<{ version: number }>(
    `insert into tenant_keys (tenant_id, purpose, version, private_sealed, public_key, certificate, created_at)
     select $1, $2, coalesce(max(version), 0) + 1, $3, $4, $5, $6 from tenant_keys where tenant_id = $1 and purpose = $2
     returning version`,
    [scope.tenantId, key.purpose, key.privateSealed, key.publicKey, key.certificate, key.now],
  );
  return row?.version ?? 0;
}

/**
 * Retires superseded versions of the tenant certificate once no IQ is without the newest (behaviour.md 20). IQs that were
 * never given anything hold no former one either. The caller holds the tenant's keys. True = some were retired.
 */
export async function retireFormerKeys(scope: WriteScope, now: Date): Promise<boolean> {
  const rows = await scope.query(
    `with newest as (
       select max(version) as version from tenant_keys where tenant_id = $1 and purpose = 'certificate')
     update tenant_keys set retired_at = $2
     where tenant_id = $1 and purpose = 'certificate' and superseded_at is not null and retired_at is null
       and not exists (select 1 from iqs q, newest where q.tenant_id = $1 and q.has_been_subscribed
         and q.state <> 'initialized' and q.certificate_version is distinct from newest.version)
     returning version`,
    [scope.tenantId, now],
  );
  return rows.length > 0;
}

/** Bus topic that says an IQ of the tenant has proven to hold the newest tenant certificate; the payload is its id. */
export function certificateTopic(tenantId: TenantId): string {
  return `certificate:${tenantId}`;
}
