import type { Actor } from '#server/events/audit';
import type { Call } from '#server/http/route';

/** Who a call acts as: the client, for its tenant. */
export function actorOf({ caller, requestId }: Call): Actor {
  return {
    tenantId: caller.tenantId,
    clientId: caller.clientId,
    userId: caller.userId ?? null,
    requestId,
  };
}
