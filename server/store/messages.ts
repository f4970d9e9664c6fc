import { sql } from 'kysely';
import type { CollectionId, TenantId, UserId } from '#contract/ids';
import {
  messageChannels,
  messageKinds,
  messageStates,
  type MessageChannel,
  type MessageKind,
  type MessageState,
} from '#contract/messages';
import type { ListOptions } from '#contract/odata';
import { listRows, type ListResult } from './list.ts';
import type { SqlListFields } from './odata-filter.ts';
import type { Database } from './pool.ts';
import type { Scope, WriteScope } from './scope.ts';

/** Bus topic that says messages wait; the payload is empty. */
export const messagesTopic = 'messages';

export type NewMessage = {
  readonly id: string;
  readonly collectionId: CollectionId | null;
  readonly kind: MessageKind;
  readonly word: string;
  readonly ruleId: string | null;
  readonly eventId: string | null;
  readonly eventUserId: string | null;
  readonly userId: UserId;
  readonly channel: MessageChannel;
  readonly subject: string;
  readonly text: string;
  /** Not before this instant: when the quiet hours of the person end. */
  readonly sendAt: Date;
  /** Tried no longer than this. */
  readonly giveUpAt: Date;
  readonly createdAt: Date;
};

/** Stores messages that wait to be sent; one that was made of the same event already stays as it is. */
export async function insertMessages(
  scope: WriteScope,
  messages: readonly NewMessage[],
): Promise<void> {
  if (messages.length === 0) return;
  await scope.query(
    `insert into messages (tenant_id, id, collection_id, kind, word, rule_id, event_id, event_user_id, user_id, channel, subject,
       body, state, next_attempt_at, give_up_at, created_at)
     select $1, id, collection_id, kind, word, rule_id, event_id, event_user_id, user_id, channel, subject, body, 'waiting',
       next_attempt_at, give_up_at, created_at
     from jsonb_to_recordset($2::jsonb) as m (id uuid, collection_id uuid, kind text, word text, rule_id uuid, event_id uuid,
       event_user_id uuid, user_id uuid, channel text, subject text, body text, next_attempt_at timestamptz,
       give_up_at timestamptz, created_at timestamptz)
     on conflict do nothing`,
    [
      scope.tenantId,
      JSON.stringify(
        messages.map((message) => ({
          id: message.id,
          collection_id: message.collectionId,
          kind: message.kind,
          word: message.word,
          rule_id: message.ruleId,
          event_id: message.eventId,
          event_user_id: message.eventUserId,
          user_id: message.userId,
          channel: message.channel,
          subject: message.subject,
          body: message.text,
          next_attempt_at: message.sendAt,
          give_up_at: message.giveUpAt,
          created_at: message.createdAt,
        })),
      ),
    ],
  );
}

/** A message that was handed over while somebody waited, or is kept in the outbox. */
export async function insertHandedMessage(
  scope: Scope,
  message: Pick<
    NewMessage,
    'id' | 'collectionId' | 'word' | 'userId' | 'channel' | 'subject' | 'text' | 'createdAt'
  > & { readonly state: 'delivered' | 'outbox' },
): Promise<void> {
  await scope.query(
    `insert into messages (tenant_id, id, collection_id, kind, word, user_id, channel, subject, body, state, attempts,
       give_up_at, created_at, delivered_at)
     values ($1, $2, $3, 'notice', $4, $5, $6, $7, $8, $9, $10, $11, $11, $12)`,
    [
      scope.tenantId,
      message.id,
      message.collectionId,
      message.word,
      message.userId,
      message.channel,
      message.subject,
      message.text,
      message.state,
      message.state === 'delivered' ? 1 : 0,
      message.createdAt,
      message.state === 'delivered' ? message.createdAt : null,
    ],
  );
}

/** A message that this process is to send. */
export type ClaimedMessage = {
  readonly tenant_id: TenantId;
  readonly id: string;
  readonly collection_id: CollectionId | null;
  readonly kind: MessageKind;
  readonly event_user_id: string | null;
  readonly user_id: UserId;
  readonly channel: MessageChannel;
  readonly subject: string;
  readonly body: string;
  /** This one included. */
  readonly attempts: number;
  readonly give_up_at: Date;
  /** Null when the person cannot sign in any more. */
  readonly email: string | null;
  readonly phone: string | null;
  /** Of the person, as they or their sites have it. */
  readonly language: string | null;
};

