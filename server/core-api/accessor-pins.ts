import {
  AccessorPin,
  AccessorPinRequest,
  PutAccessorCustomPinRequest,
} from '#contract/accessor-pins';
import type { AccessorPins } from '#server/domain/accessor-pins';
import type { Accessors } from '#server/domain/accessors';
import { route, type Call, type Route } from '#server/http/route';
import { actorOf } from './actor.ts';
import { told } from '#server/http/written';

const tag = 'accessors';

/** core-api.md 6.4: keypad PINs. */
export function accessorPinRoutes({
  accessorPins,
  accessors,
}: {
  readonly accessorPins: AccessorPins;
  readonly accessors: Accessors;
}): Route[] {
  const exists = (call: Call) => accessors.get(actorOf(call), call.id('id'));
  return [
    route({
      method: 'PUT',
      path: '/accessors/{id}/pin',
      access: 'write',
      summary: 'Make or rotate the keypad PIN; the answer is the PIN, shown this once',
      tag,
      body: { schema: AccessorPinRequest, mode: 'create' },
      answer: AccessorPin,
      errors: ['OPERATION_NOT_ALLOWED'],
      exists,
      handle: (call, body) => told(call, accessorPins.rotate(actorOf(call), call.id('id'), body)),
    }),
    route({
      method: 'PUT',
      path: '/accessors/{id}/pin/custom',
      access: 'write',
      summary: 'Set a chosen keypad PIN',
      tag,
      body: { schema: PutAccessorCustomPinRequest, mode: 'create' },
      answer: null,
      errors: ['OPERATION_NOT_ALLOWED', 'NO_SUBSCRIPTION'],
      exists,
      handle: (call, { pin }) =>
        told(call, accessorPins.setCustom(actorOf(call), call.id('id'), pin)),
    }),
    route({
      method: 'DELETE',
      path: '/accessors/{id}/pin/custom',
      access: 'write',
      summary: 'Remove the chosen keypad PIN, if there is one',
      tag,
      answer: null,
      handle: (call) => told(call, accessorPins.removeCustom(actorOf(call), call.id('id'))),
    }),
  ];
}
