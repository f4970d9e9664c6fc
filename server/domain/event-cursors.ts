/**
 * Cursors of events (streaming.md 7): where in the order of storing of a site a reader stands. A cursor is 32 hexadecimal
 * digits: number of the event, second in which everything up to it was stored, and a check over both and the site. So they
 * grow as texts do, entries and incidents of a site share one order, and a damaged or foreign one is told by its check.
 * Nothing is secret in them: a made-up one reaches only what its reader may read anyway.
 */
import { hash } from 'node:crypto';
import { ApiError } from '#contract/api-error';
import type { CollectionId } from '#contract/ids';

/** A place in the order of storing: everything up to `number` was stored by `at`. */
export type EventPlace = { readonly number: number; readonly at: Date };

/** Before the oldest event there is. */
export const earliestPlace: EventPlace = { number: 0, at: new Date(0) };

const numberDigits = 14;
const secondDigits = 10;
const checkDigits = 8;
const form = /^[0-9a-f]{32}$/;

/** The cursor of a place in a site: 32 characters. */
export function cursorOf(siteId: CollectionId, { number, at }: EventPlace): string {
  const seconds = Math.floor(at.getTime() / 1000);
  const place = hex(number, numberDigits) + hex(seconds, secondDigits);
  return place + checkOf(siteId, place);
}

/** The place of a cursor; null when it is damaged or of another site. */
export function placeOfCursor(siteId: CollectionId, cursor: string): EventPlace | null {
  if (!form.test(cursor)) return null;
  const place = cursor.slice(0, numberDigits + secondDigits);
  if (checkOf(siteId, place) !== cursor.slice(-checkDigits)) return null;
  const number = Number.parseInt(place.slice(0, numberDigits), 16);
  const seconds = Number.parseInt(place.slice(numberDigits), 16);
  return { number, at: new Date(seconds * 1000) };
}

/** Whether everything stored after a place is still there: it is when what was stored at that time is kept. */
export function isKept(
  { at }: EventPlace,
  { keptSeconds, now }: { readonly keptSeconds: number; readonly now: Date },
): boolean {
  return at.getTime() + keptSeconds * 1000 > now.getTime();
}

/** The refusal of a cursor that is damaged, foreign or older than what is kept: 1101 with the parameter's name. */
export function badCursor(parameter = 'cursor'): ApiError {
  return new ApiError('VALUE_INVALID', { parameter });
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}

function checkOf(siteId: CollectionId, place: string): string {
  return hash('sha256', `${siteId} ${place}`, 'hex').slice(0, checkDigits);
}
