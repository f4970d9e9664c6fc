import { sql } from 'kysely';
import type { AccessorId, CollectionId, IqId } from '#contract/ids';
import { pinActivationStates, type PinActivationState } from '#contract/iq-pins';
import type { ListOptions } from '#contract/odata';
import { listRows, type ListResult } from './list.ts';
import type { SqlListFields } from './odata-filter.ts';
import type { Scope, WriteScope } from './scope.ts';

/** An activation as it is listed, its accessor as flat columns. */
export type IqPinRow = {
  readonly id: string;
  readonly activation_state: PinActivationState;
  readonly activation_date: Date | null;
  readonly accessor_id: AccessorId;
  readonly remote_access: boolean;
  readonly blocked: boolean;
  readonly override_privacy_mode: boolean;
  readonly toggle_easy_office_mode: boolean;
  readonly toggle_manual_office_mode: boolean;
  readonly collection_id: CollectionId | null;
};

export const iqPinFields = {
  id: { type: 'uuid', sql: sql`p.id`, isNotNull: true },
  activation_state: { type: 'enum', words: pinActivationStates, sql: sql`p.activation_state` },
  activation_date: { type: 'instant', sql: sql`p.activation_date` },
  'accessor/id': { type: 'uuid', sql: sql`a.id`, isNotNull: true },
  'accessor/remote_access': { type: 'bool', sql: sql`a.remote_access` },
  'accessor/blocked': { type: 'bool', sql: sql`a.blocked` },
  'accessor/override_privacy_mode': { type: 'bool', sql: sql`a.override_privacy_mode` },
  'accessor/toggle_easy_office_mode': { type: 'bool', sql: sql`a.toggle_easy_office_mode` },
  'accessor/toggle_manual_office_mode': { type: 'bool', sql: sql`a.toggle_manual_office_mode` },
  'accessor/collection_id': { type: 'uuid', sql: sql`a.collection_id` },
} as const satisfies SqlListFields;

export function listIqPins(
  scope: Scope,
  options: ListOptions,
  iqId: IqId,
): Promise<ListResult<IqPinRow>> {
  return listRows<IqPinRow>(scope, {
    from: sql`iq_pins p join accessors a on a.tenant_id = p.tenant_id and a.id = p.accessor_id`,
    tenant: sql`p.tenant_id`,
    where: sql`p.iq_id = ${iqId}::uuid`,
    select:
      sql.raw(`p.id, p.activation_state, p.activation_date, a.id as accessor_id, a.remote_access, a.blocked,
      a.override_privacy_mode, a.toggle_easy_office_mode, a.toggle_manual_office_mode, a.collection_id`),
    fields: iqPinFields,
    options,
    id: sql`p.id`,
    defaultOrder: [{ sql: sql`p.created_at`, type: 'instant', direction: 'asc', isNotNull: true }],
  });
}

/** An activation with its secrets, still sealed. */
export type SealedPin = {
  readonly id: string;
  readonly accessor_id: AccessorId;
  readonly secret_sealed: Buffer;
  readonly pin_sealed: Buffer;
  readonly activation_state: PinActivationState;
  readonly activation_date: Date | null;
  readonly wrong_at: readonly Date[];
  readonly blocked_until: Date | null;
  /** Codes that went out with a command, newest last. */
  readonly used_codes: readonly UsedCode[];
};
export type UsedCode = { readonly code: string; readonly at: string };

const columns = `id, accessor_id, secret_sealed, pin_sealed, activation_state, activation_date, wrong_at, blocked_until,
  used_codes`;

/** The activation of an accessor on an IQ, held against other checks of a code until the transaction ends. */
export async function holdPin(
  scope: WriteScope,
  iqId: IqId,
  accessorId: AccessorId,
): Promise<SealedPin | undefined> {
  const [row] = await scope.query<SealedPin>(
    `select ${columns} from iq_pins where tenant_id = $1 and iq_id = $2 and accessor_id = $3 for no key update`,
    [scope.tenantId, iqId, accessorId],
    'iq_pin_hold',
  );
  return row;
}

/** The activation of a row id on an IQ, held. */
export async function holdPinById(
  scope: WriteScope,
  iqId: IqId,
  pinId: string,
): Promise<SealedPin | undefined> {
  const [row] = await scope.query<SealedPin>(
    `select ${columns} from iq_pins where tenant_id = $1 and iq_id = $2 and id = $3 for no key update`,
    [scope.tenantId, iqId, pinId],
  );
  return row;
}

export async function hasPin(scope: Scope, iqId: IqId, pinId: string): Promise<boolean> {
  const rows = await scope.query(
    'select 1 from iq_pins where tenant_id = $1 and iq_id = $2 and id = $3',
    [scope.tenantId, iqId, pinId],
  );
  return rows.length > 0;
}

