/** What is wrong with an export file by itself, check by check (behaviour.md 20): pure. Null = nothing. */
import type { ExportFile, ExportSection, ExportSecrets } from '#contract/exports';
import type { IqId, RepeaterId } from '#contract/ids';
import { builtInRoles } from '#contract/roles';
import type { TreeHardware } from '#server/store/tree';
import type { IdTable } from '#server/store/site-imports';
import { planPicture } from './site-import-pictures.ts';
import { findPeopleFault } from './site-import-people.ts';
import { planTree } from './tree-plan.ts';

/** Ids a file brings, by the table they are ids of. Key relations and plates have two. */
export function broughtIds(file: ExportFile): ReadonlyMap<IdTable, readonly string[]> {
  const ids = (rows: readonly { readonly id: string }[]): string[] => rows.map(({ id }) => id);
  return new Map<IdTable, readonly string[]>([
    ['collections', [file.collection.id]],
    ['users', ids(file.people)],
    ['site_roles', ids(file.site_roles)],
    ['locker_groups', ids(file.locker_groups)],
    ['pods', ids(file.pods)],
    ['message_rules', ids(file.message_rules)],
    ['message_rule_schedules', ids(file.message_rule_schedules)],
    ['floors', ids(file.floors)],
    ['iqs', ids(file.iqs)],
    ['repeaters', ids(file.repeaters)],
    ['locks', ids(file.locks)],
    ['tags', ids(file.tags)],
    ['accessors', ids(file.accessors)],
    ['collection_settings', ids(file.collection_settings)],
    ['keys', ids(file.keys)],
    ['key_settings', ids(file.key_settings)],
    ['access_groups', ids(file.access_groups)],
    ['time_schedules', ids(file.time_schedules)],
    ['entries', ids(file.events?.entries ?? [])],
    ['incidents', ids(file.events?.incidents ?? [])],
  ]);
}

/** An id that occurs twice cannot be mapped, as nobody could say which is meant. */
export function findDoubleId(file: ExportFile): string | null {
  const seen = new Set<string>();
  for (const ids of broughtIds(file).values())
    for (const id of ids) {
      if (seen.has(id)) return id;
      seen.add(id);
    }
  return null;
}

/** Activation codes that occur twice. */
export function hasDoubleHardware({ iqs, locks, repeaters, tags }: ExportFile): boolean {
  const hubs = iqs.map(({ code_hash: hash }) => hash).filter((hash) => hash !== null);
  const lists = [
    hubs,
    locks.map(({ code }) => code),
    repeaters.map(({ code }) => code),
    tags.map(({ tag_number: number }) => number),
  ];
  return lists.some((list) => new Set(list).size < list.length);
}

/** behaviour.md 2: what any hub takes at most, whatever it says of itself. */
const most = { locks: 256, repeaters: 64, layers: 4 };
const usual = { locks: 16, repeaters: 6, layers: 3, persons: 100_000 };
const unlimited = { locks: 10_000, repeaters: 10_000, layers: 10_000 };

/** What is over the limits of hubs and locks. */
export function findLimitFault(file: ExportFile): string | null {
  const trees = treesOf(file);
  for (const { id, limits } of file.iqs) {
    const has = { ...usual, ...limits };
    const tree = trees.get(id) ?? noTree;
    if (tree.locks.length > Math.min(has.locks, most.locks)) return `IQ ${id} has too many locks`;
    if (tree.repeaters.length > Math.min(has.repeaters, most.repeaters))
      return `IQ ${id} has too many repeaters`;
    if (file.accessors.length > has.persons) return `IQ ${id} cannot know so many accessors`;
    const layers = Math.min(has.layers, most.layers);
    const isDeep = treeFault(tree, id, { ...unlimited, layers }) !== null;
    if (isDeep && treeFault(tree, id, unlimited) === null) return `IQ ${id} has too many layers`;
  }
  const held = new Map<string, number>();
  for (const { lock_id: lockId } of file.offline_keys)
    held.set(lockId, (held.get(lockId) ?? 0) + 1);
  const full = file.locks.find(
    ({ id, offline_key_limit: limit }) => limit !== null && (held.get(id) ?? 0) > limit,
  );
  return full === undefined ? null : `lock ${full.id} has too many offline keys`;
}

