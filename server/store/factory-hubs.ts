/**
 * The factory register: every hub that has called home or was imported, and who holds the claim on it. It belongs to no
 * tenant, so its calls take statements that run anywhere: a transaction of a tenant, or `registerStatements`.
 */
import type { HubId, IqId, TenantId } from '#contract/ids';
import type { Frame } from '#contract/iq-link';
import type { Database } from './pool.ts';
import type { Scope, WriteScope } from './scope.ts';

/** Statements inside or outside a transaction. */
export type Statements = Pick<Scope, 'query'>;

/** Statements on the register outside a transaction, each committed by itself. */
export function registerStatements(database: Database): Statements {
  return {
    async query(text, values, name) {
      const query = { text, values: [...values] };
      const result = await database.pool.query(name === undefined ? query : { name, ...query });
      return result.rows;
    },
  };
}

export type FactoryHub = {
  readonly hubId: HubId;
  /** SHA-256 of the activation code in upper case, 64 hex digits. */
  readonly codeHash: string;
  readonly mac: string;
  readonly model: string | null;
  readonly revision: string | null;
  readonly vendorReference: string | null;
  readonly limits: Frame<'hello'>['limits'] | null;
  /** null = it has never called home. */
  readonly firstContactAt: Date | null;
  readonly lastContactAt: Date | null;
  readonly claim: {
    readonly tenantId: TenantId;
    readonly iqId: IqId;
    readonly claimId: string;
    readonly confirmedAt: Date | null;
  } | null;
  /** SHA-256 of the credential of the claim, 64 hex digits; null = none was handed out. */
  readonly credentialHash: string | null;
  readonly wipeRequestedAt: Date | null;
};

type Row = {
  hub_id: HubId;
  code_hash: string;
  mac: string;
  model: string | null;
  revision: string | null;
  vendor_reference: string | null;
  limits: Frame<'hello'>['limits'] | null;
  first_contact_at: Date | null;
  last_contact_at: Date | null;
  claimed_tenant_id: TenantId | null;
  claimed_iq_id: IqId | null;
  claim_id: string | null;
  claim_confirmed_at: Date | null;
  credential_hash: string | null;
  wipe_requested_at: Date | null;
};

function fromRow(row: Row): FactoryHub {
  const { claimed_tenant_id: tenantId, claimed_iq_id: iqId, claim_id: claimId } = row;
  return {
    hubId: row.hub_id,
    codeHash: row.code_hash,
    mac: row.mac,
    model: row.model,
    revision: row.revision,
    vendorReference: row.vendor_reference,
    limits: row.limits,
    firstContactAt: row.first_contact_at,
    lastContactAt: row.last_contact_at,
    claim:
      tenantId === null || iqId === null || claimId === null
        ? null
        : { tenantId, iqId, claimId, confirmedAt: row.claim_confirmed_at },
    credentialHash: row.credential_hash,
    wipeRequestedAt: row.wipe_requested_at,
  };
}

async function findOne(
  statements: Statements,
  where: string,
  value: string,
): Promise<FactoryHub | undefined> {
  const rows = await statements.query<Row>(
    `select * from factory_hubs where ${where} = $1`,
    [value],
    `factory-hub-by-${where}`,
  );
  const [row] = rows;
  return row === undefined ? undefined : fromRow(row);
}

export function findFactoryHub(
  statements: Statements,
  hubId: HubId,
): Promise<FactoryHub | undefined> {
  return findOne(statements, 'hub_id', hubId);
}

/** Finds a hub by the SHA-256 of its activation code (`codeHash` of contract-free form: see gateway/admission.ts). */
export function findFactoryHubByCode(
  statements: Statements,
  codeHash: string,
): Promise<FactoryHub | undefined> {
  return findOne(statements, 'code_hash', codeHash);
}

/**
 * Enters a hub that calls home with its activation code. A free entry of the same code under another id (an imported list,
 * a hub whose disk was replaced) takes this hub's id. False = the code belongs to a claimed hub of another id.
 */
