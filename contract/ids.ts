/** Branded ids: a lock's id can never be passed where an IQ's is asked for. All are UUIDs in lower case. */

declare const brand: unique symbol;
export type Id<Noun extends string> = string & { readonly [brand]: Noun };

export type TenantId = Id<'tenant'>;
export type CollectionId = Id<'collection'>;
export type IqId = Id<'iq'>;
export type LockId = Id<'lock'>;
export type RepeaterId = Id<'repeater'>;
export type TagId = Id<'tag'>;
export type KeyId = Id<'key'>;
export type AccessorId = Id<'accessor'>;
/** A phone of an accessor. */
export type DeviceId = Id<'device'>;
export type AccessGroupId = Id<'access_group'>;
/** A bank of lockers. */
export type LockerGroupId = Id<'locker_group'>;
export type PodId = Id<'pod'>;
export type TimeScheduleId = Id<'time_schedule'>;
export type FloorId = Id<'floor'>;
export type CommandId = Id<'command'>;
export type WebhookId = Id<'webhook'>;
export type DeliveryId = Id<'delivery'>;
/** What signs in (`sub` of a token); a person has one, whatever the number of tenants. */
export type LoginId = Id<'login'>;
/** The person in one tenant (`id` of a Connect user). */
export type UserId = Id<'user'>;
/** The id a hub makes for itself at its first start and keeps for life, wiped or not. */
export type HubId = Id<'hub'>;

/** The value by which PATCH clears a uuid member (core-api.md 2). */
export const nilUuid = '00000000-0000-0000-0000-000000000000';

const uuidForm = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** True for a UUID of any version in any letter case. */
export function isUuid(text: string): boolean {
  return uuidForm.test(text);
}

/**
 * A UUID of version 7 (RFC 9562): the milliseconds of its time, then ten random bytes, so that ids made one after the other lie side
 * by side in an index. A time that is none counts as 0.
 */
export function timeOrderedUuid(atMs: number, random: Uint8Array): string {
  const time = Number.isFinite(atMs) ? Math.min(Math.max(0, atMs), 2 ** 48 - 1) : 0;
  const [high = 0, , variant = 0] = random;
  const hex = [
    Math.trunc(time).toString(16).padStart(12, '0'),
    (0x70 | (high & 0x0f)).toString(16),
    hexOf(random.subarray(1, 2)),
    (0x80 | (variant & 0x3f)).toString(16),
    hexOf(random.subarray(3, 10)),
  ].join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
