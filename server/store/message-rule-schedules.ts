import { sql } from 'kysely';
import { weekdays } from '#contract/fields';
import type { ListOptions } from '#contract/odata';
import type { AccessGroupTimeScheduleResponse } from '#contract/time-schedules';
import { listRows, type ListResult } from './list.ts';
import type { Scope, WriteScope } from './scope.ts';
import { timeScheduleFields } from './time-schedules.ts';
import { updateColumns } from './update.ts';

export type MessageScheduleRow = AccessGroupTimeScheduleResponse;

const columns = `s.id, to_char(s.start_time, 'HH24:MI:SS') as start_time, to_char(s.end_time, 'HH24:MI:SS') as end_time,
  to_char(s.start_date, 'YYYY-MM-DD"T"HH24:MI:SS') as start_date,
  to_char(s.end_date, 'YYYY-MM-DD"T"HH24:MI:SS') as end_date, ${weekdays.map((day) => `s.${day}`).join(', ')}`;

export async function findMessageSchedule(
  scope: Scope,
  { ruleId, id }: { readonly ruleId: string; readonly id: string },
): Promise<MessageScheduleRow | undefined> {
  const [row] = await scope.query<MessageScheduleRow>(
    `select ${columns} from message_rule_schedules s where s.tenant_id = $1 and s.rule_id = $2 and s.id = $3`,
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
    select: sql.raw(columns),
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
    `select s.rule_id, ${columns} from message_rule_schedules s where s.tenant_id = $1 and s.rule_id = any ($2)`,
    [scope.tenantId, ruleIds],
    'message_schedules',
  );
}

export async function insertMessageSchedule(
  scope: WriteScope,
  ruleId: string,
  row: MessageScheduleRow & { readonly created_at: Date },
): Promise<void> {
  await scope.query(
    `insert into message_rule_schedules (tenant_id, rule_id, id, start_time, end_time, start_date, end_date,
       ${weekdays.join(', ')}, created_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`,
    [
      scope.tenantId,
      ruleId,
      row.id,
      row.start_time,
      row.end_time,
      row.start_date,
      row.end_date,
      ...weekdays.map((day) => row[day]),
      row.created_at,
    ],
  );
}

const writable = ['start_time', 'end_time', 'start_date', 'end_date', ...weekdays] as const;

/** Writes the members given; the others stay. */
export async function updateMessageSchedule(
  scope: WriteScope,
  id: string,
  change: Partial<MessageScheduleRow>,
): Promise<void> {
  await updateColumns(scope, { table: 'message_rule_schedules', id, columns: writable, change });
}

export async function deleteMessageSchedule(scope: WriteScope, id: string): Promise<void> {
  await scope.query('delete from message_rule_schedules where tenant_id = $1 and id = $2', [
    scope.tenantId,
    id,
  ]);
}
