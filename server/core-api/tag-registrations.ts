import { LockResponse, TagRegistrationRequest } from '#contract/locks';
import type { Locks } from '#server/domain/locks';
import type { TagRegistrations } from '#server/domain/tag-registrations';
import { route, type Route } from '#server/http/route';
import { actorOf } from './actor.ts';
import { toLockResponse } from './locks.ts';

/** core-api.md 6.2: teaching tags. */
export function tagRegistrationRoutes({
  tagRegistrations,
  locks,
}: {
  readonly tagRegistrations: TagRegistrations;
  readonly locks: Locks;
}): Route[] {
  return [
    route({
      method: 'PATCH',
      path: '/locks/{id}/tag_registration',
      access: 'hardware',
      summary: 'Let a lock learn tags for a while',
      tag: 'locks',
      body: { schema: TagRegistrationRequest, mode: 'create' },
      answer: LockResponse,
      errors: [
        'OPERATION_NOT_ALLOWED',
        'CCC_FAILED',
        'CCC_COMMAND_FAILED',
        'CCC_OPERATION_NOT_ALLOWED',
        'CCC_ENTITY_NOT_FOUND',
        'IQ_OFFLINE',
      ],
      exists: (call) => locks.getExisting(actorOf(call), call.id('id')),
      handle: async (call, body) =>
        toLockResponse(
          await tagRegistrations.start(actorOf(call), call.id('id'), body.duration_in_seconds),
        ),
    }),
  ];
}
