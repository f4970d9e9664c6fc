import { sql } from 'kysely';
import type { CollectionId } from '#contract/ids';
import type { RuleLockResponse } from '#contract/message-rules';
import type { ListOptions } from '#contract/odata';
import type { UserSummaryResponse } from '#contract/users';
import { listRows, type ListResult } from './list.ts';
import type { Sql, SqlListFields } from './odata-filter.ts';
import type { Scope } from './scope.ts';

function tagOf(siteId: CollectionId): Sql {
  return sql`(select t.tag_number from accessors a
    join keys k on k.tenant_id = a.tenant_id and k.accessor_id = a.id and k.key_type = 'tag'
    join tags t on t.tenant_id = k.tenant_id and t.id = k.credential_id
    where a.tenant_id = u.tenant_id and a.collection_id = ${siteId}::uuid and a.user_id = u.id
    order by k.created_at, k.id limit 1)`;
}

/** Everything of a person but the tag, which depends on the site. */
export const personFields = {
  id: { type: 'uuid', sql: sql`u.id`, isNotNull: true },
  first_name: { type: 'text', sql: sql`n.first_name` },
  last_name: { type: 'text', sql: sql`n.last_name` },
  email: { type: 'text', sql: sql`n.email` },
  is_managed_by_current_site: { type: 'bool', sql: sql`(u.login_id is null)`, isNotNull: true },
  has_profile: { type: 'bool', sql: sql`(u.login_id is not null)`, isNotNull: true },
} as const satisfies SqlListFields;

/** A page of the persons a rule is about, or of those it tells beside the owner. */
export function listRulePersons(
  scope: Scope,
  options: ListOptions,
  {
    siteId,
    ruleId,
    relation,
  }: {
    readonly siteId: CollectionId;
    readonly ruleId: string;
    readonly relation: 'users' | 'recipients';
  },
): Promise<ListResult<UserSummaryResponse>> {
  const table = sql.raw(relation === 'users' ? 'message_rule_users' : 'message_rule_recipients');
  return listRows<UserSummaryResponse>(scope, {
    from: sql`${table} m join users u on u.tenant_id = m.tenant_id and u.id = m.user_id
      left join logins n on n.id = u.login_id`,
    tenant: sql`m.tenant_id`,
    where: sql`m.rule_id = ${ruleId}::uuid`,
    select: sql`u.id, n.first_name, n.last_name, n.email, null::text as image_url, ${tagOf(siteId)} as tag_number,
      u.login_id is null as is_managed_by_current_site, u.login_id is not null as has_profile`,
    fields: personFields,
    options,
    id: sql`u.id`,
    defaultOrder: [{ sql: sql`u.created_at`, type: 'instant', direction: 'asc', isNotNull: true }],
  });
}

export const ruleLockFields = {
  id: { type: 'uuid', sql: sql`l.id`, isNotNull: true },
  customer_reference: { type: 'text', sql: sql`l.customer_reference` },
} as const satisfies SqlListFields;

/** A page of the locks chosen for a rule. */
export function listRuleLocks(
  scope: Scope,
  options: ListOptions,
  ruleId: string,
): Promise<ListResult<RuleLockResponse>> {
  return listRows<RuleLockResponse>(scope, {
    from: sql`message_rule_locks m join locks l on l.tenant_id = m.tenant_id and l.id = m.lock_id`,
    tenant: sql`m.tenant_id`,
    where: sql`m.rule_id = ${ruleId}::uuid`,
    select: sql`l.id, l.customer_reference`,
    fields: ruleLockFields,
    options,
    id: sql`l.id`,
    defaultOrder: [{ sql: sql`l.created_at`, type: 'instant', direction: 'asc', isNotNull: true }],
  });
}
