/** Codes by which people prove that a phone is theirs (identity.md 9); one per login at a time. */
import type { LoginId } from '#contract/ids';
import type { Database } from './pool.ts';

/** Stores a code in the place of the one before. */
export async function insertPhoneCode(
  database: Database,
  code: {
    readonly loginId: LoginId;
    readonly phone: string;
    readonly codeHash: string;
    readonly createdAt: Date;
    readonly expiresAt: Date;
  },
): Promise<void> {
  await database.pool.query(
    `insert into phone_codes (login_id, phone, code_hash, created_at, expires_at) values ($1, $2, $3, $4, $5)
     on conflict (login_id) do update set phone = excluded.phone, code_hash = excluded.code_hash, wrong_tries = 0,
       created_at = excluded.created_at, expires_at = excluded.expires_at`,
    [code.loginId, code.phone, code.codeHash, code.createdAt, code.expiresAt],
  );
}

/** The phone that waits for its code. */
export async function findWaitingPhone(
  database: Database,
  { loginId, now }: { readonly loginId: LoginId; readonly now: Date },
): Promise<string | undefined> {
  const { rows } = await database.pool.query<{ phone: string }>(
    'select phone from phone_codes where login_id = $1 and expires_at > $2',
    [loginId, now],
  );
  return rows[0]?.phone;
}

/**
 * Gives the login its phone when the code is right, and says which; a wrong one counts, and after `mostWrong` of them none is
 * right any more.
 */
export async function usePhoneCode(
  database: Database,
  attempt: {
    readonly loginId: LoginId;
    readonly codeHash: string;
    readonly now: Date;
    readonly mostWrong: number;
  },
): Promise<string | undefined> {
  const { loginId, codeHash, now, mostWrong } = attempt;
  // Counted before it is compared, so that tries at once do not slip past the limit.
  const { rows } = await database.pool.query<{ phone: string; is_right: boolean }>(
    `update phone_codes set wrong_tries = wrong_tries + 1
     where login_id = $1 and expires_at > $3 and wrong_tries < $4
     returning phone, code_hash = $2 as is_right`,
    [loginId, codeHash, now, mostWrong],
  );
  const row = rows[0];
  if (row?.is_right !== true) return undefined;
  await database.pool.query('update logins set phone = $2 where id = $1', [loginId, row.phone]);
  await database.pool.query('delete from phone_codes where login_id = $1', [loginId]);
  return row.phone;
}

/** Takes the phone of a login away. */
export async function removePhone(database: Database, loginId: LoginId): Promise<void> {
  await database.pool.query('update logins set phone = null where id = $1', [loginId]);
  await database.pool.query('delete from phone_codes where login_id = $1', [loginId]);
}

export async function erasePhoneCodes(database: Database, now: Date): Promise<void> {
  await database.pool.query('delete from phone_codes where expires_at <= $1', [now]);
}
