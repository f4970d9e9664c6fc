import { LockingRequest, LockResponse } from '#contract/locks';
import type { Lockings } from '#server/domain/lockings';
import type { Locks } from '#server/domain/locks';
import { route, type Call, type Route } from '#server/http/route';
import { actorOf } from './actor.ts';
import { toLockResponse } from './locks.ts';

const tag = 'locks';

/** core-api.md 6.2 and 6.6: opening a door, and its office mode. */
export function lockingRoutes({
  lockings,
  locks,
}: {
  readonly lockings: Lockings;
  readonly locks: Locks;
}): Route[] {
  const locking = (place: {
    readonly path: string;
    readonly lockParam: string;
    readonly exists: (call: Call) => Promise<unknown>;
    readonly isFoundByHandle: boolean;
  }): Route =>
    route({
      method: 'PATCH',
      path: place.path,
      access: 'hardware',
      summary: 'Open a door once, or begin or end its office mode',
      tag,
      body: { schema: LockingRequest, mode: 'create' },
      answer: LockResponse,
      errors: [
        'NOT_FOUND',
        'OPERATION_NOT_ALLOWED',
        'CCC_FAILED',
        'CCC_COMMAND_FAILED',
        'CCC_OPERATION_NOT_ALLOWED',
        'CCC_ENTITY_NOT_FOUND',
        'IQ_OFFLINE',
      ],
      exists: place.exists,
      isFoundByHandle: place.isFoundByHandle,
      handle: async (call, body) =>
        toLockResponse(await lockings.lock(actorOf(call), call.id(place.lockParam), body)),
    });
  return [
    locking({
      path: '/locks/{id}/locking',
      lockParam: 'id',
      exists: (call) => locks.getExisting(actorOf(call), call.id('id')),
      isFoundByHandle: true,
    }),
    locking({
      path: '/collections/{collection_id}/locks/{lock_id}/locking',
      lockParam: 'lock_id',
      exists: (call) =>
        locks.getOfCollection(actorOf(call), call.id('lock_id'), call.id('collection_id')),
      isFoundByHandle: false,
    }),
  ];
}