/** What hangs on an IQ. */
type Tree = {
  readonly vendor: string;
  readonly locks: ExportFile['locks'];
  readonly repeaters: ExportFile['repeaters'];
};
const noTree: Tree = { vendor: '', locks: [], repeaters: [] };

function treesOf({ iqs, locks, repeaters }: ExportFile): ReadonlyMap<string, Tree> {
  const trees = new Map<string, Tree>(
    iqs.map(({ id, vendor_reference: vendor }) => [id, { vendor, locks: [], repeaters: [] }]),
  );
  for (const lock of locks) trees.get(lock.iq_id ?? '')?.locks.push(lock);
  for (const repeater of repeaters) trees.get(repeater.iq_id ?? '')?.repeaters.push(repeater);
  return trees;
}

function treeFault(
  { vendor, locks, repeaters }: Tree,
  id: string,
  limits: typeof unlimited,
): string | null {
  const iqId = id as IqId;
  // Planning takes the square of its items: more than any hub takes is told by its limits.
  if (locks.length > most.locks || repeaters.length > most.repeaters) return null;
  const own = [
    ...repeaters.map((row) => ({ ...row, type: 'repeater' as const })),
    ...locks.map((row) => ({ ...row, type: 'lock' as const })),
  ];
  const hardware: TreeHardware[] = own.map((row) => ({
    id: row.id,
    type: row.type,
    vendor_reference: row.vendor_reference,
    iq_link_state: row.iq_link_state,
    iq_id: iqId,
    collection_id: null,
    slot: row.slot,
    repeater_id: row.repeater_id as RepeaterId | null,
    is_in_group_outside: false,
  }));
  const items = own
    .filter((row) => row.tree_position !== null)
    .map((row) => ({ id: row.id, parent_id: row.repeater_id, hardware_type: row.type }));
  const { fault } = planTree(items, {
    iq: { id: iqId, vendor_reference: vendor, collection_id: null },
    // Whether locks may hang beside repeaters is a rule of laying trees, not of trees that are laid.
    rules: { limits, is_mixed_root: true },
    hardware,
  });
  return fault;
}

const builtInDepths = new Map(Object.values(builtInRoles).map(({ id, depth }) => [id, depth]));

type Reference = readonly [from: ExportSection, member: string, to: ExportSection];

const references: readonly Reference[] = [
  ['repeaters', 'iq_id', 'iqs'],
  ['repeaters', 'repeater_id', 'repeaters'],
  ['locks', 'iq_id', 'iqs'],
  ['locks', 'repeater_id', 'repeaters'],
  ['locks', 'floor_id', 'floors'],
  ['locks', 'locker_group_id', 'locker_groups'],
  ['floor_plans', 'floor_id', 'floors'],
  ['accessors', 'user_id', 'people'],
  ['locker_occupations', 'lock_id', 'locks'],
  ['locker_occupations', 'accessor_id', 'accessors'],
  ['pod_users', 'pod_id', 'pods'],
  ['pod_users', 'accessor_id', 'accessors'],
  ['access_groups', 'pod_id', 'pods'],
  ['message_rule_locks', 'rule_id', 'message_rules'],
  ['message_rule_locks', 'lock_id', 'locks'],
  ['message_rule_users', 'rule_id', 'message_rules'],
  ['message_rule_users', 'user_id', 'people'],
  ['message_rule_recipients', 'rule_id', 'message_rules'],
  ['message_rule_recipients', 'user_id', 'people'],
  ['message_rule_schedules', 'rule_id', 'message_rules'],
  ['message_recipients', 'user_id', 'people'],
  ['collection_settings', 'accessor_id', 'accessors'],
  ['keys', 'accessor_id', 'accessors'],
  ['key_settings', 'key_id', 'keys'],
  ['key_settings', 'collection_setting_id', 'collection_settings'],
  ['offline_keys', 'lock_id', 'locks'],
  ['offline_keys', 'key_id', 'keys'],
  ['access_groups', 'locker_id', 'locks'],
  ['access_group_accessors', 'access_group_id', 'access_groups'],
  ['access_group_accessors', 'accessor_id', 'accessors'],
  ['access_group_locks', 'access_group_id', 'access_groups'],
  ['access_group_locks', 'lock_id', 'locks'],
  ['time_schedules', 'access_group_id', 'access_groups'],
];

