/** Whose a hub is, whether it is here, what it says of its devices (behaviour.md 3.1 to 3.4, 10). */
import { toLocalText } from '#access/zones';
import type { IqId } from '#contract/ids';
import type { Actor, Audit } from '#server/events/audit';
import type { ConnectedIq, GatewayHandlers } from '#server/gateway/handlers';
import type { Clock } from '#server/runtime/clock';
import type { Ids } from '#server/runtime/ids';
import type { Log } from '#server/runtime/log';
import type { Bus } from '#server/store/bus';
import { confirmDesiredItems, resendDesiredState } from '#server/store/desired-items';
import {
  endAwaiting,
  holdsOtherContent,
  noteOwnContent,
  takeBackAwaitedHub,
} from '#server/store/awaited-hubs';
import {
  eventsTopic,
  findLastConnectionIncident,
  findLedgerHead,
  insertEvents,
  type LedgerHead,
} from '#server/store/events';
import { requestWipe } from '#server/store/factory-hubs';
import { dropPresence, takePresence } from '#server/store/gateways';
import {
  activateIq,
  endTagRegistrations,
  holdHubIq,
  noteApplied,
  noteHello,
  noteOnlineSince,
  writeIqReport,
  writeLockReports,
  writeRepeaterReports,
} from '#server/store/hub-reports';
import { deleteIq } from '#server/store/iqs';
import type { Database } from '#server/store/pool';
import { inTransaction, type WriteScope } from '#server/store/scope';
import { noteCertificate } from './certificate-holding.ts';
import type { DesiredState } from './desired-state.ts';
import type { FirmwareReports } from './firmware-reports.ts';
import { hardwareActor } from './hub-acts.ts';
import { takeOver } from './iq-replacements.ts';

type Parts = {
  readonly database: Database;
  readonly audit: Audit;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly bus: Bus;
  readonly desiredState: DesiredState;
  readonly firmware: Pick<FirmwareReports, 'take'>;
};

/** behaviour.md 3.4: at most one pair of lost and restored per device and minute. */
export const flappingMs = 60_000;

