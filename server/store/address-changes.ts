/** Changes of the address of a login, until both mailboxes have said so or the new one alone is enough (identity.md 9). */
import type { LoginId } from '#contract/ids';
import type { Database } from './pool.ts';
import type { WriteScope } from './scope.ts';

export type NewAddressChange = {
  readonly loginId: LoginId;
  readonly newEmail: string;
  readonly oldTokenHash: string;
  readonly newTokenHash: string;
  readonly createdAt: Date;
  /** From then on the new mailbox is enough. */
  readonly aloneAt: Date;
};

/** Stores a change in the place of one that waits. */
export async function insertAddressChange(
  database: Database,
  change: NewAddressChange,
): Promise<void> {
  await database.pool.query(
    `insert into address_changes (login_id, new_email, old_token_hash, new_token_hash, created_at, alone_at)
     values ($1, $2, $3, $4, $5, $6)
     on conflict (login_id) do update set new_email = excluded.new_email, old_token_hash = excluded.old_token_hash,
       new_token_hash = excluded.new_token_hash, old_confirmed_at = null, new_confirmed_at = null,
       created_at = excluded.created_at, alone_at = excluded.alone_at`,
    [
      change.loginId,
      change.newEmail,
      change.oldTokenHash,
      change.newTokenHash,
      change.createdAt,
      change.aloneAt,
    ],
  );
}

export type AddressChange = {
  readonly login_id: LoginId;
  readonly new_email: string;
  readonly old_email: string;
  readonly language: string | null;
  readonly old_confirmed_at: Date | null;
  readonly new_confirmed_at: Date | null;
  readonly alone_at: Date;
  /** Which of the two mailboxes the token was sent to. */
  readonly mailbox: 'old' | 'new';
};

const columns = `c.login_id, c.new_email, n.email as old_email, n.language, c.old_confirmed_at, c.new_confirmed_at, c.alone_at`;

/** The change that a token is about. */
export async function findAddressChange(
  database: Database,
  tokenHash: string,
): Promise<AddressChange | undefined> {
  const { rows } = await database.pool.query<AddressChange>(
    `select ${columns}, case when c.old_token_hash = $1 then 'old' else 'new' end as mailbox
     from address_changes c join logins n on n.id = c.login_id
     where $1 in (c.old_token_hash, c.new_token_hash) and n.disabled_at is null`,
    [tokenHash],
  );
  return rows[0];
}

/** The address that a login is to have, while it waits. */
export async function findWaitingAddress(
  database: Database,
  loginId: LoginId,
): Promise<Pick<AddressChange, 'new_email' | 'alone_at'> | undefined> {
  const { rows } = await database.pool.query<Pick<AddressChange, 'new_email' | 'alone_at'>>(
    'select new_email, alone_at from address_changes where login_id = $1',
    [loginId],
  );
  return rows[0];
}

/** One of the mailboxes has said yes. */
export async function confirmMailbox(
  database: Database,
  { tokenHash, at }: { readonly tokenHash: string; readonly at: Date },
): Promise<void> {
  await database.pool.query(
    `update address_changes set
       old_confirmed_at = case when old_token_hash = $1 then coalesce(old_confirmed_at, $2) else old_confirmed_at end,
       new_confirmed_at = case when new_token_hash = $1 then coalesce(new_confirmed_at, $2) else new_confirmed_at end
     where $1 in (old_token_hash, new_token_hash)`,
    [tokenHash, at],
  );
}

export async function deleteAddressChange(database: Database, loginId: LoginId): Promise<boolean> {
  const { rowCount } = await database.pool.query(
    'delete from address_changes where login_id = $1',
    [loginId],
  );
  return rowCount === 1;
}

/** Logins whose change can be made: both mailboxes have said yes, or the new one and the time is over. */
export async function listRipeChanges(database: Database, now: Date): Promise<LoginId[]> {
  const { rows } = await database.pool.query<{ login_id: LoginId }>(
    `select login_id from address_changes
     where new_confirmed_at is not null and (old_confirmed_at is not null or alone_at <= $1) limit 100`,
    [now],
  );
  return rows.map((row) => row.login_id);
}

export type ChangedAddress = {
  readonly old_email: string;
  readonly new_email: string;
  readonly language: string | null;
};

/** Makes a change that is ripe, once; undefined when it is not, or the address has become somebody else's. */
export async function makeAddressChange(
  scope: WriteScope,
  { loginId, now }: { readonly loginId: LoginId; readonly now: Date },
): Promise<ChangedAddress | undefined> {
  const [change] = await scope.query<ChangedAddress>(
    `delete from address_changes c using logins n
     where c.login_id = $1 and n.id = c.login_id and c.new_confirmed_at is not null
       and (c.old_confirmed_at is not null or c.alone_at <= $2)
     returning n.email as old_email, c.new_email, n.language`,
    [loginId, now],
  );
  if (change === undefined) return undefined;
  const changed = await scope.query(
    `update logins set email = $2, email_verified = true
     where id = $1 and not exists (select from logins o where lower(o.email) = lower($2) and o.id <> $1) returning id`,
    [loginId, change.new_email],
  );
  return changed.length === 0 ? undefined : change;
}

/** Forgets changes that the new mailbox has not answered for 30 days. */
export async function eraseAddressChanges(database: Database, now: Date): Promise<void> {
  await database.pool.query(
    `delete from address_changes where new_confirmed_at is null and created_at < $1::timestamptz - interval '30 days'`,
    [now],
  );
}
