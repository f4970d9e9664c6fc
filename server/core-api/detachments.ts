import { DetachLockRequest, LockResponse } from '#contract/locks';
import type { Detachments } from '#server/domain/detachments';
import type { Locks } from '#server/domain/locks';
import { route, type Route } from '#server/http/route';
import { actorOf } from './actor.ts';
import { toLockResponse } from './locks.ts';

/** core-api.md 6.2: detaching a lock. */
export function detachmentRoutes({
  detachments,
  locks,
}: {
  readonly detachments: Detachments;
  readonly locks: Locks;
}): Route[] {
  return [
    route({
      method: 'PATCH',
      path: '/locks/{id}/detach',
      access: 'hardware',
      summary: 'Begin detaching a lock from its IQ',
      tag: 'locks',
      body: { schema: DetachLockRequest, mode: 'create' },
      answer: LockResponse,
      errors: [
        'NOT_FOUND',
        'OPERATION_NOT_ALLOWED',
        'CCC_COMMAND_FAILED',
        'CCC_OPERATION_NOT_ALLOWED',
        'CCC_ENTITY_NOT_FOUND',
        'IQ_OFFLINE',
      ],
      exists: (call) => locks.getExisting(actorOf(call), call.id('id')),
      handle: async (call, body) =>
        toLockResponse(await detachments.detach(actorOf(call), call.id('id'), body)),
    }),
  ];
}