/** The activation that an accessor has on an IQ. */
export async function findActivePinId(
  scope: Scope,
  iqId: IqId,
  accessorId: AccessorId,
): Promise<string | undefined> {
  const [row] = await scope.query<{ id: string }>(
    `select id from iq_pins
       where tenant_id = $1 and iq_id = $2 and accessor_id = $3 and activation_state = 'active'`,
    [scope.tenantId, iqId, accessorId],
  );
  return row?.id;
}

/** Enters an inactive activation unless there is one already. */
export async function insertPin(
  scope: WriteScope,
  pin: Pick<SealedPin, 'id' | 'accessor_id' | 'secret_sealed' | 'pin_sealed'> & {
    readonly iq_id: IqId;
    readonly created_at: Date;
  },
): Promise<void> {
  await scope.query(
    `insert into iq_pins (tenant_id, id, iq_id, accessor_id, secret_sealed, pin_sealed, created_at)
     values ($1, $2, $3, $4, $5, $6, $7) on conflict (tenant_id, iq_id, accessor_id) do nothing`,
    [
      scope.tenantId,
      pin.id,
      pin.iq_id,
      pin.accessor_id,
      pin.secret_sealed,
      pin.pin_sealed,
      pin.created_at,
    ],
  );
}

/** Sets the PIN and makes the activation active; the date is that of the first time. */
export async function activatePin(
  scope: WriteScope,
  id: string,
  { pinSealed, now }: { readonly pinSealed: Buffer; readonly now: Date },
): Promise<void> {
  await scope.query(
    `update iq_pins set pin_sealed = $3, activation_state = 'active', activation_date = coalesce(activation_date, $4)
      where tenant_id = $1 and id = $2`,
    [scope.tenantId, id, pinSealed, now],
  );
}

export type FreshPin = Pick<SealedPin, 'id' | 'secret_sealed' | 'pin_sealed'>;

/** Makes activations inactive with a new secret and PIN each. */
export async function resetPins(scope: WriteScope, fresh: readonly FreshPin[]): Promise<void> {
  await scope.query(
    `update iq_pins p set secret_sealed = f.secret, pin_sealed = f.pin, activation_state = 'inactive',
            activation_date = null, wrong_at = '{}', blocked_until = null, used_codes = '[]'
       from unnest($2::uuid[], $3::bytea[], $4::bytea[]) as f (id, secret, pin)
      where p.tenant_id = $1 and p.id = f.id`,
    [
      scope.tenantId,
      fresh.map(({ id }) => id),
      fresh.map(({ secret_sealed: secret }) => secret),
      fresh.map(({ pin_sealed: pin }) => pin),
    ],
  );
}

export async function listPinIds(scope: Scope, iqId: IqId): Promise<readonly string[]> {
  const rows = await scope.query<{ id: string }>(
    'select id from iq_pins where tenant_id = $1 and iq_id = $2 order by id',
    [scope.tenantId, iqId],
  );
  return rows.map(({ id }) => id);
}

/** Writes what a check of a code changed. */
export async function noteOtp(
  scope: WriteScope,
  id: string,
  note: Pick<SealedPin, 'wrong_at' | 'blocked_until' | 'used_codes'>,
): Promise<void> {
  await scope.query(
    'update iq_pins set wrong_at = $3, blocked_until = $4, used_codes = $5 where tenant_id = $1 and id = $2',
    [scope.tenantId, id, note.wrong_at, note.blocked_until, JSON.stringify(note.used_codes)],
  );
}

/** What the site of an IQ says about codes (behaviour.md 2), and which site it is. */
export type OtpRules = {
  readonly isSingleUse: boolean;
  readonly futureSeconds: number;
  readonly collectionId: CollectionId | null;
};

export async function findOtpRules(scope: Scope, iqId: IqId): Promise<OtpRules> {
  const [row] = await scope.query<OtpRules>(
    `select coalesce((c.options ->> 'single_use_otp')::boolean, false) as "isSingleUse",
            coalesce((c.options ->> 'otp_future_seconds')::int, 60) as "futureSeconds",
            i.collection_id as "collectionId"
       from iqs i left join collections c on c.tenant_id = i.tenant_id and c.id = i.collection_id
      where i.tenant_id = $1 and i.id = $2`,
    [scope.tenantId, iqId],
    'otp_rules',
  );
  return row ?? { isSingleUse: false, futureSeconds: 60, collectionId: null };
}

/** Whether an accessor is suspended in the collection of an IQ. */
export async function isSuspendedAt(
  scope: Scope,
  iqId: IqId,
  accessorId: AccessorId,
): Promise<boolean> {
  const rows = await scope.query(
    `select 1 from iqs i
       join collection_settings s on s.tenant_id = i.tenant_id and s.collection_id = i.collection_id
      where i.tenant_id = $1 and i.id = $2 and s.accessor_id = $3 and s.suspended`,
    [scope.tenantId, iqId, accessorId],
  );
  return rows.length > 0;
}
