import { Type, type Static } from 'typebox';
import { orNull, page, Text, Uuid } from './fields.ts';

/** An object by id and name (connect-api.md 5.1: access groups, locks, IQs, repeaters inside other answers). */
export const RefResponse = Type.Object({ id: Uuid, customer_reference: orNull(Text) });
export type RefResponse = Static<typeof RefResponse>;
export const RefPage = page(RefResponse);
