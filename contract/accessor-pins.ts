import { Type } from 'typebox';
import { Instant, optional, orNull, Text } from './fields.ts';

/** core-api.md 7.3: keypad PINs. The answer of the first is the PIN itself, as a JSON string, shown once. */
export const AccessorPinRequest = Type.Object({ expiry_date: optional(orNull(Instant)) });
export const AccessorPin = Text;

export const PutAccessorCustomPinRequest = Type.Object({ pin: Text });
