import { sql } from 'kysely';
import type { ListOptions } from '#contract/odata';
import type { AccessGroupTimeScheduleResponse } from '#contract/time-schedules';
import { listRows, type ListResult } from './list.ts';
import type { Scope, WriteScope } from './scope.ts';
import {
  insertScheduleOf,
  timeScheduleColumns,
  timeScheduleFields,
  writableTimeScheduleColumns,
  type NewSchedule,
} from './time-schedules.ts';
import { updateColumns } from './update.ts';

export type MessageScheduleRow = AccessGroupTimeScheduleResponse;

export async function findMessageSchedule(
  scope: Scope,
  { ruleId, id }: { readonly ruleId: string; readonly id: string },
): Promise<MessageScheduleRow | undefined> {
  const [row] = await scope.query<MessageScheduleRow>(
    `select ${timeScheduleColumns} from message_rule_schedules s where s.tenant_id = $1 and s.rule_id = $2 and s.id = $3`,
    [scope.tenantId, ruleId, id],
  );
  return row;
}

/** A page of the schedules of a rule. */
export function listMessageSchedules(
  scope: Scope,
  options: ListOptions,
  ruleId: string,
): Promise<ListResult<MessageScheduleRow>> {
  return listRows<MessageScheduleRow>(scope, {
    from: sql`message_rule_schedules s`,
    tenant: sql`s.tenant_id`,
    where: sql`s.rule_id = ${ruleId}::uuid`,
    select: sql.raw(timeScheduleColumns),
    fields: timeScheduleFields,
    options,
    id: sql`s.id`,
    defaultOrder: [{ sql: sql`s.created_at`, type: 'instant', direction: 'asc', isNotNull: true }],
  });
}

/** Every schedule of these rules. */
export function readMessageSchedules(
  scope: Scope,
  ruleIds: readonly string[],
): Promise<(MessageScheduleRow & { readonly rule_id: string })[]> {
  return scope.query(
    `select s.rule_id, ${timeScheduleColumns} from message_rule_schedules s where s.tenant_id = $1 and s.rule_id = any ($2)`,
    [scope.tenantId, ruleIds],
    'message_schedules',
  );
}

export function insertMessageSchedule(
  scope: WriteScope,
  ruleId: string,
  row: NewSchedule,
): Promise<void> {
  const owner = { table: 'message_rule_schedules', column: 'rule_id', id: ruleId } as const;
  return insertScheduleOf(scope, owner, row);
}

/** Writes the members given; the others stay. */
export async function updateMessageSchedule(
  scope: WriteScope,
  id: string,
  change: Partial<MessageScheduleRow>,
): Promise<void> {
  const columns = writableTimeScheduleColumns;
  await updateColumns(scope, { table: 'message_rule_schedules', id, columns, change });
}

export async function deleteMessageSchedule(scope: WriteScope, id: string): Promise<void> {
  await scope.query('delete from message_rule_schedules where tenant_id = $1 and id = $2', [
    scope.tenantId,
    id,
  ]);
}
