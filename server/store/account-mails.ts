/** Mails about an account: to people as logins, across tenants. What a site tells its people is in `messages`. */
import { sql } from 'kysely';
import {
  accountMailChannels,
  accountMailStates,
  accountMailWords,
  type AccountMailChannel,
  type AccountMailState,
  type AccountMailWord,
} from '#contract/account-mails';
import { nilUuid, type LoginId, type TenantId } from '#contract/ids';
import type { ListOptions } from '#contract/odata';
import { listRows, type ListResult } from './list.ts';
import type { SqlListFields } from './odata-filter.ts';
import type { Database } from './pool.ts';
import { readScope, type Scope } from './scope.ts';

/** Bus topic that says account mails wait; the payload is empty. */
export const accountMailsTopic = 'account_mails';

export type NewAccountMail = {
  readonly id: string;
  /** Whose account it is about; null = of nobody who has one. */
  readonly loginId: LoginId | null;
  readonly channel: AccountMailChannel;
  /** Of a mailbox, or the number of a phone. */
  readonly address: string;
  readonly word: AccountMailWord;
  readonly subject: string;
  readonly text: string;
  /** What is in it opens an account: the text goes when the mail has. */
  readonly hasLink: boolean;
  readonly giveUpAt: Date;
  readonly createdAt: Date;
};

const insertText = `insert into account_mails (id, login_id, channel, address, word, subject, body, has_link, state, next_attempt_at,
    give_up_at, created_at)
  values ($1, (select id from logins where id = $2), $10, $3, $4, $5, $6, $7, 'waiting', $9, $8, $9)`;

function insertValues(mail: NewAccountMail): readonly unknown[] {
  return [
    mail.id,
    mail.loginId,
    mail.address,
    mail.word,
    mail.subject,
    mail.text,
    mail.hasLink,
    mail.giveUpAt,
    mail.createdAt,
    mail.channel,
  ];
}

/** Leaves a mail to be sent. */
export async function insertAccountMail(database: Database, mail: NewAccountMail): Promise<void> {
  await database.pool.query(insertText, [...insertValues(mail)]);
}

/** The same, within what it tells of. */
export async function insertAccountMailIn(scope: Scope, mail: NewAccountMail): Promise<void> {
  await scope.query(insertText, insertValues(mail));
}

/** How many mails of these words were left for an address, in any letter case, or for a login, since an instant. */
export async function countAccountMails(
  database: Database,
  {
    to,
    words,
    since,
  }: {
    readonly to: { readonly address: string } | { readonly loginId: LoginId };
    readonly words: readonly AccountMailWord[];
    readonly since: Date;
  },
): Promise<number> {
  const { rows } = await database.pool.query<{ count: number }>(
    `select count(*)::int as count from account_mails
     where ${'address' in to ? 'lower(address) = lower($1)' : 'login_id = $1'} and word = any ($2) and created_at > $3`,
    ['address' in to ? to.address : to.loginId, words, since],
  );
  return rows[0]?.count ?? 0;
}

export type ClaimedAccountMail = {
  readonly id: string;
  readonly channel: AccountMailChannel;
  readonly address: string;
  readonly subject: string;
  readonly body: string;
  /** This one included. */
  readonly attempts: number;
  readonly give_up_at: Date;
  /** Of whoever has the account or asks for one; null = not known. */
  readonly language: string | null;
};

/** Takes mails that are due; no other process is given them before `until`. */
export async function claimAccountMails(
  database: Database,
  { now, until, limit }: { readonly now: Date; readonly until: Date; readonly limit: number },
): Promise<ClaimedAccountMail[]> {
  const { rows } = await database.pool.query<ClaimedAccountMail>({
    name: 'account_mails_claim',
    text: `update account_mails m set claimed_until = $2, attempts = attempts + 1
     where m.id in (
       select d.id from account_mails d
        where d.state = 'waiting' and d.next_attempt_at <= $1 and (d.claimed_until is null or d.claimed_until <= $1)
        order by d.next_attempt_at limit $3 for update skip locked)
     returning m.id, m.channel, m.address, m.subject, m.body, m.attempts, m.give_up_at,
       case when m.login_id is not null then (select n.language from logins n where n.id = m.login_id)
         else coalesce((select n.language from logins n where lower(n.email) = lower(m.address)),
           (select s.language from sign_ups s where lower(s.email) = lower(m.address) order by s.created_at desc limit 1))
       end as language`,
    values: [now, until, limit],
  });
  return rows;
}

export type AccountMailOutcome = {
  readonly state: AccountMailState;
  /** A word, never an address or a text. */
  readonly error: string | null;
  readonly nextAttemptAt: Date | null;
  readonly deliveredAt: Date | null;
};

/** Writes how an attempt ended, and lets go of the mail; a link that was delivered or given up is kept no longer. */
export async function endAccountMail(
  database: Database,
  id: string,
  { state, error, nextAttemptAt, deliveredAt }: AccountMailOutcome,
): Promise<void> {
  await database.pool.query(
    `update account_mails set state = $2, last_error = $3, next_attempt_at = $4, delivered_at = $5, claimed_until = null,
       body = case when has_link and $2 in ('delivered', 'failed') then '' else body end
     where id = $1 and state = 'waiting'`,
    [id, state, error, nextAttemptAt, deliveredAt],
  );
}

export type AccountMailRow = {
  readonly id: string;
  readonly channel: AccountMailChannel;
  readonly address: string;
  readonly word: AccountMailWord;
  readonly subject: string;
  readonly body: string;
  readonly state: AccountMailState;
  readonly attempts: number;
  readonly last_error: string | null;
  readonly created_at: Date;
  readonly delivered_at: Date | null;
};

export const accountMailFields = {
  id: { type: 'uuid', sql: sql`m.id`, isNotNull: true },
  channel: { type: 'enum', words: accountMailChannels, sql: sql`m.channel` },
  address: { type: 'text', sql: sql`m.address`, isNotNull: true },
  word: { type: 'enum', words: accountMailWords, sql: sql`m.word` },
  state: { type: 'enum', words: accountMailStates, sql: sql`m.state` },
  attempts: { type: 'int', sql: sql`m.attempts`, isNotNull: true },
  created_at: { type: 'instant', sql: sql`m.created_at`, isNotNull: true },
  delivered_at: { type: 'instant', sql: sql`m.delivered_at` },
} as const satisfies SqlListFields;

/** A page of the mails of all accounts, oldest first. */
export function listAccountMails(
  database: Database,
  options: ListOptions,
): Promise<ListResult<AccountMailRow>> {
  // Logins come before the tenants.
  return listRows<AccountMailRow>(readScope(database, nilUuid as TenantId), {
    from: sql`account_mails m`,
    tenant: 'shared',
    select: sql`m.id, m.channel, m.address, m.word, m.subject, m.body, m.state, m.attempts, m.last_error, m.created_at,
      m.delivered_at`,
    fields: accountMailFields,
    options,
    id: sql`m.id`,
    defaultOrder: [{ sql: sql`m.created_at`, type: 'instant', direction: 'asc', isNotNull: true }],
  });
}

/** Erases mails that are over: of nobody's account after a day, all others after 90; links in the outbox after 30. */
export async function eraseAccountMails(database: Database, now: Date): Promise<void> {
  await database.pool.query(
    `delete from account_mails where state <> 'waiting' and created_at < $1::timestamptz - case
       when login_id is null and state <> 'outbox' then interval '1 day'
       when has_link then interval '30 days'
       else interval '90 days' end`,
    [now],
  );
}