/** Members of which no two rows of a section may have the same. */
const unique: readonly (readonly [section: ExportSection, members: readonly string[]])[] = [
  ['collection_settings', ['accessor_id']],
  ['keys', ['credential_id', 'accessor_id']],
  ['key_settings', ['key_id', 'collection_setting_id']],
  ['floor_plans', ['floor_id']],
  ['floor_plan_locks', ['lock_id']],
  ['offline_keys', ['lock_id', 'key_id']],
  ['access_group_accessors', ['access_group_id', 'accessor_id']],
  ['access_group_locks', ['access_group_id', 'lock_id']],
  ['access_groups', ['locker_id']],
  ['accessors', ['user_id']],
  ['locker_occupations', ['lock_id']],
  ['locker_occupations', ['accessor_id']],
  ['pod_users', ['pod_id', 'accessor_id']],
  ['message_rule_locks', ['rule_id', 'lock_id']],
  ['message_rule_users', ['rule_id', 'user_id']],
  ['message_rule_recipients', ['rule_id', 'user_id']],
  ['message_recipients', ['user_id']],
];

/** A reference that leads nowhere, rows that say the same twice, a tree that is none. */
export function findBrokenReference(
  file: ExportFile,
  secrets: ExportSecrets | null,
): string | null {
  const ids = new Map<ExportSection, ReadonlySet<unknown>>();
  const idsOf = (section: ExportSection): ReadonlySet<unknown> => {
    const known = ids.get(section) ?? new Set(rowsOf(file, section).map((row) => row['id']));
    ids.set(section, known);
    return known;
  };
  for (const [from, member, to] of references)
    for (const row of rowsOf(file, from)) {
      const id = row[member];
      if (id !== null && id !== undefined && !idsOf(to).has(id))
        return `${from}.${member} names nothing in ${to}`;
    }
  for (const [section, members] of unique) {
    const seen = new Set<string>();
    for (const row of rowsOf(file, section)) {
      if (members.some((member) => row[member] === null || row[member] === undefined)) continue;
      const key = members.map((member) => String(row[member])).join(' ');
      if (seen.has(key)) return `two rows of ${section} have the same ${members.join(' and ')}`;
      seen.add(key);
    }
  }
  const owner = file.collection.owner_user_id ?? null;
  if (owner !== null && !idsOf('people').has(owner))
    return 'collection.owner_user_id names nothing in people';
  return (
    findPeopleFault(file, builtInDepths) ??
    keyFault(file, idsOf('tags')) ??
    planFault(file) ??
    placeFault(file) ??
    eventFault(file, idsOf('iqs')) ??
    secretFault(file, secrets)
  );
}

type AnyRow = Readonly<Record<string, unknown>>;
function rowsOf(file: ExportFile, section: ExportSection): readonly AnyRow[] {
  return file[section];
}

function keyFault({ keys, collection }: ExportFile, tags: ReadonlySet<unknown>): string | null {
  if (collection.masterkey_id !== null && !tags.has(collection.masterkey_id))
    return 'collection.masterkey_id names nothing in tags';
  for (const { key_type: type, credential_id: credential, credential_value: value } of keys) {
    if (type === 'tag' && !tags.has(credential)) return 'keys.credential_id names nothing in tags';
    if ((type === 'license_plate') !== (value !== null))
      return 'keys.credential_value is that of a plate, and of nothing else';
  }
  return null;
}

