import {
  PatchRepeaterRequest,
  PostRepeaterRequest,
  RepeaterPage,
  RepeaterResponse,
} from '#contract/repeaters';
import type { Repeaters } from '#server/domain/repeaters';
import { route, type Route } from '#server/http/route';
import { repeaterFields, type RepeaterRow } from '#server/store/repeaters';
import { actorOf } from './actor.ts';

const tag = 'repeaters';

/** core-api.md 6.2: repeaters. */
export function repeaterRoutes({ repeaters }: { readonly repeaters: Repeaters }): Route[] {
  return [
    route({
      method: 'GET',
      path: '/repeaters',
      access: 'read',
      summary: 'List repeaters',
      tag,
      list: { fields: repeaterFields },
      answer: RepeaterPage,
      handle: async (call) =>
        call.page(await repeaters.list(actorOf(call), call.list), toRepeaterResponse),
    }),
    route({
      method: 'POST',
      path: '/repeaters',
      access: 'hardware',
      summary: 'Register a repeater by its code',
      tag,
      body: { schema: PostRepeaterRequest, mode: 'create' },
      answer: RepeaterResponse,
      errors: ['ACTIVATION_CODE_INVALID'],
      handle: async (call, body) => toRepeaterResponse(await repeaters.create(actorOf(call), body)),
    }),
    route({
      method: 'GET',
      path: '/repeaters/{id}',
      access: 'read',
      summary: 'One repeater',
      tag,
      answer: RepeaterResponse,
      handle: async (call) => toRepeaterResponse(await repeaters.get(actorOf(call), call.id('id'))),
    }),
    route({
      method: 'PATCH',
      path: '/repeaters/{id}',
      access: 'hardware',
      summary: 'Change name or collection of a repeater',
      tag,
      body: { schema: PatchRepeaterRequest, mode: 'patch' },
      answer: RepeaterResponse,
      exists: (call) => repeaters.get(actorOf(call), call.id('id')),
      handle: async (call, body) =>
        toRepeaterResponse(await repeaters.update(actorOf(call), call.id('id'), body)),
    }),
    route({
      method: 'DELETE',
      path: '/repeaters/{id}',
      access: 'hardware',
      summary: 'Remove a repeater',
      tag,
      answer: null,
      errors: ['OPERATION_NOT_ALLOWED'],
      handle: (call) => repeaters.remove(actorOf(call), call.id('id')),
    }),
  ];
}

function toRepeaterResponse(row: RepeaterRow): RepeaterResponse {
  const { vendor_id, vendor_reference, vendor_display_name, ...members } = row;
  return {
    ...members,
    vendor: { id: vendor_id, reference: vendor_reference, display_name: vendor_display_name },
  };
}
