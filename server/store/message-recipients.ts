import { sql } from 'kysely';
import type { CollectionId, UserId } from '#contract/ids';
import type { MessageRecipientResponse } from '#contract/message-recipients';
import type { ListOptions } from '#contract/odata';
import { listRows, type ListResult } from './list.ts';
import type { SqlListFields } from './odata-filter.ts';
import type { Scope, WriteScope } from './scope.ts';

export const messageRecipientFields = {
  user_id: { type: 'uuid', sql: sql`r.user_id`, isNotNull: true },
  first_name: { type: 'text', sql: sql`nullif(p.first_name, '')` },
  last_name: { type: 'text', sql: sql`nullif(p.last_name, '')` },
  email: { type: 'text', sql: sql`p.email` },
  phone: { type: 'text', sql: sql`r.phone` },
  quiet_from: { type: 'time', sql: sql`r.quiet_from` },
  quiet_until: { type: 'time', sql: sql`r.quiet_until` },
} as const satisfies SqlListFields;

const columns = `r.user_id, nullif(p.first_name, '') as first_name, nullif(p.last_name, '') as last_name, p.email, r.phone, to_char(r.quiet_from, 'HH24:MI:SS') as quiet_from,
  to_char(r.quiet_until, 'HH24:MI:SS') as quiet_until`;

const joins = `message_recipients r join people p on p.tenant_id = r.tenant_id and p.id = r.user_id`;

/** A page of the people of a site of whom something was set. */
export function listMessageRecipients(
  scope: Scope,
  options: ListOptions,
  siteId: CollectionId,
): Promise<ListResult<MessageRecipientResponse>> {
  return listRows<MessageRecipientResponse>(scope, {
    from: sql.raw(joins),
    tenant: sql`r.tenant_id`,
    where: sql`r.collection_id = ${siteId}::uuid`,
    select: sql.raw(columns),
    fields: messageRecipientFields,
    options,
    id: sql`r.user_id`,
    defaultOrder: [{ sql: sql`r.created_at`, type: 'instant', direction: 'asc', isNotNull: true }],
  });
}

type SitePerson = { readonly siteId: CollectionId; readonly userId: UserId };

export async function findMessageRecipient(
  scope: Scope,
  { siteId, userId }: SitePerson,
): Promise<MessageRecipientResponse | undefined> {
  const [row] = await scope.query<MessageRecipientResponse>(
    `select ${columns} from ${joins} where r.tenant_id = $1 and r.collection_id = $2 and r.user_id = $3`,
    [scope.tenantId, siteId, userId],
  );
  return row;
}

export async function putMessageRecipient(
  scope: WriteScope,
  { siteId, userId }: SitePerson,
  row: {
    readonly phone: string | null;
    readonly quiet_from: string | null;
    readonly quiet_until: string | null;
    readonly created_at: Date;
  },
): Promise<void> {
  await scope.query(
    `insert into message_recipients (tenant_id, collection_id, user_id, phone, quiet_from, quiet_until, created_at)
     values ($1, $2, $3, $4, $5, $6, $7)
     on conflict (tenant_id, collection_id, user_id)
       do update set phone = excluded.phone, quiet_from = excluded.quiet_from, quiet_until = excluded.quiet_until`,
    [scope.tenantId, siteId, userId, row.phone, row.quiet_from, row.quiet_until, row.created_at],
  );
}

/** What was set of a person goes, and no rule of the site names the person any more. */
export async function deleteMessageRecipient(
  scope: WriteScope,
  { siteId, userId }: SitePerson,
): Promise<void> {
  await scope.query(
    'delete from message_recipients where tenant_id = $1 and collection_id = $2 and user_id = $3',
    [scope.tenantId, siteId, userId],
  );
  await scope.query(
    `delete from message_rule_recipients where tenant_id = $1 and user_id = $3
       and rule_id in (select id from message_rules where tenant_id = $1 and collection_id = $2)`,
    [scope.tenantId, siteId, userId],
  );
}
