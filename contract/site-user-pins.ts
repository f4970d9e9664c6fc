/** Keypad PINs of people of a site (connect-api.md 4.3). The answer of the first is the PIN itself, as a JSON string, shown once. */
import { Type } from 'typebox';
import { Instant, optional, orNull, Text } from './fields.ts';

export const PutSiteUserPinRequest = Type.Object({ expiry_date: optional(orNull(Instant)) });
export const SiteUserPin = Text;

export const PutSiteUserCustomPinRequest = Type.Object({ pin: Text });
