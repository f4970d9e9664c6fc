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

const columns = `s.id, to_char(s.start_time, 'HH24:MI:SS') as start_time, to_char(s.end_time, 'HH24:MI:SS') as end_time,
  to_char(s.start_date, 'YYYY-MM-DD"T"HH24:MI:SS') as start_date,
  to_char(s.end_date, 'YYYY-MM-DD"T"HH24:MI:SS') as end_date, ${weekdays.map((day) => `s.${day}`).join(', ')}`;

/** A schedule of one group. */
export async function findTimeSchedule(
  scope: Scope,
  groupId: AccessGroupId,
  id: TimeScheduleId,
): Promise<TimeScheduleRow | undefined> {
  const [row] = await scope.query<TimeScheduleRow>(
    `select ${columns} from time_schedules s
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
    select: sql.raw(columns),
    fields: timeScheduleFields,
    options,
    id: sql`s.id`,
    defaultOrder: [{ sql: sql`s.created_at`, type: 'instant', direction: 'asc', isNotNull: true }],
  });
}

export async function insertTimeSchedule(
  scope: WriteScope,
  groupId: AccessGroupId,
  row: TimeScheduleRow & { readonly created_at: Date },
): Promise<void> {
  await scope.query(
    `insert into time_schedules (tenant_id, access_group_id, id, start_time, end_time, start_date, end_date,
       ${weekdays.join(', ')}, created_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`,
    [
      scope.tenantId,
      groupId,
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
export async function updateTimeSchedule(
  scope: WriteScope,
  id: TimeScheduleId,
  change: Partial<AccessGroupTimeScheduleResponse>,
): Promise<void> {
  await updateColumns(scope, { table: 'time_schedules', id, columns: writable, change });
}

export async function deleteTimeSchedule(scope: WriteScope, id: TimeScheduleId): Promise<void> {
  await scope.query('delete from time_schedules where tenant_id = $1 and id = $2', [
    scope.tenantId,
    id,
  ]);
}
