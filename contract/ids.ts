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
export type TimeScheduleId = Id<'time_schedule'>;
export type FloorId = Id<'floor'>;
export type CommandId = Id<'command'>;
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
