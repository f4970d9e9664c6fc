import { sql } from 'kysely';
import { incidentCategories } from '#contract/events';
import type { CollectionId, LockId, UserId } from '#contract/ids';
import { ruleTypes } from '#contract/message-rules';
import type { ListOptions } from '#contract/odata';
import { listRows, type ListResult } from './list.ts';
import type { SqlListFields } from './odata-filter.ts';
import type { Scope, WriteScope } from './scope.ts';
import { updateColumns } from './update.ts';

export type RuleKind = 'entry' | 'incident';

/** A rule by the site it belongs to, as paths name it. */
export type SiteRule = {
  readonly siteId: CollectionId;
  readonly kind: RuleKind;
  readonly id: string;
};

export type MessageRuleRow = {
  readonly id: string;
  /** `entered` or `rejected`; of incidents their category. */
  readonly word: string;
  readonly customer_reference: string | null;
  readonly send_mail: boolean;
  readonly send_sms: boolean;
  readonly send_push: boolean;
  readonly on_inside_handle: boolean;
};

const shared = {
  id: { type: 'uuid', sql: sql`r.id`, isNotNull: true },
  send_mail: { type: 'bool', sql: sql`r.send_mail`, isNotNull: true },
  send_sms: { type: 'bool', sql: sql`r.send_sms`, isNotNull: true },
  send_push: { type: 'bool', sql: sql`r.send_push`, isNotNull: true },
} as const satisfies SqlListFields;

export const messageRuleFields = {
  entry: {
    ...shared,
    customer_reference: { type: 'text', sql: sql`r.customer_reference` },
    rule_type: { type: 'enum', words: ruleTypes, sql: sql`r.word` },
    on_inside_handle: { type: 'bool', sql: sql`r.on_inside_handle`, isNotNull: true },
  },
  incident: {
    ...shared,
    incident: { type: 'enum', words: incidentCategories, sql: sql`r.word` },
  },
} as const satisfies Readonly<Record<RuleKind, SqlListFields>>;

const columns =
  'r.id, r.word, r.customer_reference, r.send_mail, r.send_sms, r.send_push, r.on_inside_handle';

const ofSite = 'r.tenant_id = $1 and r.collection_id = $2 and r.kind = $3 and r.id = $4';

export async function findMessageRule(
  scope: Scope,
  { siteId, kind, id }: SiteRule,
): Promise<MessageRuleRow | undefined> {
  const [row] = await scope.query<MessageRuleRow>(
    `select ${columns} from message_rules r where ${ofSite}`,
    [scope.tenantId, siteId, kind, id],
    'message_rule_find',
  );
  return row;
}

/** The rule, kept as it is by everybody else until the transaction ends. */
export async function holdMessageRule(
  scope: WriteScope,
  { siteId, kind, id }: SiteRule,
): Promise<MessageRuleRow | undefined> {
  const [row] = await scope.query<MessageRuleRow>(
    `select ${columns} from message_rules r where ${ofSite} for no key update`,
    [scope.tenantId, siteId, kind, id],
  );
  return row;
}

/** A page of the rules of a site; with a lock only those that may tell of it. */
export function listMessageRules(
  scope: Scope,
  options: ListOptions,
  {
    siteId,
    kind,
    lockId,
  }: { readonly siteId: CollectionId; readonly kind: RuleKind; readonly lockId?: LockId },
): Promise<ListResult<MessageRuleRow>> {
  const ofLock =
    lockId === undefined
      ? sql`true`
      : sql`(not r.some_locks or exists (select 1 from message_rule_locks m
          where m.tenant_id = r.tenant_id and m.rule_id = r.id and m.lock_id = ${lockId}::uuid))`;
  return listRows<MessageRuleRow>(scope, {
    from: sql`message_rules r`,
    tenant: sql`r.tenant_id`,
    where: sql`r.collection_id = ${siteId}::uuid and r.kind = ${kind} and ${ofLock}`,
    select: sql.raw(columns),
    fields: messageRuleFields[kind],
    options,
    id: sql`r.id`,
    defaultOrder: [{ sql: sql`r.created_at`, type: 'instant', direction: 'asc', isNotNull: true }],
  });
}

export async function insertEntryRule(
  scope: WriteScope,
  siteId: CollectionId,
  row: MessageRuleRow & { readonly created_at: Date },
): Promise<void> {
  await scope.query(
    `insert into message_rules (tenant_id, collection_id, kind, id, word, customer_reference, send_mail, send_sms, send_push,
       on_inside_handle, created_at)
     values ($1, $2, 'entry', $3, $4, $5, $6, $7, $8, $9, $10)`,
    [
      scope.tenantId,
      siteId,
      row.id,
      row.word,
      row.customer_reference,
      row.send_mail,
      row.send_sms,
      row.send_push,
      row.on_inside_handle,
      row.created_at,
    ],
  );
}

