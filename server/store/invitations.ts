/**
 * Invitations (identity.md 9): the latest of each person of a site; another one takes its place. They name people without
 * a foreign key, since the mail is handed over before the person is there.
 */
import { sql } from 'kysely';
import type { InvitationState } from '#contract/invitations';
import type { CollectionId, LoginId, TenantId, UserId } from '#contract/ids';
import type { ListOptions } from '#contract/odata';
import { listRows, type ListResult } from './list.ts';
import type { SqlListFields } from './odata-filter.ts';
import type { Database } from './pool.ts';
import type { Scope, WriteScope } from './scope.ts';

export type NewInvitation = {
  readonly id: string;
  readonly siteId: CollectionId;
  readonly userId: UserId;
  readonly tokenHash: string;
  readonly address: string;
  readonly inviterName: string;
  readonly subject: string;
  /** With the link only where nobody else has it. */
  readonly text: string;
  readonly mailState: 'delivered' | 'outbox';
  readonly createdAt: Date;
  readonly expiresAt: Date;
};

/** Stores an invitation in the place of the one before. */
export async function insertInvitation(scope: Scope, row: NewInvitation): Promise<void> {
  await scope.query(
    `insert into invitations (tenant_id, id, collection_id, user_id, token_hash, address, inviter_name, subject, body,
       mail_state, state, created_at, expires_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'open', $11, $12)
     on conflict (tenant_id, collection_id, user_id) do update set
       id = excluded.id, token_hash = excluded.token_hash, address = excluded.address, inviter_name = excluded.inviter_name,
       subject = excluded.subject, body = excluded.body, mail_state = excluded.mail_state, state = excluded.state,
       created_at = excluded.created_at, expires_at = excluded.expires_at, ended_at = null`,
    [
      scope.tenantId,
      row.id,
      row.siteId,
      row.userId,
      row.tokenHash,
      row.address,
      row.inviterName,
      row.subject,
      row.text,
      row.mailState,
      row.createdAt,
      row.expiresAt,
    ],
  );
}

/** An invitation that can be answered. */
export type OpenInvitation = {
  readonly tenant_id: TenantId;
  readonly id: string;
  readonly collection_id: CollectionId;
  readonly user_id: UserId;
  readonly address: string;
  readonly inviter_name: string;
  readonly site_name: string | null;
  readonly first_name: string;
  readonly last_name: string;
  /** Whose account has the address that was invited. */
  readonly known_login_id: LoginId | null;
};

const openInvitation = `select i.tenant_id, i.id, i.collection_id, i.user_id, i.address, i.inviter_name,
    c.customer_reference as site_name, u.first_name, u.last_name,
    (select n.id from logins n where lower(n.email) = lower(i.address)) as known_login_id
  from invitations i
  join collections c on c.tenant_id = i.tenant_id and c.id = i.collection_id
  join users u on u.tenant_id = i.tenant_id and u.id = i.user_id and u.login_id is null
    and (c.owner_user_id = u.id or exists (select from accessors a
      where a.tenant_id = i.tenant_id and a.collection_id = i.collection_id and a.user_id = i.user_id))`;

/** The invitation of a token, of whichever tenant; undefined when it was used, replaced, is too old or its person is gone. */
export async function findOpenInvitation(
  database: Database,
  { tokenHash, now }: { readonly tokenHash: string; readonly now: Date },
): Promise<OpenInvitation | undefined> {
  const { rows } = await database.pool.query<OpenInvitation>(
    `${openInvitation} where i.token_hash = $1 and i.state = 'open' and i.expires_at > $2`,
    [tokenHash, now],
  );
  return rows[0];
}

/** The same, kept as it is by everybody else until the transaction ends. */
export async function holdOpenInvitation(
  scope: WriteScope,
  { tokenHash, now }: { readonly tokenHash: string; readonly now: Date },
): Promise<OpenInvitation | undefined> {
  const [row] = await scope.query<OpenInvitation>(
    `${openInvitation} where i.tenant_id = $1 and i.token_hash = $2 and i.state = 'open' and i.expires_at > $3
     for update of i, u`,
    [scope.tenantId, tokenHash, now],
  );
  return row;
}

/** Ends what was open: of one site, or of every site when the person has come. What opened an account is forgotten. */
export async function endInvitations(
  scope: WriteScope,
  {
    userId,
    siteId,
    state,
    at,
  }: {
    readonly userId: UserId;
    readonly siteId: CollectionId | null;
    readonly state: 'accepted' | 'declined';
    readonly at: Date;
  },
): Promise<void> {
  await scope.query(
    `update invitations set state = $4, ended_at = $5, inviter_name = '', address = '',
       body = case when mail_state = 'outbox' then '' else body end
     where tenant_id = $1 and user_id = $2 and ($3::uuid is null or collection_id = $3) and state = 'open'`,
    [scope.tenantId, userId, siteId, state, at],
  );
}

type Block = { readonly siteId: CollectionId; readonly addressHash: string };

