/** Browsers in which a login has signed in, by a cookie that only we can read; across tenants, as logins are. */
import type { LoginId } from '#contract/ids';
import type { Database } from './pool.ts';

export type KnownDevice = {
  /** The login has signed in in this browser before. */
  readonly isKnown: boolean;
  /** The login has signed in in some browser before. */
  readonly isFirst: boolean;
  readonly isTrusted: boolean;
};

type Device = { readonly loginId: LoginId; readonly secretHash: string; readonly at: Date };

/** What a login knows of a browser. */
export async function findKnownDevice(
  database: Database,
  { loginId, secretHash, at }: Device,
): Promise<KnownDevice> {
  const { rows } = await database.pool.query<{
    has_any: boolean;
    known: boolean;
    trusted: boolean;
  }>(
    `select count(*) > 0 as has_any, coalesce(bool_or(secret_hash = $2), false) as known,
       coalesce(bool_or(secret_hash = $2 and trusted_until > $3), false) as trusted
     from known_devices where login_id = $1`,
    [loginId, secretHash, at],
  );
  const row = rows[0];
  return {
    isKnown: row?.known ?? false,
    isFirst: row?.has_any !== true,
    isTrusted: row?.trusted ?? false,
  };
}

/** Remembers a browser; with `trustedUntil` it is not asked for a second factor until then. */
export async function rememberDevice(
  database: Database,
  device: Device & { readonly trustedUntil: Date | null },
): Promise<void> {
  await database.pool.query(
    `insert into known_devices as known (login_id, secret_hash, trusted_until, last_used_at) values ($1, $2, $3, $4)
     on conflict (login_id, secret_hash) do update
       set last_used_at = excluded.last_used_at, trusted_until = coalesce(excluded.trusted_until, known.trusted_until)`,
    [device.loginId, device.secretHash, device.trustedUntil, device.at],
  );
}

/** Every browser is asked for the second factor again. */
export async function distrustDevices(database: Database, loginId: LoginId): Promise<void> {
  await database.pool.query(
    'update known_devices set trusted_until = null where login_id = $1 and trusted_until is not null',
    [loginId],
  );
}
