/** Tags of a site with who has them, as the Connect face shows them (connect-api.md 4.7); in the view of an ordinary user the own. */
import { sql } from 'kysely';
import type { AccessorId, IqId, KeyId, TagId, UserId } from '#contract/ids';
import type { ListOptions } from '#contract/odata';
import { listRows, type ListResult } from './list.ts';
import type { Sql, SqlListFields } from './odata-filter.ts';
import type { PodOfSite } from './pods.ts';
import type { Scope } from './scope.ts';
import type { SiteView } from './site-locks.ts';

export type SiteTagRow = {
  readonly id: TagId;
  readonly blocked: boolean;
  readonly added_date: Date;
  readonly registration_date: Date | null;
  readonly tag_number: string;
  readonly source_iq_id: IqId | null;
  readonly key_id: KeyId | null;
  /** The site user who has it; null also while an accessor without a person does. */
  readonly accessor_id: AccessorId | null;
  readonly user_id: UserId | null;
  readonly first_name: string | null;
  readonly last_name: string | null;
  readonly image_url: string | null;
  /** Somebody of a pod has it. */
  readonly is_pod_tag: boolean;
};

const isPodTag = `exists (select 1 from pod_users e where e.tenant_id = t.tenant_id and e.accessor_id = h.accessor_id)`;

export const siteTagFields = {
  id: { type: 'uuid', sql: sql`t.id`, isNotNull: true },
  blocked: { type: 'bool', sql: sql`coalesce(h.blocked, false)`, isNotNull: true },
  creation_date: { type: 'instant', sql: sql`t.added_date`, isNotNull: true },
  registration_date: { type: 'instant', sql: sql`t.registration_date` },
  tag_number: { type: 'text', sql: sql`t.tag_number`, isNotNull: true },
  source_iq_id: { type: 'uuid', sql: sql`t.source_iq_id` },
  site_user_key_id: { type: 'uuid', sql: sql`h.key_id` },
  'site_user/id': { type: 'uuid', sql: sql`h.accessor_id` },
  'site_user/user/id': { type: 'uuid', sql: sql`p.id` },
  'site_user/user/first_name': { type: 'text', sql: sql`p.first_name` },
  'site_user/user/last_name': { type: 'text', sql: sql`p.last_name` },
  'site_user/user/image_url': { type: 'text', sql: sql`p.image_url` },
  is_pod_tag: { type: 'bool', sql: sql.raw(isPodTag), isNotNull: true },
} as const satisfies SqlListFields;

const columns = `t.id, coalesce(h.blocked, false) as blocked, t.added_date, t.registration_date, t.tag_number,
  t.source_iq_id, h.key_id, h.accessor_id, p.id as user_id, p.first_name, p.last_name, p.image_url,
  ${isPodTag} as is_pod_tag`;

/** The holder is the one of the tag's own site where one person's accessors share it (behaviour.md 5.1). */
const joins = `tags t
  left join lateral (
    select k.id as key_id, case when a.user_id is not null then a.id end as accessor_id, a.user_id,
      k.blocked or exists (select 1 from key_settings s
        where s.tenant_id = k.tenant_id and s.key_id = k.id and s.blocked) as blocked
    from keys k join accessors a on a.tenant_id = k.tenant_id and a.id = k.accessor_id
    where k.tenant_id = t.tenant_id and k.credential_id = t.id and k.key_type = 'tag'
      and a.collection_id = t.collection_id
    order by k.created_at, k.id limit 1) h on true
  left join people p on p.tenant_id = t.tenant_id and p.id = h.user_id`;

export async function findSiteTag(
  scope: Scope,
  { siteId, accessorId }: SiteView,
  id: TagId,
): Promise<SiteTagRow | undefined> {
  const [row] = await scope.query<SiteTagRow>(
    `select ${columns} from ${joins} where t.tenant_id = $1 and t.collection_id = $2 and t.id = $3
       and ($4::uuid is null or h.accessor_id = $4)`,
    [scope.tenantId, siteId, id, accessorId],
    'site_tag_find',
  );
  return row;
}

export function listSiteTags(
  scope: Scope,
  options: ListOptions,
  { siteId, accessorId }: SiteView,
): Promise<ListResult<SiteTagRow>> {
  const where = sql`t.collection_id = ${siteId}::uuid
    and (${accessorId}::uuid is null or h.accessor_id = ${accessorId}::uuid)`;
  return listTagsWhere(scope, options, where);
}

/** A page of the tags that people of a pod have. */
export function listPodTags(
  scope: Scope,
  options: ListOptions,
  { siteId, id }: PodOfSite,
): Promise<ListResult<SiteTagRow>> {
  const where = sql`t.collection_id = ${siteId}::uuid and exists (select 1 from pod_users u
    where u.tenant_id = t.tenant_id and u.pod_id = ${id}::uuid and u.accessor_id = h.accessor_id)`;
  return listTagsWhere(scope, options, where);
}

function listTagsWhere(
  scope: Scope,
  options: ListOptions,
  where: Sql,
): Promise<ListResult<SiteTagRow>> {
  return listRows<SiteTagRow>(scope, {
    from: sql.raw(joins),
    tenant: sql`t.tenant_id`,
    where,
    select: sql.raw(columns),
    fields: siteTagFields,
    options,
    id: sql`t.id`,
    defaultOrder: [{ sql: sql`t.created_at`, type: 'instant', direction: 'asc', isNotNull: true }],
  });
}