/** A place is that of a lock on the floor of a picture. */
function planFault({
  floor_plans: plans,
  floor_plan_locks: places,
  locks,
}: ExportFile): string | null {
  const floors = new Map(locks.map(({ id, floor_id: floor }) => [id, floor]));
  const pictures = new Set(plans.map(({ floor_id: floor }) => floor));
  if (places.some(({ lock_id: lock, floor_id: floor }) => floors.get(lock) !== floor))
    return 'floor_plan_locks.lock_id names no lock of that floor';
  if (places.some(({ floor_id: floor }) => !pictures.has(floor)))
    return 'floor_plan_locks.floor_id names nothing in floor_plans';
  const isOdd = plans.find((plan) => planPicture(plan) === null);
  return isOdd === undefined ? null : `the plan of floor ${isOdd.floor_id} is no picture`;
}

function placeFault(file: ExportFile): string | null {
  const isOdd = [...file.locks, ...file.repeaters].find(
    ({ iq_link_state: link, iq_id: iqId }) => (link === 'detached') !== (iqId === null),
  );
  if (isOdd !== undefined) return `${isOdd.id} is detached and in a tree, or neither`;
  for (const [id, tree] of treesOf(file)) {
    const fault = treeFault(tree, id, unlimited);
    if (fault !== null) return `the tree of IQ ${id}: ${fault}`;
  }
  return null;
}

/** Places in ledgers are those of the file's own hubs, so that nothing that is yet to come finds its place taken. */
function eventFault({ events }: ExportFile, iqs: ReadonlySet<unknown>): string | null {
  for (const rows of [events?.entries ?? [], events?.incidents ?? []]) {
    const seen = new Set<string>();
    for (const { iq_id: iqId, boot, sequence } of rows) {
      if (!iqs.has(iqId)) return 'events: iq_id names nothing in iqs';
      const place = `${iqId} ${boot} ${sequence}`;
      if (seen.has(place)) return 'two events have the same place in a ledger';
      seen.add(place);
    }
  }
  return null;
}

function secretFault(file: ExportFile, secrets: ExportSecrets | null): string | null {
  if (secrets === null) return null;
  const codes = new Set(
    file.keys
      .filter(({ key_type: type }) => type === 'pin' || type === 'custom_pin')
      .map(({ id }) => id),
  );
  const iqs = new Set(file.iqs.map(({ id }) => id));
  const accessors = new Set(file.accessors.map(({ id }) => id));
  const pairs = new Set(
    secrets.otp.map(({ iq_id: iqId, accessor_id: accessor }) => `${iqId} ${accessor}`),
  );
  if (secrets.pin_hashes.some(({ key_id: key }) => !codes.has(key)))
    return 'secrets.pin_hashes.key_id names no keypad code in keys';
  if (pairs.size < secrets.otp.length) return 'secrets.otp names a pair twice';
  return secrets.otp.every((one) => iqs.has(one.iq_id) && accessors.has(one.accessor_id))
    ? null
    : 'secrets.otp names an IQ or accessor that is not in the file';
}

/** A zone that is no IANA name, or null. */
export function findUnknownZone(
  { collection, iqs }: ExportFile,
  isKnown: (zone: string) => boolean,
): string | null {
  const zones = [collection.time_zone, ...iqs.map(({ time_zone: zone }) => zone)];
  return zones.find((zone) => zone !== null && !isKnown(zone)) ?? null;
}

/** A hardware family that is not among those known, or null. */
export function findUnknownVendor(file: ExportFile, known: ReadonlySet<string>): string | null {
  const named = [
    ...file.collection.vendor_references,
    ...[...file.iqs, ...file.locks, ...file.repeaters].map((row) => row.vendor_reference),
    ...file.tags.flatMap((tag) => tag.vendor_references),
  ];
  return named.find((reference) => !known.has(reference)) ?? null;
}