export function createHubPresence(
  parts: Parts,
): Omit<GatewayHandlers, 'comesHome' | 'events' | 'imagePart'> {
  const { database, audit, clock, bus, desiredState } = parts;
  const write = <T>(iq: Pick<ConnectedIq, 'tenantId'>, work: (scope: WriteScope) => Promise<T>) =>
    inTransaction({ database, tenantId: iq.tenantId }, work);

  async function activate(
    scope: WriteScope,
    { tenantId, iqId }: Pick<ConnectedIq, 'tenantId' | 'iqId'>,
  ): Promise<void> {
    await endAwaiting(scope, iqId);
    if (!(await activateIq(scope, iqId))) return;
    await takeOver(scope, parts, iqId);
    await desiredState.refresh(scope, { iqIds: [iqId] });
    const actor: Actor = hardwareActor({ tenantId });
    audit.record(scope, actor, { action: 'iq.activate', objectType: 'iq', objectId: iqId });
  }

  return {
    hello: ({ claim }, said) =>
      write(claim, async (scope) => {
        const { tenantId, iqId } = claim;
        const iq = await holdHubIq(scope, iqId);
        if (iq === undefined) return { answer: 'refused', reason: 'its IQ is gone' };
        const now = clock.now();
        // The numbers of another server's table say nothing here.
        const isForeign = await holdsOtherContent(scope, iqId);
        const hello = isForeign ? { ...said, table_version: 0 } : said;
        await noteHello(scope, iqId, { hello, now });
        await confirmDesiredItems(scope, iqId, { version: hello.table_version, now });
        await noteCertificate(scope, parts, { iqId, tableVersion: hello.table_version });
        await activate(scope, claim);
        const acknowledged = await findLedgerHead(scope, iqId);
        const tableVersion = hello.table_version;
        return { answer: 'welcome', tenantId, iqId, acknowledged, tableVersion };
      }),

    claimed: ({ claim }, { result, reason }) =>
      write(claim, async (scope) => {
        if (result === 'accepted') return activate(scope, claim);
        // Nothing of a refused claim stays: the code can be tried again. An imported IQ goes on waiting.
        const isAwaited = await takeBackAwaitedHub(scope, claim.iqId);
        await requestWipe(scope, claim.iqId, clock.now());
        if (!isAwaited) await deleteIq(scope, claim.iqId, clock.now());
        audit.record(scope, hardwareActor(claim), {
          action: 'iq.refuse_claim',
          objectType: 'iq',
          objectId: claim.iqId,
          outcome: 'failed',
          detail: reason,
        });
        return undefined;
      }),

    online: (iq) =>
      write(iq, async (scope) => {
        const { iqId, gatewayId } = iq;
        const now = clock.now();
        const wasOffline = await takePresence(scope, iqId, { gatewayId, now });
        const known = await holdHubIq(scope, iqId);
        if (known === undefined) return;
        if (known.restore_required && (known.is_restore_asked || known.is_auto_restored))
          scope.afterCommit(() => resendDesiredState(iqId, bus));
        if (!wasOffline) return;
        await noteOnlineSince(scope, iqId, now);
        const last = await findLastConnectionIncident(scope, iqId);
        if (last?.category === 'iq_connection_lost')
          await noteConnection(scope, parts, { iqId, category: 'iq_connection_restored' });
      }),

    offline: (iq, { heardAt }) =>
      write(iq, async (scope) => {
        const { iqId, gatewayId } = iq;
        if (!(await dropPresence(scope, iqId, { gatewayId, heardAt }))) return;
        await endTagRegistrations(scope, iqId);
        const last = await findLastConnectionIncident(scope, iqId);
        const sinceMs = last === undefined ? flappingMs : clock.now().getTime() - last.at.getTime();
        // An IQ that only flickers is not told of twice in a minute; one that stays away is told of by untold-losses.ts.
        if (sinceMs >= flappingMs)
          await noteConnection(scope, parts, { iqId, category: 'iq_connection_lost' });
      }),

    report: (iq, frame) =>
      write(iq, async (scope) => {
        const { iqId } = iq;
        const { iq: report, locks, repeaters } = frame;
        const now = clock.now();
        if (report !== undefined) await writeIqReport(scope, iqId, { report, now });
        await writeLockReports(scope, iqId, { reports: locks, now, isFinal: false });
        await writeRepeaterReports(scope, iqId, repeaters);
        await parts.firmware.take(scope, iq, frame);
      }),

    outcomeLock: (iq, lock) =>
      write(iq, (scope) =>
        writeLockReports(scope, iq.iqId, { reports: [lock], now: clock.now(), isFinal: true }),
      ),

    applied: (iq, applied) =>
      write(iq, async (scope) => {
        const { iqId } = iq;
        const known = await holdHubIq(scope, iqId);
        if (known === undefined) return;
        await noteApplied(scope, iqId, applied);
        if (applied.refused === null) await noteOwnContent(scope, iqId);
        await confirmDesiredItems(scope, iqId, { version: applied.version, now: clock.now() });
        await noteCertificate(scope, parts, { iqId, tableVersion: applied.version });
        const isNews = Number(known.applied_version) !== applied.version;
        if (!known.stores_lam_audits || (!isNews && applied.refused === null)) return;
        audit.record(scope, hardwareActor(iq), {
          action: 'lam_sync',
          objectType: 'iq',
          objectId: iqId,
          collectionId: known.collection_id,
          outcome: applied.refused === null ? 'ok' : 'failed',
          detail: `version ${applied.version}`,
        });
      }),
  };
}

export type ConnectionParts = Pick<Parts, 'database' | 'bus' | 'clock' | 'ids'>;

/** An incident the server itself noticed. */
export async function noteConnection(
  scope: WriteScope,
  { bus, clock, ids }: ConnectionParts,
  {
    iqId,
    category,
  }: {
    readonly iqId: IqId;
    readonly category: 'iq_connection_lost' | 'iq_connection_restored';
  },
): Promise<void> {
  const at = clock.now();
  const timeZone = (await holdHubIq(scope, iqId))?.time_zone ?? 'UTC';
  const incident = {
    id: ids.next<string>(),
    iqId,
    at,
    local: toLocalText(timeZone, at),
    detail: null,
    lockId: null,
    place: null,
    category,
  };
  const ledgers = new Map<IqId, LedgerHead>();
  await insertEvents(scope, { entries: [], incidents: [incident], ledgers, now: at });
  scope.afterCommit(() => bus.publish(eventsTopic(scope.tenantId), ''));
}
