import type { Log } from '#server/runtime/log';
import { findLastConnectionIncident, listUntoldLosses } from '#server/store/events';
import { holdHubIq } from '#server/store/hub-reports';
import { inTransaction } from '#server/store/scope';
import { flappingMs, noteConnection, type ConnectionParts } from './hub-presence.ts';

export type UntoldLosses = {
  /** Tells of every IQ that was lost within a minute of its return and has stayed away for the rest of it; returns how many. */
  tell(): Promise<number>;
};

/** behaviour.md 3.4 and 10: damping holds back pairs of incidents, never that an IQ is gone, whichever process noticed it. */
export function createUntoldLosses(parts: ConnectionParts & { readonly log: Log }): UntoldLosses {
  const { database, clock, log } = parts;
  return {
    async tell() {
      const before = new Date(clock.now().getTime() - flappingMs);
      let told = 0;
      for (const { tenantId, iqId } of await listUntoldLosses(database, before)) {
        try {
          await inTransaction({ database, tenantId }, async (scope) => {
            const known = await holdHubIq(scope, iqId);
            const last = await findLastConnectionIncident(scope, iqId);
            if (known?.online !== false || last?.category === 'iq_connection_lost') return;
            await noteConnection(scope, parts, { iqId, category: 'iq_connection_lost' });
            told += 1;
          });
        } catch (error) {
          log.error({ err: error, iqId }, 'a lost connection could not be noted');
        }
      }
      return told;
    },
  };
}
