import { KeyPage, KeyResponse, PatchKeyRequest, PostKeyRequest } from '#contract/keys';
import type { Accessors } from '#server/domain/accessors';
import type { Keys, OwnedKey } from '#server/domain/keys';
import { route, type Call, type Route } from '#server/http/route';
import { keyFields } from '#server/store/keys';
import { actorOf } from './actor.ts';
import { told } from '#server/http/written';

const tag = 'keys';

/** core-api.md 6.3: keys. */
export function keyRoutes({
  keys,
  accessors,
}: {
  readonly keys: Keys;
  readonly accessors: Accessors;
}): Route[] {
  return [
    route({
      method: 'GET',
      path: '/keys/{id}',
      access: 'read',
      summary: 'One key, without knowing its accessor',
      tag,
      answer: KeyResponse,
      handle: (call) => keys.get(actorOf(call), call.id('id')),
    }),
    route({
      method: 'GET',
      path: '/accessors/{accessor_id}/keys',
      access: 'read',
      summary: 'List the keys of an accessor',
      tag,
      list: { fields: keyFields },
      answer: KeyPage,
      exists: (call) => accessors.get(actorOf(call), call.id('accessor_id')),
      handle: async (call) =>
        call.page(await keys.list(actorOf(call), call.list, call.id('accessor_id')), (row) => row),
    }),
    route({
      method: 'POST',
      path: '/accessors/{accessor_id}/keys',
      access: 'write',
      summary: 'Assign a tag',
      tag,
      body: { schema: PostKeyRequest, mode: 'create' },
      answer: KeyResponse,
      errors: ['OPERATION_NOT_ALLOWED'],
      exists: (call) => accessors.get(actorOf(call), call.id('accessor_id')),
      handle: (call, body) => told(call, keys.assign(actorOf(call), call.id('accessor_id'), body)),
    }),
    route({
      method: 'PATCH',
      path: '/accessors/{accessor_id}/keys/{id}',
      access: 'write',
      summary: 'Swap the tag of a key, or block it',
      tag,
      body: { schema: PatchKeyRequest, mode: 'patch' },
      answer: KeyResponse,
      errors: ['OPERATION_NOT_ALLOWED'],
      exists: (call) => keys.getOwned(actorOf(call), keyOf(call)),
      handle: (call, body) => told(call, keys.update(actorOf(call), keyOf(call), body)),
    }),
    route({
      method: 'DELETE',
      path: '/accessors/{accessor_id}/keys/{id}',
      access: 'write',
      summary: 'Take a credential away; the tag stays',
      tag,
      query: { force: { kind: 'bool', summary: 'also when the key opens locks offline' } },
      answer: null,
      errors: ['OPERATION_NOT_ALLOWED'],
      handle: (call) =>
        told(call, keys.remove(actorOf(call), keyOf(call), { force: call.flag('force') })),
    }),
  ];
}

/** The key of a path that names its accessor. */
export function keyOf(call: Call): OwnedKey {
  return { accessorId: call.id('accessor_id'), id: call.id('id') };
}
