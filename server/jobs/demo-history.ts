/**
 * The past of a demo building: harbour gets a week of its own activity, each act decided by the real access decision; compat
 * gets entries and incidents spread evenly from 2017 to today and over both collections.
 */
import { decide, type Decision } from '#access/decision';
import type { Presentation } from '#access/presentation';
import { tableOf, type AccessTable } from '#access/table';
import { toLocalText, wallInstants } from '#access/zones';
import type { DesiredItem } from '#contract/access-table';
import type { BuildingActivity } from '#contract/building';
import { incidentCategories, type IncidentCategory } from '#contract/events';
import type { IqId, TenantId } from '#contract/ids';
import { insertRows } from '#server/store/bulk';
import { listDesiredItems } from '#server/store/desired-items';
import type { Database } from '#server/store/pool';
import { inTransaction, readScope, type Scope } from '#server/store/scope';
import { byName, demoId, type DemoBuilding, type DemoName } from './demo-building.ts';
import { layDemoConditions } from './demo-conditions.ts';

type History = {
  readonly database: Database;
  readonly tenantId: TenantId;
  readonly name: DemoName;
  readonly building: DemoBuilding;
  readonly now: Date;
};

/** What happened at one door; the person is in the decision. */
type PastEntry = { readonly at: Date; readonly lock: string; readonly decision: Decision };
type PastIncident = {
  readonly at: Date;
  readonly lock: string;
  readonly category: IncidentCategory;
  readonly detail: string | null;
};

/** Writes the past into the event tables, once and in the order in which it happened. */
export async function layDemoHistory(history: History): Promise<void> {
  const { database, tenantId, name } = history;
  const tables = await readTables(history);
  const entries = name === 'harbour' ? weekOf(history, tables) : yearsOf(history, tables);
  const incidents = name === 'harbour' ? weekOfIncidents(history) : yearsOfIncidents(history);
  await inTransaction({ database, tenantId }, async (scope) => {
    const laid = await scope.query(
      'select 1 from entries where tenant_id = $1 and boot = 0 limit 1',
      [tenantId],
    );
    if (laid.length > 0) return;
    await layDemoConditions(scope, history);
    const columns = locationColumns(history);
    await insertRows(
      scope,
      'entries',
      await numbered(
        scope,
        entries.sort((a, b) => a.at.getTime() - b.at.getTime()),
        ({ at, lock, decision }, number) => ({
          ...columns({ at, lock, kind: 'entry', number }),
          event_category: decision.category,
          event_detail: decision.detail,
          accessor_id: decision.accessorId,
          exit_requested: decision.exitRequested,
          access_by: decision.accessBy,
          access_detail: decision.accessDetail,
          reject_reason: decision.rejectReason,
        }),
      ),
    );
    await insertRows(
      scope,
      'incidents',
      await numbered(
        scope,
        incidents.sort((a, b) => a.at.getTime() - b.at.getTime()),
        ({ at, lock, category, detail }, number) => ({
          ...columns({ at, lock, kind: 'incident', number }),
          event_category: category,
          event_detail: detail,
        }),
      ),
    );
  });
}

async function numbered<Past>(
  scope: Scope,
  past: readonly Past[],
  toRow: (past: Past, place: { number: number; index: number }) => Record<string, unknown>,
): Promise<Record<string, unknown>[]> {
  const numbers = await scope.query<{ number: string }>(
    `select nextval('event_numbers') as number from generate_series(1, $1::int)`,
    [past.length],
  );
  return past.map((fact, index) =>
    toRow(fact, { number: Number(numbers[index]?.number), index: index + 1 }),
  );
}

