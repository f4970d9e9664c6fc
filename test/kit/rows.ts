import { randomBytes, randomUUID } from 'node:crypto';
import type { AccessorId, IqId, LockId, TagId, TenantId } from '#contract/ids';
import type { Database } from '#server/store/pool';

/** Where rows go that no operation makes: tags come from registration, hardware states from hubs. */
type Place = { readonly database: Database; readonly tenant: { readonly tenantId: TenantId } };

/** Counted, as drawn ones meet now and then; tests that name a number of their own take others. */
let lastTagNumber = 30_000_000;

/** A tag as registration would leave it. */
export async function insertTag(
  { database, tenant }: Place,
  tag: {
    readonly tag_number?: string;
    readonly collection_id?: string | null;
    readonly created_at?: Date;
  } = {},
): Promise<{ readonly id: TagId; readonly tag_number: string }> {
  const id = randomUUID() as string as TagId;
  lastTagNumber += 1;
  const number = tag.tag_number ?? String(lastTagNumber);
  const at = tag.created_at ?? new Date();
  await database.pool.query(
    `insert into tags (tenant_id, id, tag_number, collection_id, added_date, registration_date, created_at)
     values ($1, $2, $3, $4, $5, $5, $5)`,
    [tenant.tenantId, id, number, tag.collection_id ?? null, at],
  );
  return { id, tag_number: number };
}

/** An IQ that was subscribed and is out of reach, unless told otherwise; one that is online is held by a gateway elsewhere. */
export async function insertIq(
  { database, tenant }: Place,
  iq: { readonly collection_id?: string | null; readonly online?: boolean } = {},
): Promise<IqId> {
  const id = randomUUID() as string as IqId;
  const gatewayId = iq.online === true ? await insertGateway(database) : null;
  await database.pool.query(
    `insert into iqs (tenant_id, id, mac, collection_id, time_zone, subscribed, has_been_subscribed, otp_enabled, state,
       online, gateway_id, vendor_reference, created_at)
     values ($1, $2, $3, $4, 'Europe/Amsterdam', true, true, false, 'active', $5, $6, 'sallis', now())`,
    [tenant.tenantId, id, randomMac(), iq.collection_id ?? null, iq.online ?? false, gatewayId],
  );
  return id;
}

/** A gateway of another process that lives: each server soon finds out an IQ that is shown online by none that does. */
async function insertGateway(database: Database): Promise<string> {
  const id = randomUUID();
  await database.pool.query(
    `insert into gateways (id, seen_at) values ($1, now() + interval '1 day')`,
    [id],
  );
  return id;
}

/** A lock in the state given; detached unless told otherwise. */
export async function insertLock(
  { database, tenant }: Place,
  lock: {
    readonly collection_id?: string | null;
    readonly iq_id?: string | null;
    readonly iq_link_state?: string;
    readonly communication_type?: string;
    readonly offline_key_limit?: number;
  } = {},
): Promise<LockId> {
  const id = randomUUID() as string as LockId;
  const code = randomBytes(7).toString('hex').toUpperCase();
  await database.pool.query(
    `insert into locks (tenant_id, id, mac, code, collection_id, iq_id, iq_link_state, communication_type,
       offline_key_limit, vendor_reference, created_at)
     values ($1, $2, $3, $3, $4, $5, $6, $7, $8, 'sallis', now())`,
    [
      tenant.tenantId,
      id,
      code,
      lock.collection_id ?? null,
      lock.iq_id ?? null,
      lock.iq_link_state ?? 'detached',
      lock.communication_type ?? 'blue_net',
      lock.offline_key_limit ?? null,
    ],
  );
  return id;
}

/** An OTP activation of an accessor on an IQ. */
export async function insertActivePin(
  { database, tenant }: Place,
  pin: { readonly accessor_id: AccessorId; readonly iq_id: IqId },
): Promise<void> {
  await database.pool.query(
    `insert into iq_pins (tenant_id, id, iq_id, accessor_id, secret_sealed, pin_sealed, activation_state, created_at)
     values ($1, $2, $3, $4, '\\x00', '\\x00', 'active', now())`,
    [tenant.tenantId, randomUUID(), pin.iq_id, pin.accessor_id],
  );
}

/** Makes two accessors one person's. */
export async function joinPerson(
  { database, tenant }: Place,
  accessorIds: readonly string[],
): Promise<void> {
  const userId = randomUUID();
  await database.pool.query(
    'insert into users (tenant_id, id, created_at) values ($1, $2, now())',
    [tenant.tenantId, userId],
  );
  await database.pool.query(
    'update accessors set user_id = $3 where tenant_id = $1 and id = any ($2)',
    [tenant.tenantId, accessorIds, userId],
  );
}

function randomMac(): string {
  return randomBytes(3)
    .toString('hex')
    .toUpperCase()
    .replaceAll(/(..)(?=.)/g, '$1.');
}
