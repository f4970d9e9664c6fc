/** Who may use the built-in signer: a role per tenant, and the tokens handed out to it. Only hashes are kept. */
import type { TenantId } from '#contract/ids';
import type { Database } from './pool.ts';

export type SignerRole = { readonly tenantId: TenantId; readonly secretHash: string };

/** Gives the tenant a role, or its role a new secret; the former secret ends. Gives the role's id. */
export async function writeSignerRole(
  database: Database,
  role: {
    readonly tenantId: TenantId;
    readonly roleId: string;
    readonly secretHash: string;
    readonly now: Date;
  },
): Promise<string> {
  const { rows } = await database.pool.query<{ role_id: string }>(
    `insert into signer_roles (tenant_id, role_id, secret_hash, created_at) values ($1, $2, $3, $4)
     on conflict (tenant_id) do update set secret_hash = excluded.secret_hash returning role_id`,
    [role.tenantId, role.roleId, role.secretHash, role.now],
  );
  return rows[0]?.role_id ?? role.roleId;
}

export async function findSignerRole(
  database: Database,
  roleId: string,
): Promise<SignerRole | undefined> {
  const { rows } = await database.pool.query<{ tenant_id: TenantId; secret_hash: string }>(
    'select tenant_id, secret_hash from signer_roles where role_id = $1',
    [roleId],
  );
  const row = rows[0];
  return row && { tenantId: row.tenant_id, secretHash: row.secret_hash };
}

/** Keeps a token, and erases those whose time is over. */
export async function insertSignerToken(
  database: Database,
  token: {
    readonly tokenHash: string;
    readonly tenantId: TenantId;
    readonly expiresAt: Date;
    readonly now: Date;
  },
): Promise<void> {
  await database.pool.query('delete from signer_tokens where expires_at <= $1', [token.now]);
  await database.pool.query(
    'insert into signer_tokens (token_hash, tenant_id, expires_at) values ($1, $2, $3)',
    [token.tokenHash, token.tenantId, token.expiresAt],
  );
}

/** Whose a token is; undefined = unknown or expired. */
export async function findSignerToken(
  database: Database,
  { tokenHash, now }: { readonly tokenHash: string; readonly now: Date },
): Promise<TenantId | undefined> {
  const { rows } = await database.pool.query<{ tenant_id: TenantId }>(
    'select tenant_id from signer_tokens where token_hash = $1 and expires_at > $2',
    [tokenHash, now],
  );
  return rows[0]?.tenant_id;
}
