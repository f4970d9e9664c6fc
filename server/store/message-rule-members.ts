import { sql } from 'kysely';
import type { RuleLockResponse } from '#contract/message-rules';
import type { ListOptions } from '#contract/odata';
import type { UserSummaryResponse } from '#contract/users';
import { listRows, type ListResult } from './list.ts';
import type { SqlListFields } from './odata-filter.ts';
import type { Scope } from './scope.ts';

/** `m` is the relation, `r` its rule, `p` the person. */
const tagNumber = `(select t.tag_number from accessors a
    join keys k on k.tenant_id = a.tenant_id and k.accessor_id = a.id and k.key_type = 'tag'
    join tags t on t.tenant_id = k.tenant_id and t.id = k.credential_id
    where a.tenant_id = p.tenant_id and a.collection_id = r.collection_id and a.user_id = p.id
    order by k.created_at, k.id limit 1)`;
const isManagedHere = `(not p.has_profile and coalesce(p.managing_site_id = r.collection_id, false))`;

export const personFields = {
  id: { type: 'uuid', sql: sql`p.id`, isNotNull: true },
  first_name: { type: 'text', sql: sql`nullif(p.first_name, '')` },
  last_name: { type: 'text', sql: sql`nullif(p.last_name, '')` },
  email: { type: 'text', sql: sql`p.email` },
  image_url: { type: 'text', sql: sql`p.image_url` },
  tag_number: { type: 'text', sql: sql.raw(tagNumber) },
  is_managed_by_current_site: { type: 'bool', sql: sql.raw(isManagedHere), isNotNull: true },
  has_profile: { type: 'bool', sql: sql`p.has_profile`, isNotNull: true },
} as const satisfies SqlListFields;

/** A page of the persons a rule is about, or of those it tells beside the owner. */
export function listRulePersons(
  scope: Scope,
  options: ListOptions,
  { ruleId, relation }: { readonly ruleId: string; readonly relation: 'users' | 'recipients' },
): Promise<ListResult<UserSummaryResponse>> {
  const table = sql.raw(relation === 'users' ? 'message_rule_users' : 'message_rule_recipients');
  return listRows<UserSummaryResponse>(scope, {
    from: sql`${table} m join people p on p.tenant_id = m.tenant_id and p.id = m.user_id
      join message_rules r on r.tenant_id = m.tenant_id and r.id = m.rule_id`,
    tenant: sql`m.tenant_id`,
    where: sql`m.rule_id = ${ruleId}::uuid`,
    select:
      sql.raw(`p.id, nullif(p.first_name, '') as first_name, nullif(p.last_name, '') as last_name, p.email, p.image_url,
      ${tagNumber} as tag_number, ${isManagedHere} as is_managed_by_current_site, p.has_profile`),
    fields: personFields,
    options,
    id: sql`p.id`,
    defaultOrder: [{ sql: sql`p.created_at`, type: 'instant', direction: 'asc', isNotNull: true }],
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
