/** Lays what the cloud knows of a demo building: everything but what only its hubs can confirm. */
import { hashPin } from '#access/pins';
import type { TenantId } from '#contract/ids';
import { builtInRoles } from '#contract/roles';
import { hardwareCode } from '#server/domain/hardware-codes';
import { insertRows } from '#server/store/bulk';
import { inTransaction, type WriteScope } from '#server/store/scope';
import type { Database } from '#server/store/pool';
import { byName, demoId, type DemoBuilding } from './demo-building.ts';

type Laying = {
  readonly database: Database;
  readonly tenantId: TenantId;
  readonly building: DemoBuilding;
  readonly now: Date;
  /** What came before the demo: people and hardware exist since then. */
  readonly since: Date;
  /** base64 key of the tenant's keypad codes. */
  readonly pinHashKey: string;
  /** The owner of every site of the building. */
  readonly ownerUserId: string;
};

/** One transaction, once: collections, hardware without its hubs, people, tags, keys, groups, schedules. */
export async function layDemoSite(laying: Laying): Promise<void> {
  const { database, tenantId } = laying;
  await inTransaction({ database, tenantId }, async (scope) => {
    const laid = await scope.query('select 1 from collections where tenant_id = $1 limit 1', [
      tenantId,
    ]);
    if (laid.length > 0) return;
    await layPlaces(scope, laying);
    await layHardware(scope, laying);
    await layPeople(scope, laying);
    await layGroups(scope, laying);
  });
}

/** Rows are made a second apart, so that lists show them in the order of the file. */
function dated<Row extends Record<string, unknown>>(
  rows: readonly Row[],
  since: Date,
): (Row & { created_at: string })[] {
  return rows.map((row, index) => ({
    ...row,
    created_at: new Date(since.getTime() + index * 1000).toISOString(),
  }));
}

async function layPlaces(scope: WriteScope, laying: Laying): Promise<void> {
  const { building, since, ownerUserId } = laying;
  const collection = byName(building.site.collections);
  const collections = building.site.collections.map((place) => ({
    id: place.id,
    customer_reference: place.name,
    country_code: place.country_code,
    time_zone: place.time_zone,
    store_events_ttl_seconds: place.store_events_days * 86_400,
    masterkey_id: place.master_tag === null ? null : tagId(building, place.master_tag),
    owner_user_id: ownerUserId,
    site_uid: siteUid(place),
    sync_mkey: true,
    store_entry_events: true,
    store_incident_events: true,
    store_lam_audits: true,
    vendor_references: ['sallis'],
    options: {},
  }));
  await insertRows(scope, 'collections', dated(collections, since));
  const floors = building.site.floors.map((floor) => ({
    id: floor.id,
    collection_id: collection(floor.collection).id,
    customer_reference: floor.name,
    number: floor.number,
  }));
  await insertRows(scope, 'floors', dated(floors, since));
}

/** Two letters and ten digits (connect-api.md 4.1), the same at every laying. */
function siteUid({
  id,
  country_code: country,
}: {
  readonly id: string;
  readonly country_code: string;
}): string {
  const number = BigInt(`0x${id.replaceAll('-', '').slice(0, 16)}`) % 10n ** 10n;
  return `${country}${String(number).padStart(10, '0')}`;
}

async function layHardware(scope: WriteScope, { building, since }: Laying): Promise<void> {
  const collection = byName(building.site.collections);
  const collectionId = (name: string | null) => (name === null ? null : collection(name).id);
  const lock = byName(building.locks);
  const repeater = byName(building.repeaters);
  const floorOf = new Map(
    building.site.floors.flatMap((floor) => floor.locks.map((name) => [name, floor.id])),
  );
  const locks = building.site.locks.map((place) => ({
    id: lock(place.lock).id,
    code: lock(place.lock).code,
    mac: hardwareCode(lock(place.lock).code).mac,
    customer_reference: place.lock,
    collection_id: collectionId(place.collection),
    floor_id: floorOf.get(place.lock) ?? null,
    vendor_reference: 'sallis',
    open_time_seconds: place.open_time_seconds,
    audit_trail_days: place.audit_trail_days ?? 0,
    easy_office_mode: place.easy_office_mode,
    ...unseen,
  }));
  await insertRows(scope, 'locks', dated(locks, since));
  const repeaters = building.site.repeaters.map((place) => ({
    id: repeater(place.repeater).id,
    code: repeater(place.repeater).code,
    mac: hardwareCode(repeater(place.repeater).code).mac,
    customer_reference: place.repeater,
    collection_id: collectionId(place.collection),
    vendor_reference: 'sallis',
    iq_link_state: 'detached',
    communication_type: 'blue_net',
    online: false,
  }));
  await insertRows(scope, 'repeaters', dated(repeaters, since));
}

/** A lock of which its hub has said nothing yet (behaviour.md 4.3). */
const unseen = {
  iq_link_state: 'detached',
  locked_state: 'none',
  lock_type: 'unknown',
  communication_type: 'blue_net',
  battery_level: 'unknown',
  online: false,
  left_open_alarm: false,
  intrusion_alarm: false,
  privacy_mode: false,
  license_plate_camera: false,
} as const;