/** The columns entries and incidents share: where it was, and names as they were. Boot 0 is before any hub's first start. */
function locationColumns({ building, now }: History) {
  const lock = byName(building.locks);
  const hub = byName(building.hubs);
  const collection = byName(building.site.collections);
  const places = new Map(building.site.iqs.map((iq) => [iq.hub, iq]));
  return ({
    at,
    lock: name,
    kind,
    number: { number, index },
  }: {
    readonly at: Date;
    readonly lock: string;
    readonly kind: 'entry' | 'incident';
    readonly number: { number: number; index: number };
  }) => {
    const door = lock(name);
    const place = places.get(door.hub ?? '');
    if (place === undefined) throw new Error(`${name} hangs on no registered hub`);
    const { id, code, revision } = hub(place.hub);
    const site = collection(place.collection);
    return {
      id: demoId(kind, building.name, String(index)),
      number,
      iq_id: id,
      boot: 0,
      sequence: kind === 'entry' ? index : -index,
      collection_id: site.id,
      collection_customer_reference: site.name,
      utc_date_time: at.toISOString(),
      local_date_time: toLocalText(place.time_zone, at),
      lock_id: door.id,
      lock_customer_reference: door.name,
      lock_mac_address: door.code,
      iq_customer_reference: place.hub,
      iq_mac_address: `${code.slice(0, 2)}.${code.slice(2, 4)}.${code.slice(4, 6)}`,
      iq_revision: revision,
      is_readable: true,
      stored_at: now.toISOString(),
    };
  };
}

/** The access tables as the hubs will have them, by lock. */
async function readTables({ database, tenantId, building }: History): Promise<TablesByLock> {
  const scope = readScope(database, tenantId);
  const byHub = new Map<string, AccessTable>();
  for (const { hub } of building.site.iqs) {
    const iqId = byName(building.hubs)(hub).id as IqId;
    const items: DesiredItem[] = [];
    let after = { version: 0, key: '' };
    for (;;) {
      const page = await listDesiredItems(scope, iqId, { after, limit: 1000, skipsRemoved: true });
      items.push(...page.items);
      if (page.last === null) break;
      after = page.last;
    }
    byHub.set(hub, tableOf(items));
  }
  return (lock) => byHub.get(lock.hub ?? '') ?? null;
}

type TablesByLock = (lock: { readonly hub: string | null }) => AccessTable | null;

const quietDoor = {
  officeMode: 'none',
  privacy: false,
  tagRegistration: false,
  keypadLockedOut: false,
} as const;

const dayMs = 86_400_000;

function weekOf({ building, now }: History, tables: TablesByLock): PastEntry[] {
  const entries: PastEntry[] = [];
  for (let day = 7; day >= 0; day -= 1) {
    const date = toLocalText(building.time_zone, new Date(now.getTime() - day * dayMs)).slice(
      0,
      10,
    );
    for (const [index, activity] of building.activity.entries()) {
      if (!happensOn(activity, date)) continue;
      for (const at of timesOf(activity, { date, zone: building.time_zone, seed: index })) {
        if (at >= now) continue;
        const entry = decideAt({ building, tables, at, activity });
        if (entry !== null) entries.push(entry);
      }
    }
  }
  return entries;
}

function happensOn({ days }: BuildingActivity, date: string): boolean {
  const weekday = new Date(`${date}T00:00:00Z`).getUTCDay();
  const isWeekend = weekday === 0 || weekday === 6;
  return days === 'every_day' || (days === 'weekend') === isWeekend;
}

/** Instants of an act on one day: its usual distance, each moved by up to half of it, the same on every machine. */
function timesOf(
  activity: BuildingActivity,
  { date, zone, seed }: { readonly date: string; readonly zone: string; readonly seed: number },
): Date[] {
  const start = Date.parse(`${date}T${activity.from}Z`);
  const end = Date.parse(`${date}T${activity.to}Z`);
  const stepMs = activity.every_seconds * 1000;
  const times: Date[] = [];
  for (let wallMs = start; wallMs <= end; wallMs += stepMs) {
    const share = Number.parseInt(demoId(date, String(seed), String(wallMs)).slice(0, 6), 16);
    const moved = wallMs + Math.round((share / 0xffffff) * stepMs * 0.5);
    const [instant] = moved <= end ? wallInstants(zone, moved) : [];
    if (instant !== undefined) times.push(new Date(Math.floor(instant / 1000) * 1000));
  }
  return times;
}

type Deciding = {
  readonly building: DemoBuilding;
  readonly tables: TablesByLock;
  readonly at: Date;
  readonly activity: Pick<BuildingActivity, 'act' | 'lock' | 'with'>;
};