export async function registerFactoryHub(
  statements: Statements,
  hub: {
    readonly hubId: HubId;
    readonly codeHash: string;
    readonly mac: string;
    readonly now: Date;
  },
): Promise<boolean> {
  const rows = await statements.query(
    `insert into factory_hubs as held (hub_id, code_hash, mac, first_contact_at, last_contact_at)
       values ($1, $2, $3, $4, $4)
       on conflict (code_hash) do update
          set hub_id = excluded.hub_id, last_contact_at = excluded.last_contact_at,
              first_contact_at = coalesce(held.first_contact_at, excluded.first_contact_at)
        where held.hub_id = excluded.hub_id or held.claimed_iq_id is null
       returning 1`,
    [hub.hubId, hub.codeHash, hub.mac, hub.now],
    'factory-hub-register',
  );
  return rows.length > 0;
}

/** Notes what a hub says about itself in its hello. */
export async function noteFactoryHello(
  statements: Statements,
  hubId: HubId,
  { hello, now }: { readonly hello: Frame<'hello'>; readonly now: Date },
): Promise<void> {
  await statements.query(
    `update factory_hubs set mac = $2, model = $3, revision = $4, vendor_reference = $5, limits = $6,
            last_contact_at = $7, first_contact_at = coalesce(first_contact_at, $7)
      where hub_id = $1`,
    [hubId, hello.mac, hello.model, hello.revision, hello.vendor, hello.limits, now],
    'factory-hub-hello',
  );
}

/** Claims a free hub for an IQ of the tenant; false = somebody holds it, or there is no such hub. */
export async function claimFactoryHub(
  scope: WriteScope,
  claim: { readonly hubId: HubId; readonly iqId: IqId; readonly claimId: string },
): Promise<boolean> {
  const rows = await scope.query(
    `update factory_hubs set claimed_tenant_id = $1, claimed_iq_id = $3, claim_id = $4,
            claim_confirmed_at = null, credential_hash = null, wipe_requested_at = null
      where hub_id = $2 and claimed_iq_id is null
      returning 1`,
    [scope.tenantId, claim.hubId, claim.iqId, claim.claimId],
  );
  return rows.length > 0;
}

/** Sets the credential of an open claim; false = the claim is confirmed, gone or another. */
export async function setClaimCredential(
  statements: Statements,
  claim: { readonly hubId: HubId; readonly claimId: string; readonly credentialHash: string },
): Promise<boolean> {
  const rows = await statements.query(
    `update factory_hubs set credential_hash = $3
      where hub_id = $1 and claim_id = $2 and claim_confirmed_at is null and wipe_requested_at is null
      returning 1`,
    [claim.hubId, claim.claimId, claim.credentialHash],
  );
  return rows.length > 0;
}

/** Confirms a claim with the credential that the hub holds; false = it was confirmed already, is gone or another. */
export async function confirmClaim(
  statements: Statements,
  claim: {
    readonly hubId: HubId;
    readonly claimId: string;
    readonly credentialHash: string | null;
    readonly now: Date;
  },
): Promise<boolean> {
  const rows = await statements.query(
    `update factory_hubs set claim_confirmed_at = $3, credential_hash = $4
      where hub_id = $1 and claim_id = $2 and claim_confirmed_at is null
      returning 1`,
    [claim.hubId, claim.claimId, claim.now, claim.credentialHash],
  );
  return rows.length > 0;
}

/**
 * The IQ is deleted or replaced: its hub must wipe itself before its code works again (behaviour.md 4.1). A hub that never
 * confirmed the claim holds nothing and is free at once.
 */
export async function requestWipe(scope: WriteScope, iqId: IqId, now: Date): Promise<void> {
  await scope.query(
    `update factory_hubs set
            wipe_requested_at = case when claim_confirmed_at is null then null else $3::timestamptz end,
            claimed_tenant_id = case when claim_confirmed_at is null then null else claimed_tenant_id end,
            claimed_iq_id = case when claim_confirmed_at is null then null else claimed_iq_id end,
            claim_id = case when claim_confirmed_at is null then null else claim_id end,
            credential_hash = case when claim_confirmed_at is null then null else credential_hash end
      where claimed_tenant_id = $1 and claimed_iq_id = $2`,
    [scope.tenantId, iqId, now],
  );
}

/** Frees a hub that has wiped itself; false = no wipe was asked for. */
export async function freeWipedHub(statements: Statements, hubId: HubId): Promise<boolean> {
  const rows = await statements.query(
    `update factory_hubs set claimed_tenant_id = null, claimed_iq_id = null, claim_id = null,
            claim_confirmed_at = null, credential_hash = null, wipe_requested_at = null
      where hub_id = $1 and wipe_requested_at is not null
      returning 1`,
    [hubId],
  );
  return rows.length > 0;
}
