/**
 * SQL: whether a group of a lock `l`, by its relation, opens it. A locker that is given out by the day opens for who has it and
 * for nobody else, whoever may take it (connect-api.md 4.12): there its own group counts alone.
 */
export function groupOpens(relation: string): string {
  return `(l.locker_mode = 'generic' or exists (select 1 from access_groups og where og.tenant_id = l.tenant_id
    and og.id = ${relation}.access_group_id and og.locker_id = l.id))`;
}