function decideAt({ building, tables, at, activity }: Deciding): PastEntry | null {
  const lock = byName(building.locks)(activity.lock);
  const decision = decide({
    table: tables(lock),
    lockId: lock.id,
    door: quietDoor,
    presentation: presentationOf(building, activity),
    now: at,
    serverGoneSince: null,
  });
  return decision.category === null ? null : { at, lock: lock.name, decision };
}

function presentationOf(
  building: DemoBuilding,
  { act, with: shown = '' }: Pick<BuildingActivity, 'act' | 'with'>,
): Presentation {
  if (act === 'handle') return { what: { type: 'exit', by: 'handle' }, heldMs: 0 };
  if (act === 'pin') return { what: { type: 'pin', code: shown }, heldMs: 0 };
  const card = building.cards.find(({ tag_number }) => tag_number === shown);
  return {
    what: { type: 'tag', tagNumber: shown, rfidUid: card?.rfid_uid ?? null },
    heldMs: 0,
  };
}

function weekOfIncidents({ building, now }: History): PastIncident[] {
  const ago = (days: number, hours: number) =>
    new Date(Math.floor(now.getTime() / 1000) * 1000 - days * dayMs - hours * 3_600_000);
  const [front] = building.locks;
  const weak = building.locks.find(({ battery }) => battery === 'low');
  return [
    ...(weak === undefined
      ? []
      : [
          {
            at: ago(2, 5),
            lock: weak.name,
            category: 'low_battery_warning' as const,
            detail: 'low',
          },
        ]),
    ...(front === undefined
      ? []
      : [
          {
            at: ago(4, 3),
            lock: front.name,
            category: 'door_left_open_alarm_start' as const,
            detail: null,
          },
          {
            at: new Date(ago(4, 3).getTime() + 95_000),
            lock: front.name,
            category: 'door_left_open_alarm_end' as const,
            detail: null,
          },
        ]),
  ];
}

/** More than the 800 entries and 300 incidents that clients of the older service expect to page through. */
const compatEntries = 1_000;
const compatIncidents = 400;
const compatSince = Date.parse('2017-01-02T08:00:00Z');

function spread(count: number, now: Date): Date[] {
  const stepMs = (now.getTime() - compatSince) / count;
  return Array.from(
    { length: count },
    (_none, index) => new Date(Math.floor((compatSince + index * stepMs) / 1000) * 1000),
  );
}

/** Doors that hang on a registered hub, by turns from each collection. */
function doorsByTurns(building: DemoBuilding): string[] {
  const collectionOf = new Map(building.site.iqs.map((iq) => [iq.hub, iq.collection]));
  const rows = building.site.collections.map(({ name }) =>
    building.locks
      .filter(({ hub }) => collectionOf.get(hub ?? '') === name)
      .map((lock) => lock.name),
  );
  const longest = Math.max(...rows.map((row) => row.length));
  return Array.from({ length: longest }, (_none, turn) => turn).flatMap((turn) =>
    rows.map((row) => row[turn % row.length] ?? ''),
  );
}

function yearsOf({ building, now }: History, tables: TablesByLock): PastEntry[] {
  const doors = doorsByTurns(building);
  const tags = building.site.tags.map(({ tag_number }) => tag_number);
  return spread(compatEntries, now).flatMap((at, index) => {
    const lock = doors[index % doors.length] ?? '';
    // Every ninth leaves by the handle; the others are whoever comes next, known here or not.
    const activity =
      index % 9 === 8
        ? { act: 'handle' as const, lock }
        : { act: 'tag' as const, lock, with: tags[(index * 7) % tags.length] ?? '' };
    const entry = decideAt({ building, tables, at, activity });
    return entry === null ? [] : [entry];
  });
}

function yearsOfIncidents({ building, now }: History): PastIncident[] {
  const doors = doorsByTurns(building);
  return spread(compatIncidents, now).map((at, index) => {
    const category = incidentCategories[index % incidentCategories.length] ?? 'unknown';
    const details: Partial<Record<IncidentCategory, string>> = {
      low_battery_warning: 'low',
      operation_not_completed: 'jammed',
      unknown: 'radio_reset',
    };
    return {
      at,
      lock: doors[index % doors.length] ?? '',
      category,
      detail: details[category] ?? null,
    };
  });
}
