import { LockResponse, ReplaceLockRequest } from '#contract/locks';
import type { LockReplacements } from '#server/domain/lock-replacements';
import type { Locks } from '#server/domain/locks';
import { route, type Route } from '#server/http/route';
import { actorOf } from './actor.ts';
import { toLockResponse } from './locks.ts';
import { told } from '#server/http/written';

/** core-api.md 6.2: replacing the hardware of a lock. */
export function lockReplacementRoutes({
  lockReplacements,
  locks,
}: {
  readonly lockReplacements: LockReplacements;
  readonly locks: Locks;
}): Route[] {
  return [
    route({
      method: 'PATCH',
      path: '/locks/{id}/replace',
      access: 'hardware',
      summary: 'Put other hardware in the place of a lock, under the same id',
      tag: 'locks',
      body: { schema: ReplaceLockRequest, mode: 'create' },
      answer: LockResponse,
      errors: [
        'NOT_FOUND',
        'ACTIVATION_CODE_INVALID',
        'OPERATION_NOT_ALLOWED',
        'CCC_COMMAND_FAILED',
        'CCC_OPERATION_NOT_ALLOWED',
        'CCC_ENTITY_NOT_FOUND',
        'IQ_OFFLINE',
      ],
      exists: (call) => locks.getExisting(actorOf(call), call.id('id')),
      handle: async (call, body) =>
        toLockResponse(
          await told(call, lockReplacements.replace(actorOf(call), call.id('id'), body)),
        ),
    }),
  ];
}
