import { sql } from 'kysely';
import { weekdays } from '#contract/fields';
import type { AccessGroupId, TimeScheduleId } from '#contract/ids';
import type { ListOptions } from '#contract/odata';
import type { AccessGroupTimeScheduleResponse } from '#contract/time-schedules';
import { listRows, type ListResult } from './list.ts';
import type { SqlListFields } from './odata-filter.ts';
import type { Scope, WriteScope } from './scope.ts';
import { updateColumns } from './update.ts';

export type TimeScheduleRow = AccessGroupTimeScheduleResponse & { readonly id: TimeScheduleId };

export const timeScheduleFields = {
  id: { type: 'uuid', sql: sql`s.id`, isNotNull: true },
  start_time: { type: 'time', sql: sql`s.start_time`, isNotNull: true },
  end_time: { type: 'time', sql: sql`s.end_time`, isNotNull: true },
  start_date: { type: 'local', sql: sql`s.start_date` },
  end_date: { type: 'local', sql: sql`s.end_date` },
  monday: { type: 'bool', sql: sql`s.monday`, isNotNull: true },
  tuesday: { type: 'bool', sql: sql`s.tuesday`, isNotNull: true },
  wednesday: { type: 'bool', sql: sql`s.wednesday`, isNotNull: true },
  thursday: { type: 'bool', sql: sql`s.thursday`, isNotNull: true },
  friday: { type: 'bool', sql: sql`s.friday`, isNotNull: true },
  saturday: { type: 'bool', sql: sql`s.saturday`, isNotNull: true },
  sunday: { type: 'bool', sql: sql`s.sunday`, isNotNull: true },
} as const satisfies SqlListFields;

/** The columns of a schedule `s`, as every table of schedules has them. */
export const timeScheduleColumns = `s.id, to_char(s.start_time, 'HH24:MI:SS') as start_time, to_char(s.end_time, 'HH24:MI:SS') as end_time,
  to_char(s.start_date, 'YYYY-MM-DD"T"HH24:MI:SS') as start_date,
  to_char(s.end_date, 'YYYY-MM-DD"T"HH24:MI:SS') as end_date, ${weekdays.map((day) => `s.${day}`).join(', ')}`;

/** A schedule of one group. */
export async function findTimeSchedule(
  scope: Scope,
  groupId: AccessGroupId,
  id: TimeScheduleId,
): Promise<TimeScheduleRow | undefined> {
  const [row] = await scope.query<TimeScheduleRow>(
    `select ${timeScheduleColumns} from time_schedules s
     where s.tenant_id = $1 and s.access_group_id = $2 and s.id = $3`,
    [scope.tenantId, groupId, id],
    'time_schedule_find',
  );
  return row;
}

export function listTimeSchedules(
  scope: Scope,
  options: ListOptions,
  groupId: AccessGroupId,
): Promise<ListResult<TimeScheduleRow>> {
  return listRows<TimeScheduleRow>(scope, {
    from: sql`time_schedules s`,
    tenant: sql`s.tenant_id`,
    where: sql`s.access_group_id = ${groupId}::uuid`,
    select: sql.raw(timeScheduleColumns),
    fields: timeScheduleFields,
    options,
    id: sql`s.id`,
    defaultOrder: [{ sql: sql`s.created_at`, type: 'instant', direction: 'asc', isNotNull: true }],
  });
}

export function insertTimeSchedule(
  scope: WriteScope,
  groupId: AccessGroupId,
  row: NewSchedule,
): Promise<void> {
  const owner = { table: 'time_schedules', column: 'access_group_id', id: groupId } as const;
  return insertScheduleOf(scope, owner, row);
}

export type NewSchedule = AccessGroupTimeScheduleResponse & { readonly created_at: Date };

/** Whose schedule it is: a group's or a message rule's. */
export type ScheduleOwner =
  | { readonly table: 'time_schedules'; readonly column: 'access_group_id'; readonly id: string }
  | { readonly table: 'message_rule_schedules'; readonly column: 'rule_id'; readonly id: string };

export async function insertScheduleOf(
  scope: WriteScope,
  { table, column, id }: ScheduleOwner,
  row: NewSchedule,
): Promise<void> {
  await scope.query(
    `insert into ${table} (tenant_id, ${column}, id, start_time, end_time, start_date, end_date,
       ${weekdays.join(', ')}, created_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`,
    [
      scope.tenantId,
      id,
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

export const writableTimeScheduleColumns = [
  'start_time',
  'end_time',
  'start_date',
  'end_date',
  ...weekdays,
] as const;

/** Writes the members given; the others stay. */
export async function updateTimeSchedule(
  scope: WriteScope,
  id: TimeScheduleId,
  change: Partial<AccessGroupTimeScheduleResponse>,
): Promise<void> {
  await updateColumns(scope, {
    table: 'time_schedules',
    id,
    columns: writableTimeScheduleColumns,
    change,
  });
}

export async function deleteTimeSchedule(scope: WriteScope, id: TimeScheduleId): Promise<void> {
  await scope.query('delete from time_schedules where tenant_id = $1 and id = $2', [
    scope.tenantId,
    id,
  ]);
}