async function layPeople(scope: WriteScope, laying: Laying): Promise<void> {
  const { building, since, pinHashKey, ownerUserId } = laying;
  const { people, tags } = building.site;
  const collection = byName(building.site.collections);
  const collectionId = (name: string | null) => (name === null ? null : collection(name).id);
  const hub = byName(building.hubs);
  await layPersons(scope, laying);
  const accessors = people.map((person, index) => ({
    id: person.id,
    user_id: index === 0 ? ownerUserId : userId(person.id),
    role_ids: [index === 0 ? builtInRoles.site_admin.id : builtInRoles.site_user.id],
    collection_id: collectionId(person.collection),
    remote_access: person.remote_access ?? false,
    blocked: person.blocked ?? false,
    override_privacy_mode: person.override_privacy_mode ?? false,
    toggle_easy_office_mode: person.toggle_easy_office_mode ?? false,
    toggle_manual_office_mode: person.toggle_manual_office_mode ?? false,
    alias: '',
  }));
  await insertRows(scope, 'accessors', dated(accessors, since));
  const settings = people
    .filter((person) => person.collection !== null)
    .map((person) => ({
      id: demoId('collection setting', person.id),
      accessor_id: person.id,
      collection_id: collectionId(person.collection),
      suspended: person.suspended ?? false,
      use_pin: person.pin !== undefined,
      blocked: false,
    }));
  await insertRows(scope, 'collection_settings', dated(settings, since));
  const cards = new Map(building.cards.map((card) => [card.tag_number, card]));
  const owned = tags.map((tag) => ({
    id: tagId(building, tag.tag_number),
    tag_number: tag.tag_number,
    rfid_uid: cards.get(tag.tag_number)?.rfid_uid ?? null,
    source_iq_id: tag.source_hub === null ? null : hub(tag.source_hub).id,
    collection_id: collectionId(tag.collection),
    vendor_references: ['sallis'],
    added_date: since.toISOString(),
    registration_date: since.toISOString(),
  }));
  await insertRows(scope, 'tags', dated(owned, since));
  const keys = people.flatMap((person) => [
    ...person.keys.map((key) => ({
      id: key.id,
      accessor_id: person.id,
      key_type: 'tag',
      credential_id: tagId(building, key.tag_number),
      credential_value: null as string | null,
      blocked: key.blocked ?? false,
    })),
    ...(person.pin === undefined
      ? []
      : [
          {
            id: person.pin.id,
            accessor_id: person.id,
            key_type: 'pin',
            credential_id: person.pin.id,
            credential_value: hashPin(person.pin.code, pinHashKey),
            blocked: false,
          },
        ]),
  ]);
  await insertRows(scope, 'keys', dated(keys, since));
}

/** The people behind the accessors; none but the owner has a password, so none but the owner can sign in. */
async function layPersons(scope: WriteScope, { building, since }: Laying): Promise<void> {
  const people = building.site.people.slice(1);
  const logins = people.map((person) => ({ ...nameOf(person.name), id: loginId(person.id) }));
  await scope.query(
    `insert into logins (id, email, first_name, last_name, created_at)
     select id, email, first_name, last_name, $2
     from jsonb_to_recordset($1::jsonb) as r (id uuid, email text, first_name text, last_name text)`,
    [JSON.stringify(logins), since],
  );
  const users = people.map((person) => ({ id: userId(person.id), login_id: loginId(person.id) }));
  await insertRows(scope, 'users', dated(users, since));
}

async function layGroups(scope: WriteScope, { building, since }: Laying): Promise<void> {
  const { access_groups: groups, people } = building.site;
  const collection = byName(building.site.collections);
  const lock = byName(building.locks);
  const group = byName(groups);
  const rows = groups.map((entry) => ({
    id: entry.id,
    customer_reference: entry.name,
    collection_id: entry.collection === null ? null : collection(entry.collection).id,
  }));
  await insertRows(scope, 'access_groups', dated(rows, since));
  const schedules = groups.flatMap((entry) =>
    entry.schedules.map((schedule) => ({ ...schedule, access_group_id: entry.id })),
  );
  await insertRows(scope, 'time_schedules', dated(schedules, since));
  const locks = groups.flatMap((entry) =>
    entry.locks.map((name) => ({ access_group_id: entry.id, lock_id: lock(name).id })),
  );
  await insertRows(scope, 'access_group_locks', locks);
  const members = people.flatMap((person) =>
    person.access_groups.map((name) => ({
      access_group_id: group(name).id,
      accessor_id: person.id,
    })),
  );
  await insertRows(scope, 'access_group_accessors', members);
}

/** The id of a tag is that of its card. */
export function tagId(building: DemoBuilding, tagNumber: string): string {
  const card = building.cards.find((entry) => entry.tag_number === tagNumber);
  if (card === undefined) throw new Error(`the building has no card ${tagNumber}`);
  return card.id;
}

function loginId(accessorId: string): string {
  return demoId('login', accessorId);
}

function userId(accessorId: string): string {
  return demoId('user', accessorId);
}

/** First name, last name and an address of the reserved domain `.example`. */
export function nameOf(name: string): { email: string; first_name: string; last_name: string } {
  const [first = name, ...last] = name.split(' ');
  const plain = name.normalize('NFD').replaceAll(/[^A-Za-z ]/g, '');
  return {
    email: `${plain.toLowerCase().trim().replaceAll(/ +/g, '.')}@demo.example`,
    first_name: first,
    last_name: last.join(' '),
  };
}
