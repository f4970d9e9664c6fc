import type { Audit } from '#server/events/audit';
import type { GatewayHandlers } from '#server/gateway/handlers';
import type { Clock } from '#server/runtime/clock';
import type { Ids } from '#server/runtime/ids';
import type { Log } from '#server/runtime/log';
import type { Seal } from '#server/runtime/seal';
import type { UpdateCatalogue } from '#server/runtime/update-catalogue';
import type { Bus } from '#server/store/bus';
import type { Database } from '#server/store/pool';
import type { DesiredState } from './desired-state.ts';
import { createFirmwareReports } from './firmware-reports.ts';
import { createAwaitedHubs } from './awaited-hubs.ts';
import { createHubActs } from './hub-acts.ts';
import { createHubEvents } from './hub-events.ts';
import { createHubPresence } from './hub-presence.ts';

/** What the gateway asks of the domain (gateway/handlers.ts). */
export function createHubHandlers(parts: {
  readonly database: Database;
  readonly audit: Audit;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly bus: Bus;
  readonly log: Log;
  readonly seal: Seal;
  readonly desiredState: DesiredState;
  readonly catalogue: UpdateCatalogue;
}): GatewayHandlers {
  const acts = createHubActs(parts);
  const firmware = createFirmwareReports(parts);
  return {
    ...createAwaitedHubs(parts),
    ...createHubPresence({ ...parts, firmware }),
    events: createHubEvents({ ...parts, acts }),
    imagePart: firmware.imagePart,
  };
}