const writable = [
  'word',
  'customer_reference',
  'send_mail',
  'send_sms',
  'send_push',
  'on_inside_handle',
] as const;

/** Writes the members given; the others stay. */
export async function updateMessageRule(
  scope: WriteScope,
  id: string,
  change: { readonly [member in (typeof writable)[number]]?: string | boolean | undefined },
): Promise<void> {
  await updateColumns(scope, { table: 'message_rules', id, columns: writable, change });
}

/** Removes the rule with its relations and schedules; messages that wait are still sent. */
export async function deleteMessageRule(scope: WriteScope, id: string): Promise<void> {
  await scope.query('delete from message_rules where tenant_id = $1 and id = $2', [
    scope.tenantId,
    id,
  ]);
}

/** Whether anybody whom a rule tells, the owner or somebody named for it, has a phone number, in the site or of the own. */
export async function hasPhone(
  scope: Scope,
  { siteId, ruleId }: { readonly siteId: CollectionId; readonly ruleId: string | null },
): Promise<boolean> {
  const [row] = await scope.query<{ has: boolean }>(
    `select exists (select 1 from people p
       left join message_recipients r on r.tenant_id = $1 and r.collection_id = $2 and r.user_id = p.id
       where p.tenant_id = $1 and coalesce(r.phone, p.phone) is not null
         and p.id in (select owner_user_id from collections where tenant_id = $1 and id = $2
           union all select m.user_id from message_rule_recipients m where m.tenant_id = $1 and m.rule_id = $3)) as has`,
    [scope.tenantId, siteId, ruleId],
  );
  return row?.has ?? false;
}

/** A relation of rules: its table, the column of its members, and the mark of the rule that some were chosen. */
const relations = {
  users: { table: 'message_rule_users', member: 'user_id', mark: 'some_users' },
  locks: { table: 'message_rule_locks', member: 'lock_id', mark: 'some_locks' },
  recipients: { table: 'message_rule_recipients', member: 'user_id', mark: null },
} as const;
export type RuleRelation = keyof typeof relations;

/** Takes members out and puts others in; those that are in, or not there to be taken out, are no fault. */
export async function changeRuleMembers(
  scope: WriteScope,
  ruleId: string,
  change: {
    readonly relation: RuleRelation;
    readonly add: readonly string[];
    readonly remove: readonly string[];
  },
): Promise<void> {
  const { table, member, mark } = relations[change.relation];
  await scope.query(
    `delete from ${table} where tenant_id = $1 and rule_id = $2 and ${member} = any ($3)`,
    [scope.tenantId, ruleId, change.remove],
  );
  await scope.query(
    `insert into ${table} (tenant_id, rule_id, ${member})
     select $1, $2, id from unnest($3::uuid[]) as given (id) on conflict do nothing`,
    [scope.tenantId, ruleId, change.add],
  );
  if (mark !== null)
    await scope.query(
      `update message_rules r set ${mark} = exists (select 1 from ${table} m where m.tenant_id = $1 and m.rule_id = $2)
       where r.tenant_id = $1 and r.id = $2`,
      [scope.tenantId, ruleId],
    );
}

/** Those of the persons who are somebody in the site, kept from leaving until the transaction ends. */
export async function holdPersons(
  scope: WriteScope,
  siteId: CollectionId,
  ids: readonly string[],
): Promise<ReadonlySet<string>> {
  const rows = await scope.query<{ id: UserId }>(
    `select u.id from users u where u.tenant_id = $1 and u.id = any ($3)
       and (exists (select 1 from accessors a
           where a.tenant_id = u.tenant_id and a.collection_id = $2 and a.user_id = u.id)
         or exists (select 1 from collections c where c.tenant_id = u.tenant_id and c.id = $2 and c.owner_user_id = u.id))
     order by u.id for key share`,
    [scope.tenantId, siteId, ids],
  );
  return new Set(rows.map(({ id }) => id));
}

export async function hasSiteLock(
  scope: Scope,
  siteId: CollectionId,
  id: LockId,
): Promise<boolean> {
  const rows = await scope.query(
    'select 1 from locks where tenant_id = $1 and collection_id = $2 and id = $3',
    [scope.tenantId, siteId, id],
  );
  return rows.length > 0;
}

/** Those of the locks that belong to the site, kept from being deleted until the transaction ends. */
export async function holdSiteLocks(
  scope: WriteScope,
  siteId: CollectionId,
  ids: readonly string[],
): Promise<ReadonlySet<string>> {
  const rows = await scope.query<{ id: LockId }>(
    `select id from locks where tenant_id = $1 and collection_id = $2 and id = any ($3) order by id for key share`,
    [scope.tenantId, siteId, ids],
  );
  return new Set(rows.map(({ id }) => id));
}