/** Remembers that an address takes no invitations of a site; nothing but a hash of it is kept. */
export async function insertInvitationBlock(
  scope: WriteScope,
  { siteId, addressHash, at }: Block & { readonly at: Date },
): Promise<void> {
  await scope.query(
    `insert into invitation_blocks (tenant_id, collection_id, address_hash, created_at) values ($1, $2, $3, $4)
     on conflict do nothing`,
    [scope.tenantId, siteId, addressHash, at],
  );
}

export async function isInvitationBlocked(
  scope: Scope,
  { siteId, addressHash }: Block,
): Promise<boolean> {
  const rows = await scope.query(
    'select 1 from invitation_blocks where tenant_id = $1 and collection_id = $2 and address_hash = $3',
    [scope.tenantId, siteId, addressHash],
  );
  return rows.length > 0;
}

/** A person without profile becomes the person of a login: what the tenant knew of it is known by the login from here on. */
export async function giveLogin(
  scope: WriteScope,
  { userId, loginId }: { readonly userId: UserId; readonly loginId: LoginId },
): Promise<void> {
  await scope.query(
    `update users set login_id = $3, email = null, first_name = '', last_name = '', phone = null, language = null
     where tenant_id = $1 and id = $2`,
    [scope.tenantId, userId, loginId],
  );
}

type TwoUsers = { readonly from: UserId; readonly to: UserId };

/** Whether both are people of the same site already. */
export async function shareSite(scope: Scope, { from, to }: TwoUsers): Promise<boolean> {
  const rows = await scope.query(
    `select 1 from accessors a join accessors b on b.tenant_id = a.tenant_id and b.collection_id = a.collection_id
     where a.tenant_id = $1 and a.user_id = $2 and b.user_id = $3 limit 1`,
    [scope.tenantId, from, to],
  );
  return rows.length > 0;
}

/** All places of one person become another's, who is the same human being; what was known of the first is cleared. */
export async function passPlaces(scope: WriteScope, { from, to }: TwoUsers): Promise<void> {
  const values = [scope.tenantId, from, to];
  await scope.query(
    'update accessors set user_id = $3 where tenant_id = $1 and user_id = $2',
    values,
  );
  await scope.query(
    'update collections set owner_user_id = $3 where tenant_id = $1 and owner_user_id = $2',
    values,
  );
  for (const [table, column] of [
    ['message_rule_users', 'rule_id'],
    ['message_rule_recipients', 'rule_id'],
    ['message_recipients', 'collection_id'],
  ] as const)
    await scope.query(
      `update ${table} t set user_id = $3 where t.tenant_id = $1 and t.user_id = $2
         and not exists (select 1 from ${table} o where o.tenant_id = $1 and o.user_id = $3 and o.${column} = t.${column})`,
      values,
    );
  await scope.query(
    `update users set email = null, first_name = '', last_name = '', phone = null, language = null
     where tenant_id = $1 and id = $2`,
    [scope.tenantId, from],
  );
}

export type InvitationRow = {
  readonly id: string;
  readonly user_id: string;
  readonly state: InvitationState;
  readonly created_at: Date;
  readonly expires_at: Date;
  readonly ended_at: Date | null;
};

const stateAt = (now: Date) =>
  sql`case when i.state = 'open' and i.expires_at <= ${now} then 'expired' else i.state end`;

/** What lists of invitations can be filtered by. */
export const invitationFields = {
  id: { type: 'uuid', sql: sql`i.id`, isNotNull: true },
  user_id: { type: 'uuid', sql: sql`i.user_id`, isNotNull: true },
  created_at: { type: 'instant', sql: sql`i.created_at`, isNotNull: true },
  expires_at: { type: 'instant', sql: sql`i.expires_at`, isNotNull: true },
  ended_at: { type: 'instant', sql: sql`i.ended_at` },
} as const satisfies SqlListFields;

/** A page of the invitations of a site, oldest first. */
export function listInvitations(
  scope: Scope,
  options: ListOptions,
  { siteId, now }: { readonly siteId: CollectionId; readonly now: Date },
): Promise<ListResult<InvitationRow>> {
  return listRows<InvitationRow>(scope, {
    from: sql`invitations i`,
    tenant: sql`i.tenant_id`,
    where: sql`i.collection_id = ${siteId}::uuid`,
    select: sql`i.id, i.user_id, ${stateAt(now)} as state, i.created_at, i.expires_at, i.ended_at`,
    fields: invitationFields,
    options,
    id: sql`i.id`,
    defaultOrder: [{ sql: sql`i.created_at`, type: 'instant', direction: 'asc', isNotNull: true }],
  });
}

/** Forgets what is long over, 30 days after its end; that somebody declined is kept for as long as the person is there. */
export async function eraseInvitations(database: Database, now: Date): Promise<void> {
  await database.pool.query(
    `delete from invitations where state <> 'declined' and expires_at < $1::timestamptz - interval '30 days'`,
    [now],
  );
}
