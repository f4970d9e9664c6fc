import { randomUUID } from 'node:crypto';
import type { EntryCategory, IncidentCategory } from '#contract/events';
import type { IqId, TenantId } from '#contract/ids';
import { insertEvents, type LedgerHead, type NewEntry } from '#server/store/events';
import type { Database } from '#server/store/pool';
import { inTransaction } from '#server/store/scope';
import { insertIq } from './rows.ts';

/** An IQ whose hub has something to tell, and the site it stands in. */
export type EventPlace = {
  readonly tenantId: TenantId;
  readonly siteId: string;
  readonly iqId: IqId;
};

export type StoredEntry = EventPlace & {
  readonly accessorId?: string | null;
  readonly lockId?: string;
  readonly category?: EntryCategory;
  readonly detail?: string;
  /** When it happened; lists leave out what is older than a site keeps. */
  readonly at?: Date;
};

/** Puts an IQ into a site. */
export async function addEventPlace(
  database: Database,
  { tenantId, siteId }: { readonly tenantId: TenantId; readonly siteId: string },
): Promise<EventPlace> {
  const iqId = await insertIq({ database, tenant: { tenantId } }, { collection_id: siteId });
  await database.pool.query("update iqs set customer_reference = 'IQ ground floor' where id = $1", [
    iqId,
  ]);
  return { tenantId, siteId, iqId };
}

let sequence = 0;

function entryOf({
  iqId,
  accessorId = null,
  lockId,
  category = 'lock_opened',
  detail,
  at = new Date('2026-11-22T08:15:30Z'),
}: StoredEntry): NewEntry {
  sequence += 1;
  return {
    id: randomUUID(),
    iqId,
    boot: 1,
    sequence,
    at,
    local: new Date(at.getTime() + 3_600_000).toISOString().slice(0, 19),
    detail: detail ?? null,
    lockId: lockId ?? null,
    category,
    accessorId,
    accessBy: 'tag',
    accessDetail: '09990001',
    exitRequested: false,
    rejectReason: null,
  };
}

/** Stores an entry as a hub's upload is stored; gives its id. Nobody is woken. */
export async function storeEntry(database: Database, entry: StoredEntry): Promise<string> {
  const [id = ''] = await storeEntries(database, [entry]);
  return id;
}

/** Stores entries of one tenant in one transaction, in the order given. */
export async function storeEntries(
  database: Database,
  sent: readonly [StoredEntry, ...StoredEntry[]],
): Promise<readonly string[]> {
  const entries = sent.map((entry) => entryOf(entry));
  const events = { entries, incidents: [], ledgers: new Map<IqId, LedgerHead>(), now: new Date() };
  await inTransaction({ database, tenantId: sent[0].tenantId }, (scope) =>
    insertEvents(scope, events),
  );
  return entries.map(({ id }) => id);
}

/** Stores an incident as a hub's upload is stored; gives its id. Nobody is woken. */
export async function storeIncident(
  database: Database,
  { tenantId, iqId, category }: EventPlace & { readonly category: IncidentCategory },
): Promise<string> {
  sequence += 1;
  const incident = {
    id: randomUUID(),
    iqId,
    at: new Date('2026-11-22T08:15:30Z'),
    local: '2026-11-22T09:15:30',
    detail: null,
    lockId: null,
    place: { boot: 1, sequence },
    category,
  };
  const events = {
    entries: [],
    incidents: [incident],
    ledgers: new Map<IqId, LedgerHead>(),
    now: new Date(),
  };
  await inTransaction({ database, tenantId }, (scope) => insertEvents(scope, events));
  return incident.id;
}
