/**
 * The ledgers of hubs, stored (behaviour.md 9): each event once, in order, numbered per tenant, with the names of its time.
 * What an event changes beside itself (links, tags, a reset) lands in the same transaction.
 */
import { toLocalText } from '#access/zones';
import type { HubEvent } from '#contract/events';
import { isUuid, type IqId, type TenantId } from '#contract/ids';
import type { GatewayHandlers, LedgerPosition, LedgerUpload } from '#server/gateway/handlers';
import type { Ids } from '#server/runtime/ids';
import type { Log } from '#server/runtime/log';
import type { Bus } from '#server/store/bus';
import {
  eventsTopic,
  holdLedgers,
  insertEvents,
  type LedgerHead,
  type NewEntry,
  type NewIncident,
} from '#server/store/events';
import type { Database } from '#server/store/pool';
import { insertLockConditions, type NewCondition } from '#server/store/lock-conditions';
import { inTransaction, type WriteScope } from '#server/store/scope';
import { findZones } from '#server/store/hub-reports';
import type { HubActs } from './hub-acts.ts';
import { conditionOf } from './lock-conditions.ts';

type Parts = {
  readonly database: Database;
  readonly bus: Bus;
  readonly clock: { now(): Date };
  readonly ids: Ids;
  readonly log: Log;
  readonly acts: HubActs;
};

/** Stores the uploads of many hubs, one transaction a tenant. */
export function createHubEvents(parts: Parts): GatewayHandlers['events'] {
  return async (batch) => {
    const positions = new Map<IqId, LedgerPosition>();
    const byTenant = new Map<TenantId, LedgerUpload[]>();
    for (const upload of batch) {
      const { tenantId } = upload.iq;
      const known = byTenant.get(tenantId);
      if (known === undefined) byTenant.set(tenantId, [upload]);
      else known.push(upload);
    }
    for (const [tenantId, uploads] of byTenant) {
      const scopeParts = { database: parts.database, tenantId };
      const heads = await inTransaction(scopeParts, (scope) => store(scope, parts, uploads));
      for (const [iqId, head] of heads) positions.set(iqId, head);
    }
    return positions;
  };
}

async function store(
  scope: WriteScope,
  parts: Parts,
  uploads: readonly LedgerUpload[],
): Promise<ReadonlyMap<IqId, LedgerHead>> {
  const iqIds = [...new Set(uploads.map(({ iq }) => iq.iqId))];
  const heads = await holdLedgers(scope, iqIds);
  const news: News = { entries: [], incidents: [], conditions: [] };
  const before = new Map(heads);
  const zones = new Map<IqId, string>();
  for (const upload of uploads) {
    for (const event of upload.events)
      await take(scope, parts, { upload, event, heads, news, zones });
  }
  const ledgers = new Map([...heads].filter(([iqId, head]) => before.get(iqId) !== head));
  const now = parts.clock.now();
  if (ledgers.size > 0) await insertEvents(scope, { ...news, ledgers, now });
  await insertLockConditions(scope, news.conditions, now);
  if (news.entries.length + news.incidents.length > 0)
    scope.afterCommit(() => parts.bus.publish(eventsTopic(scope.tenantId), ''));
  return heads;
}

type News = {
  readonly entries: NewEntry[];
  readonly incidents: NewIncident[];
  readonly conditions: NewCondition[];
};

type Taking = {
  readonly upload: LedgerUpload;
  readonly event: HubEvent;
  readonly heads: Map<IqId, LedgerHead>;
  readonly news: News;
  readonly zones: Map<IqId, string>;
};

/** One event, unless it is stored already. */
async function take(scope: WriteScope, parts: Parts, taking: Taking): Promise<void> {
  const { upload, event, heads, news } = taking;
  const { iqId } = upload.iq;
  const head = heads.get(iqId) ?? { boot: 0, sequence: 0 };
  const place = { boot: upload.boot, sequence: event.sequence };
  if (!isAfter(place, head)) return;
  const at = await timeOf(scope, parts, taking);
  if (place.sequence !== head.sequence + 1) {
    parts.log.error({ iqId, after: head, found: place }, 'events of an IQ are missing');
    news.incidents.push({
      turn: turnOf(news),
      id: parts.ids.next<string>(),
      iqId,
      ...at,
      lockId: null,
      place: null,
      category: 'unknown',
      detail: 'event_gap',
    });
  }
  heads.set(iqId, place);
  const id = isUuid(event.id) ? event.id.toLowerCase() : parts.ids.next<string>();
  switch (event.kind) {
    case 'entry':
      news.entries.push({
        turn: turnOf(news),
        id,
        iqId,
        ...place,
        ...at,
        category: event.category,
        detail: storable(event.detail),
        lockId: uuidOrNull(event.lock_id),
        accessorId: uuidOrNull(event.accessor_id),
        accessBy: event.access_by,
        accessDetail: storable(event.access_detail) ?? '',
        exitRequested: event.exit_requested,
        rejectReason: event.reject_reason,
      });
      return;
    case 'incident':
      news.incidents.push({
        turn: turnOf(news),
        id,
        iqId,
        place,
        ...at,
        category: event.category,
        detail: storable(event.detail),
        lockId: uuidOrNull(event.lock_id),
      });
      return;
    case 'lock_condition':
      if (isUuid(event.lock_id))
        news.conditions.push(
          conditionOf(event, { id, lockId: event.lock_id.toLowerCase(), at: at.at }),
        );
      return;
    default:
      await parts.acts.take(scope, upload.iq, { event, at: at.at });
  }
}

function turnOf({ entries, incidents }: Taking['news']): number {
  return entries.length + incidents.length;
}

function isAfter(place: LedgerHead, head: LedgerHead): boolean {
  return place.boot === head.boot ? place.sequence > head.sequence : place.boot > head.boot;
}

/** The hub's own time; where it says none that can be read, the server's. */
async function timeOf(
  scope: WriteScope,
  { clock }: Parts,
  { event, upload, zones }: Taking,
): Promise<{ readonly at: Date; readonly local: string }> {
  const said = new Date(event.at);
  const isSound = !Number.isNaN(said.getTime()) && Math.abs(said.getUTCFullYear() - 2100) < 200;
  if (isSound && isLocal(event.local)) return { at: said, local: event.local };
  const at = isSound ? said : clock.now();
  const { iqId } = upload.iq;
  if (!zones.has(iqId)) zones.set(iqId, (await findZones(scope, [iqId])).get(iqId) ?? 'UTC');
  return { at, local: toLocalText(zones.get(iqId) ?? 'UTC', at) };
}

function isLocal(text: string): boolean {
  return (
    /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}$/.test(text) && !Number.isNaN(Date.parse(`${text}Z`))
  );
}

function uuidOrNull(text: string | null): string | null {
  return text !== null && isUuid(text) ? text.toLowerCase() : null;
}

/** PostgreSQL keeps no NUL in text, and what hardware says has its bounds. */
function storable(text: string | null): string | null {
  return text === null ? null : text.replaceAll('\u0000', '').slice(0, 500);
}
