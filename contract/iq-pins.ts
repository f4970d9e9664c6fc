import { Type, type Static } from 'typebox';
import { AccessorResponse } from './accessors.ts';
import { Instant, optional, orNull, page, Text, Uuid, words } from './fields.ts';

export const pinActivationStates = ['inactive', 'active'] as const;
export type PinActivationState = (typeof pinActivationStates)[number];

/** core-api.md 7.1. */
export const IqPinResponse = Type.Object({
  id: Uuid,
  accessor: AccessorResponse,
  activation_state: words(pinActivationStates),
  activation_date: orNull(Instant),
});
export type IqPinResponse = Static<typeof IqPinResponse>;
export const IqPinPage = page(IqPinResponse);

export const GetPinResponse = Type.Object({ pin: orNull(Text) });
export const GetSecretResponse = Type.Object({ secret: orNull(Text) });

export const ChangePinRequest = Type.Object({
  accessor_id: Uuid,
  otp: optional(orNull(Text)),
  delta: optional(orNull(Text)),
});

/** `accessor_id` is who resets; both members may come in the query instead (core-api.md 2). */
export const DeletePinRequest = Type.Object({
  accessor_id: optional(orNull(Uuid)),
  otp: optional(orNull(Text)),
});
