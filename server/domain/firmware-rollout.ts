/**
 * Carries updates that have their turn to their hubs, again until the hub confirms, and gives up those nobody hears of. The rows
 * are the truth; a message or a hub that comes online only wakes.
 */
import type { TenantId } from '#contract/ids';
import type { Audit } from '#server/events/audit';
import { commandFailure, type CommandQueue } from '#server/gateway/commands';
import type { Clock, Timer } from '#server/runtime/clock';
import type { Log } from '#server/runtime/log';
import type { Bus } from '#server/store/bus';
import {
  confirmRun,
  endRun,
  giveTurns,
  listLostRuns,
  listTenantsUpdating,
  takeUnsentRuns,
  type UnsentRun,
} from '#server/store/firmware-runs';
import { holdRollouts } from '#server/store/firmware-updates';
import type { Database } from '#server/store/pool';
import { inTransaction, readScope } from '#server/store/scope';

/** Payload: the tenant in which something may be sent. */
export const rolloutTopic = 'firmware-rollout';

export type FirmwareRollout = {
  start(): void;
  stop(): Promise<void>;
};

/** A hub that has not confirmed is asked again after this long: longer than a command lives. */
const resendMs = 15_000;
/** An update of which nobody has heard for so long has failed, as far as anybody can say. */
const lostMs = 30 * 60_000;

export function createFirmwareRollout({
  database,
  audit,
  bus,
  clock,
  commands,
  log,
}: {
  readonly database: Database;
  readonly audit: Audit;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly commands: CommandQueue;
  readonly log: Log;
}): FirmwareRollout {
  const work = new Set<Promise<void>>();
  let endings: (() => void)[] = [];
  let timer: Timer | undefined;

  function inBackground(act: Promise<void>): void {
    const settled = act
      .catch((error: unknown) => log.error({ err: error }, 'carrying updates to hubs failed'))
      .finally(() => work.delete(settled));
    work.add(settled);
  }

  async function send(tenantId: TenantId, run: UnsentRun): Promise<void> {
    const { run_id, hardware_id, firmware, iq_id: iqId, lock_id: lockId } = run;
    const body = { kind: 'update', run_id, hardware_id, firmware } as const;
    const result = await commands
      .run({ tenantId, iqId, lockId, body, requestId: null })
      // No connection at this moment: the next look sends it again.
      .catch(() => null);
    if (result?.state === 'confirmed') await confirmRun(readScope(database, tenantId), run_id);
    else if (result?.state === 'refused')
      await give(tenantId, run_id, commandFailure(result)?.detail.word ?? 'refused');
  }

  async function give(tenantId: TenantId, runId: string, word: string): Promise<void> {
    await inTransaction({ database, tenantId }, async (scope) => {
      await holdRollouts(scope);
      const now = clock.now();
      const message = `The hub did not take it or fell silent: ${word}.`;
      const ended = await endRun(scope, runId, { iqId: null, state: 'failed', message, now });
      if (ended !== undefined)
        audit.record(
          scope,
          { tenantId, clientId: null, userId: null, requestId: null },
          {
            action: 'update.fail',
            objectType: ended.hardware_type,
            objectId: ended.hardware_id,
            collectionId: ended.collection_id,
            outcome: 'failed',
            detail: `${ended.component} ${ended.version} ${word}`,
          },
        );
      await giveTurns(scope, now);
    });
  }

  async function carry(tenantId: TenantId): Promise<void> {
    const now = clock.now();
    const scope = readScope(database, tenantId);
    for (const runId of await listLostRuns(scope, new Date(now.getTime() - lostMs)))
      await give(tenantId, runId, 'timeout');
    const sentBefore = new Date(now.getTime() - resendMs);
    const due = await takeUnsentRuns(scope, { sentBefore, now });
    await Promise.all(due.map((run) => send(tenantId, run)));
  }

  async function lookAll(): Promise<void> {
    for (const tenantId of await listTenantsUpdating(database)) await carry(tenantId);
  }

  function lookAgain(): void {
    timer = clock.setTimeout(() => {
      inBackground(lookAll());
      lookAgain();
    }, resendMs);
  }

  return {
    start() {
      endings = [
        bus.subscribe(rolloutTopic, (tenantId) => inBackground(carry(tenantId as TenantId))),
        bus.onResync(() => inBackground(lookAll())),
      ];
      inBackground(lookAll());
      lookAgain();
    },
    async stop() {
      timer?.cancel();
      for (const end of endings) end();
      await Promise.all(work);
    },
  };
}
