import type { TenantId } from '#contract/ids';
import { createSystemClock } from '#server/runtime/clock';
import { createBus } from '#server/store/bus';
import { eventsTopic } from '#server/store/events';
import type { TestServer } from './cardea.ts';
import { silentLog } from './database.ts';

/** The wake-ups of another process on the same database. */
export type OtherProcess = {
  /** Says that a tenant has new events. */
  wake(tenantId: TenantId): void;
  stop(): Promise<void>;
};

export async function startOtherProcess({ database }: TestServer): Promise<OtherProcess> {
  const bus = createBus({ database, clock: createSystemClock(), log: silentLog() });
  await bus.start();
  return {
    wake: (tenantId) => bus.publish(eventsTopic(tenantId), ''),
    stop: () => bus.stop(),
  };
}
