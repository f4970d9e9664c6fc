/**
 * Access groups by their names, with locks and schedules. Rows of one name are one group; each adds its locks and, where it names days,
 * a schedule. What the group has besides stays.
 */
import type { AccessGroupId, LockId } from '#contract/ids';
import {
  listLocksOfGroups,
  listNamedGroups,
  listNamedLocks,
  listSchedulesOfGroups,
  scheduleKey,
} from '#server/store/csv-imports';
import type { WriteScope } from '#server/store/scope';
import { addAccessGroup, changeRelation } from './access-groups.ts';
import {
  byName,
  cellFault,
  failedRow,
  faultOfRule,
  isRead,
  type CsvRowOf,
  type RowFault,
  type RowResult,
} from './csv-import-rows.ts';
import type { SiteUserParts } from './site-user-creation.ts';
import type { AtWork } from './site-user-rules.ts';
import { addTimeSchedule, type PostTimeSchedule } from './time-schedules.ts';

export type GroupRow = {
  readonly name: string;
  /** By name or id. */
  readonly locks: readonly string[];
  readonly schedule: PostTimeSchedule | null;
};

type ReadGroup = { readonly line: number; readonly value: GroupRow };

type Known = {
  /** Grows with the groups that rows make. */
  readonly groups: Map<string, readonly AccessGroupId[]>;
  readonly locks: ReadonlyMap<string, readonly LockId[]>;
  readonly members: Set<string>;
  readonly schedules: Set<string>;
  readonly scheduled: Set<AccessGroupId>;
};

export async function importGroups(
  scope: WriteScope,
  parts: SiteUserParts,
  { at, rows }: { readonly at: AtWork; readonly rows: readonly CsvRowOf<GroupRow>[] },
): Promise<readonly RowResult[]> {
  const known = await lookAround(scope, at, new Set(rows.filter(isRead).map(nameOf)));
  const results: RowResult[] = [];
  for (const row of rows)
    results.push(
      isRead(row)
        ? await importGroup(scope, parts, { at, known, row })
        : failedRow(row.line, row.faults),
    );
  return results.map((result, index) => {
    const row = rows[index];
    return row !== undefined && isRead(row) && givesNothing(row, known)
      ? { ...result, notes: ['no_time_schedule'] }
      : result;
  });
}

/** behaviour.md 5.3: a group without schedule grants nothing. */
function givesNothing({ value }: ReadGroup, { groups, scheduled }: Known): boolean {
  const [id] = groups.get(value.name) ?? [];
  return id !== undefined && !scheduled.has(id);
}

function nameOf({ value }: ReadGroup): string {
  return value.name;
}

async function lookAround(
  scope: WriteScope,
  { siteId }: AtWork,
  names: ReadonlySet<string>,
): Promise<Known> {
  const groups = (await listNamedGroups(scope, siteId)).filter(({ name }) => names.has(name));
  const locks = await listNamedLocks(scope, siteId);
  const groupIds = groups.map(({ id }) => id);
  const members = await listLocksOfGroups(scope, groupIds);
  const schedules = await listSchedulesOfGroups(scope, groupIds);
  return {
    groups: byName(groups),
    locks: byName(
      locks.flatMap(({ id, name }) => [{ id, name: id }, ...(name === null ? [] : [{ id, name }])]),
    ),
    members: new Set(members.map((one) => `${one.group_id} ${one.lock_id}`)),
    schedules: new Set(schedules.map((one) => `${one.group_id} ${scheduleKey(one)}`)),
    scheduled: new Set(schedules.map((one) => one.group_id)),
  };
}

async function importGroup(
  scope: WriteScope,
  parts: SiteUserParts,
  {
    at,
    known,
    row: { line, value },
  }: { readonly at: AtWork; readonly known: Known; readonly row: ReadGroup },
): Promise<RowResult> {
  const { lockIds, faults } = locksOf(value, known);
  const present = known.groups.get(value.name) ?? [];
  if (present.length > 1)
    return failedRow(line, [
      cellFault('name', 'Several groups have this name; rename one of them.'),
      ...faults,
    ]);
  if (faults.length > 0) return failedRow(line, faults);
  try {
    const groupId = present[0] ?? (await makeGroup(scope, parts, { at, name: value.name }));
    known.groups.set(value.name, [groupId]);
    const isChanged = await fillGroup(scope, parts, {
      at,
      known,
      groupId,
      lockIds,
      schedule: value.schedule,
    });
    const action = present[0] === undefined ? 'created' : isChanged ? 'updated' : 'unchanged';
    return { line, action, faults: [], notes: [] };
  } catch (error) {
    return failedRow(line, [faultOfRule(error)]);
  }
}

function locksOf(
  { locks }: GroupRow,
  known: Known,
): { readonly lockIds: readonly LockId[]; readonly faults: readonly RowFault[] } {
  const faults: RowFault[] = [];
  const lockIds = locks.flatMap((name) => {
    const [id, ...more] = known.locks.get(name) ?? known.locks.get(name.toLowerCase()) ?? [];
    if (id === undefined) faults.push(cellFault('locks', `The site has no lock "${name}".`));
    else if (more.length > 0)
      faults.push(cellFault('locks', `Several locks are called "${name}"; name it by its id.`));
    return id === undefined ? [] : [id];
  });
  return { lockIds, faults };
}

async function makeGroup(
  scope: WriteScope,
  parts: SiteUserParts,
  { at: { actor, siteId }, name }: { readonly at: AtWork; readonly name: string },
): Promise<AccessGroupId> {
  const body = { customer_reference: name, collection_id: siteId };
  return (await addAccessGroup(scope, parts, { actor, body })).id;
}

/** False when the group has all of it already. */
async function fillGroup(
  scope: WriteScope,
  parts: SiteUserParts,
  {
    at: { actor },
    known,
    groupId,
    lockIds,
    schedule,
  }: {
    readonly at: AtWork;
    readonly known: Known;
    readonly groupId: AccessGroupId;
    readonly lockIds: readonly LockId[];
    readonly schedule: PostTimeSchedule | null;
  },
): Promise<boolean> {
  const scheduleId = schedule === null ? null : `${groupId} ${scheduleKey(schedule)}`;
  const isScheduled = schedule !== null && scheduleId !== null && !known.schedules.has(scheduleId);
  if (isScheduled) {
    await addTimeSchedule(scope, parts, { actor, groupId, body: schedule });
    known.schedules.add(scheduleId);
    known.scheduled.add(groupId);
  }
  const add = lockIds.filter((id) => !known.members.has(`${groupId} ${id}`));
  if (add.length > 0) {
    const change = { relation: 'locks', add, remove: [] } as const;
    await changeRelation(scope, parts, { actor, id: groupId, change, warn: () => undefined });
    for (const id of add) known.members.add(`${groupId} ${id}`);
  }
  return isScheduled || add.length > 0;
}