/** Takes messages that are due, of all tenants; no other process is given them before `until`. */
export async function claimMessages(
  database: Database,
  { now, until, limit }: { readonly now: Date; readonly until: Date; readonly limit: number },
): Promise<ClaimedMessage[]> {
  const { rows } = await database.pool.query<ClaimedMessage>({
    name: 'messages_claim',
    text: `update messages m set claimed_until = $2, attempts = attempts + 1
     where (m.tenant_id, m.id) in (
       select d.tenant_id, d.id from messages d
        where d.state = 'waiting' and d.next_attempt_at <= $1 and (d.claimed_until is null or d.claimed_until <= $1)
        order by d.next_attempt_at limit $3 for update skip locked)
     returning m.tenant_id, m.id, m.collection_id, m.kind, m.event_user_id, m.user_id, m.channel, m.subject, m.body,
       m.attempts, m.give_up_at,
       (select u.email from people u left join logins n on n.id = u.login_id
         where u.tenant_id = m.tenant_id and u.id = m.user_id and n.disabled_at is null) as email,
       coalesce((select r.phone from message_recipients r
         where r.tenant_id = m.tenant_id and r.collection_id = m.collection_id and r.user_id = m.user_id),
         (select u.phone from people u where u.tenant_id = m.tenant_id and u.id = m.user_id)) as phone,
       (select u.language from people u where u.tenant_id = m.tenant_id and u.id = m.user_id) as language`,
    values: [now, until, limit],
  });
  return rows;
}

export type MessageOutcome = {
  readonly state: MessageState;
  /** A word, never an address or a text. */
  readonly error: string | null;
  readonly nextAttemptAt: Date | null;
  readonly deliveredAt: Date | null;
};

/** Writes how an attempt ended, and lets go of the message. */
export async function endAttempt(
  scope: Scope,
  id: string,
  { state, error, nextAttemptAt, deliveredAt }: MessageOutcome,
): Promise<void> {
  await scope.query(
    `update messages set state = $3, last_error = $4, next_attempt_at = $5, delivered_at = $6, claimed_until = null
     where tenant_id = $1 and id = $2 and state = 'waiting'`,
    [scope.tenantId, id, state, error, nextAttemptAt, deliveredAt],
    'message_attempt',
  );
}

export type MessageRow = {
  readonly id: string;
  readonly kind: MessageKind;
  readonly word: string;
  readonly rule_id: string | null;
  readonly event_id: string | null;
  readonly user_id: string;
  readonly channel: MessageChannel;
  readonly subject: string;
  readonly body: string;
  readonly state: MessageState;
  readonly attempts: number;
  readonly next_attempt_at: Date | null;
  readonly last_error: string | null;
  readonly created_at: Date;
  readonly delivered_at: Date | null;
};

export const messageFields = {
  id: { type: 'uuid', sql: sql`m.id`, isNotNull: true },
  kind: { type: 'enum', words: messageKinds, sql: sql`m.kind` },
  word: { type: 'text', sql: sql`m.word`, isNotNull: true },
  rule_id: { type: 'uuid', sql: sql`m.rule_id` },
  event_id: { type: 'uuid', sql: sql`m.event_id` },
  user_id: { type: 'uuid', sql: sql`m.user_id`, isNotNull: true },
  channel: { type: 'enum', words: messageChannels, sql: sql`m.channel` },
  subject: { type: 'text', sql: sql`m.subject`, isNotNull: true },
  state: { type: 'enum', words: messageStates, sql: sql`m.state` },
  attempts: { type: 'int', sql: sql`m.attempts`, isNotNull: true },
  created_at: { type: 'instant', sql: sql`m.created_at`, isNotNull: true },
  delivered_at: { type: 'instant', sql: sql`m.delivered_at` },
} as const satisfies SqlListFields;

/** A page of the messages of a site, oldest first. */
export function listMessages(
  scope: Scope,
  options: ListOptions,
  siteId: CollectionId,
): Promise<ListResult<MessageRow>> {
  return listRows<MessageRow>(scope, {
    // With the invitations, which are kept apart.
    from: sql`site_messages m`,
    tenant: sql`m.tenant_id`,
    where: sql`m.collection_id = ${siteId}::uuid`,
    select: sql`m.id, m.kind, m.word, m.rule_id, m.event_id, m.user_id, m.channel, m.subject, m.body, m.state, m.attempts,
      m.next_attempt_at, m.last_error, m.created_at, m.delivered_at`,
    fields: messageFields,
    options,
    id: sql`m.id`,
    defaultOrder: [{ sql: sql`m.created_at`, type: 'instant', direction: 'asc', isNotNull: true }],
  });
}

/** Erases at most `limit` messages whose site keeps its events no longer (90 days where there is no site); returns how many. */
export async function eraseMessages(
  database: Database,
  { now, limit }: { readonly now: Date; readonly limit: number },
): Promise<number> {
  const { rowCount } = await database.pool.query(
    `delete from messages where (tenant_id, id) in (
       select m.tenant_id, m.id from messages m
        left join collections c on c.tenant_id = m.tenant_id and c.id = m.collection_id
        where m.state <> 'waiting' and m.created_at < $1::timestamptz - interval '1 day'
          and m.created_at < $1::timestamptz - make_interval(secs => coalesce(c.store_events_ttl_seconds, 7776000))
        limit $2)`,
    [now, limit],
  );
  return rowCount ?? 0;
}
