import type { AccessorId } from '#contract/ids';
import {
  ChangePinRequest,
  DeletePinRequest,
  GetPinResponse,
  GetSecretResponse,
  IqPinPage,
  type IqPinResponse,
} from '#contract/iq-pins';
import { instantTextOrNull } from '#contract/time-text';
import type { Accessors } from '#server/domain/accessors';
import type { IqPins } from '#server/domain/iq-pins';
import type { Iqs } from '#server/domain/iqs';
import { route, type Call, type Route } from '#server/http/route';
import { iqPinFields, type IqPinRow } from '#server/store/iq-pins';
import { actorOf } from './actor.ts';

const tag = 'iqs';

/** core-api.md 6.1: OTP secrets and PINs. */
export function iqPinRoutes({
  iqPins,
  iqs,
  accessors,
}: {
  readonly iqPins: IqPins;
  readonly iqs: Iqs;
  readonly accessors: Accessors;
}): Route[] {
  const iqExists = (call: Call) => iqs.get(actorOf(call), call.id('id'));
  return [
    route({
      method: 'GET',
      path: '/iqs/{id}/secret',
      access: 'read',
      summary: 'OTP secret of an accessor on this IQ',
      tag,
      query: {
        accessor_id: { kind: 'uuid', isRequired: true, summary: 'whose secret' },
        otp: { kind: 'text', summary: 'a code of an active phone, to read the secret again' },
      },
      answer: GetSecretResponse,
      errors: ['NOT_FOUND', 'OPERATION_NOT_ALLOWED', 'CCC_COMMAND_FAILED'],
      exists: iqExists,
      handle: async (call) => {
        const accessorId = call.query('accessor_id') as AccessorId;
        const sent = { accessorId, otp: call.query('otp') };
        return { secret: await iqPins.readSecret(actorOf(call), call.id('id'), sent) };
      },
    }),
    route({
      method: 'GET',
      path: '/iqs/{id}/pins/{accessor_id}',
      access: 'read',
      summary: 'Initial OTP PIN of an accessor on this IQ',
      tag,
      answer: GetPinResponse,
      errors: ['CCC_COMMAND_FAILED'],
      exists: async (call) => {
        await iqExists(call);
        await accessors.get(actorOf(call), call.id('accessor_id'));
      },
      handle: async (call) => ({
        pin: await iqPins.readPin(actorOf(call), call.id('id'), call.id('accessor_id')),
      }),
    }),
    route({
      method: 'GET',
      path: '/iqs/{id}/pins',
      access: 'read',
      summary: 'OTP activations on this IQ',
      tag,
      list: { fields: iqPinFields },
      answer: IqPinPage,
      handle: async (call) =>
        call.page(await iqPins.list(actorOf(call), call.list, call.id('id')), toIqPinResponse),
    }),
    route({
      method: 'PUT',
      path: '/iqs/{id}/pins',
      access: 'write',
      summary: 'Change an OTP PIN, which activates it',
      tag,
      body: { schema: ChangePinRequest, mode: 'create' },
      answer: null,
      errors: [
        'NOT_FOUND',
        'IQ_ACTIVATION_FAILED',
        'CCC_COMMAND_FAILED',
        'CCC_ENTITY_NOT_FOUND',
        'IQ_OFFLINE',
      ],
      exists: iqExists,
      handle: (call, body) => iqPins.change(actorOf(call), call.id('id'), body),
    }),
    route({
      method: 'DELETE',
      path: '/iqs/{id}/pins/{pin_id}',
      access: 'write',
      summary: 'Reset one OTP activation',
      tag,
      query: {
        accessor_id: { kind: 'uuid', summary: 'who resets, when the body does not say' },
        otp: { kind: 'text', summary: 'its code, when the body does not say' },
      },
      body: { schema: DeletePinRequest, mode: 'create' },
      answer: null,
      errors: ['CCC_COMMAND_FAILED', 'CCC_ENTITY_NOT_FOUND', 'IQ_OFFLINE'],
      exists: (call) => iqPins.getExisting(actorOf(call), call.id('id'), call.id('pin_id')),
      handle: (call, body) =>
        iqPins.reset(actorOf(call), call.id('id'), {
          pinId: call.id('pin_id'),
          accessor_id: body.accessor_id ?? call.query('accessor_id'),
          otp: body.otp ?? call.query('otp'),
        }),
    }),
  ];
}

function toIqPinResponse(row: IqPinRow): IqPinResponse {
  const { id, activation_state, activation_date, accessor_id, ...accessor } = row;
  return {
    id,
    accessor: { id: accessor_id, ...accessor },
    activation_state,
    activation_date: instantTextOrNull(activation_date),
  };
}
