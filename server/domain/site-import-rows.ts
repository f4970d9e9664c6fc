/** The rows of an export file as they are stored here, laid piece by piece so that it can be followed (behaviour.md 20). */
import type { TObject } from 'typebox';
import {
  exportEvents,
  ExportFile,
  exportRows,
  exportSections,
  type ExportSecrets,
  type ExportSection,
} from '#contract/exports';
import type { CollectionId, IqId } from '#contract/ids';
import type { Ids } from '#server/runtime/ids';
import type { Seal } from '#server/runtime/seal';
import type { WriteScope } from '#server/store/scope';
import {
  addFormerPinHashKeys,
  insertCollectionRow,
  insertFormerEvents,
  insertLedgers,
  insertOtp,
  insertSection,
  overwriteCollection,
  putFormerOwner,
  removeRules,
  type Row,
} from '#server/store/site-imports';
import { listIqIds } from '#server/store/tenant-certificates';
import type { DesiredState } from './desired-state.ts';
import type { Progress } from './migration-runs.ts';
import { storedPlan } from './site-import-pictures.ts';
import { newPeople, type PeopleHere } from './site-import-people.ts';
import { makeSiteUid } from './sites.ts';

export type LayingParts = {
  readonly clock: { now(): Date };
  readonly ids: Ids;
  readonly seal: Seal;
  readonly desiredState: DesiredState;
};

export type Laying = {
  readonly file: ExportFile;
  readonly secrets: ExportSecrets | null;
  readonly idMap: ReadonlyMap<string, string>;
  readonly targetId: CollectionId | null;
  readonly people: PeopleHere;
  readonly progress: Progress;
};

/** Rows of one statement: small enough that a cancelled import ends soon. */
const pieceRows = 2_000;

/** Lays everything; tells how many of each. MIGRATION_ABORTED: it was cancelled meanwhile. */
export async function layFile(
  scope: WriteScope,
  { clock, ids, seal, desiredState }: LayingParts,
  { file, secrets, idMap, targetId, people, progress }: Laying,
): Promise<Record<string, number>> {
  const here = (id: string): string => idMap.get(id) ?? id;
  const collectionId = here(file.collection.id);
  const hashes = new Map((secrets?.pin_hashes ?? []).map(({ key_id: key, hash }) => [key, hash]));
  const rows = sectionsOf(file, { here, collectionId, hashes, people });
  const events = { entries: file.events?.entries ?? [], incidents: file.events?.incidents ?? [] };
  const total = exportSections.reduce((sum, name) => sum + rows[name].length, 0);
  await progress.expect(total + events.entries.length + events.incidents.length);
  const { owner_user_id: _owner, ...collection } = stored(
    file.collection,
    ExportFile.properties.collection,
    here,
  );
  if (targetId === null) await insertCollectionRow(scope, collection);
  else await overwriteCollection(scope, { ...collection, id: targetId });
  if (rows.message_rules.length > 0) await removeRules(scope, collectionId);
  for (const name of exportSections)
    for (const piece of pieces(rows[name])) {
      await insertSection(scope, name, piece);
      await progress.laid(name, piece.length);
    }
  const owner = file.collection.owner_user_id ?? null;
  if (owner !== null) {
    const isNamed = await putFormerOwner(scope, { collectionId, userId: here(owner) });
    const { country_code: country } = file.collection;
    if (!isNamed) await makeSiteUid(scope, { id: collectionId as CollectionId, country, ids });
  }
  const now = clock.now();
  await insertLedgers(
    scope,
    file.iqs
      .filter(({ ledger }) => ledger !== null)
      .map(({ id, ledger }) => ({
        iq_id: here(id),
        boot: ledger?.boot,
        sequence: ledger?.sequence,
      })),
  );
  const otp = (secrets?.otp ?? []).map((one) => ({
    id: ids.next<string>(),
    iq_id: here(one.iq_id),
    accessor_id: here(one.accessor_id),
    secret_sealed: seal.seal(Buffer.from(one.secret)),
    pin_sealed: seal.seal(Buffer.from(one.pin)),
    activation_state: one.activation_state,
    activation_date: one.activation_date,
    wrong_at: [],
    used_codes: [],
    created_at: now,
  }));
  await insertOtp(scope, otp);
  for (const name of ['entries', 'incidents'] as const) {
    const more = { collection_id: collectionId, stored_at: now };
    // Each piece gets its numbers below those that are there: the newest goes first.
    for (const piece of pieces<object>(events[name]).reverse()) {
      await insertFormerEvents(
        scope,
        name,
        piece.map((row) => ({ ...stored(row, exportEvents[name], here), ...more })),
      );
      await progress.laid(name, piece.length);
    }
  }
  const hasNewKeys =
    hashes.size > 0 &&
    (await addFormerPinHashKeys(scope, { keys: secrets?.pin_hash_keys ?? [], now }));
  const own = file.iqs.map(({ id }) => here(id) as IqId);
  await desiredState.refresh(scope, { iqIds: hasNewKeys ? await listIqIds(scope) : own });
  return {
    collections: 1,
    ...Object.fromEntries(exportSections.map((name) => [name, rows[name].length])),
    otp_activations: otp.length,
    keypad_codes_left_out: file.keys.length - rows.keys.length,
    entries: events.entries.length,
    incidents: events.incidents.length,
  };
}

function pieces<T>(rows: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(rows.length / pieceRows) }, (_, index) =>
    rows.slice(index * pieceRows, (index + 1) * pieceRows),
  );
}

/** Members that are ids of something else in the file, wherever they occur. */
const idMembers = new Set([
  'id',
  'iq_id',
  'repeater_id',
  'floor_id',
  'lock_id',
  'locker_id',
  'accessor_id',
  'key_id',
  'credential_id',
  'collection_setting_id',
  'access_group_id',
  'source_iq_id',
  'masterkey_id',
  'user_id',
  'parent_id',
  'locker_group_id',
  'pod_id',
  'pod_guest_id',
  'rule_id',
  'role_ids',
]);

/** The columns of a row, and nothing else that a file may hold: their names become part of statements. */
function stored(row: object, schema: TObject, here: (id: string) => string): Row {
  const members = new Map<string, unknown>(Object.entries(row));
  return Object.fromEntries(
    Object.keys(schema.properties).map((name) => {
      const value = members.get(name);
      if (!idMembers.has(name)) return [name, value];
      if (Array.isArray(value)) return [name, value.map((id) => here(String(id)))];
      return [name, typeof value === 'string' ? here(value) : value];
    }),
  );
}

/** Sections whose rows name their collection. */
const ofCollection: readonly ExportSection[] = [
  'floors',
  'iqs',
  'repeaters',
  'locks',
  'tags',
  'accessors',
  'collection_settings',
  'access_groups',
  'site_roles',
  'locker_groups',
  'pods',
  'message_rules',
  'message_recipients',
];

type Mapping = {
  readonly here: (id: string) => string;
  readonly collectionId: string;
  /** Hash of the keypad code of a key, by the id in the file. */
  readonly hashes: ReadonlyMap<string, string>;
  readonly people: PeopleHere;
};

/** The rows as they are stored here. Everything a file brings belongs to the collection it becomes. */
function sectionsOf(
  file: ExportFile,
  { here, collectionId, hashes, people }: Mapping,
): Record<ExportSection, readonly Row[]> {
  const isKnown = ({ id, key_type: type }: ExportFile['keys'][number]): boolean =>
    type === 'tag' || type === 'license_plate' || hashes.has(id);
  const lost = new Set(file.keys.filter((key) => !isKnown(key)).map(({ id }) => id));
  const isKept = ({ key_id: key }: { readonly key_id: string }): boolean => !lost.has(key);
  const kept = {
    ...file,
    key_settings: file.key_settings.filter(isKept),
    offline_keys: file.offline_keys.filter(isKept),
  };
  const rowsOf = (name: ExportSection): readonly Row[] =>
    kept[name].map((row) => ({
      ...stored(row, exportRows[name], here),
      ...(ofCollection.includes(name) ? { collection_id: collectionId } : {}),
    }));
  return {
    people: newPeople(file, { ...people, here, siteId: collectionId }),
    site_roles: rowsOf('site_roles'),
    locker_groups: rowsOf('locker_groups'),
    floors: rowsOf('floors'),
    floor_plans: file.floor_plans.map((plan) =>
      storedPlan(plan, stored(plan, exportRows.floor_plans, here)),
    ),
    floor_plan_locks: rowsOf('floor_plan_locks'),
    iqs: rowsOf('iqs').map(({ code_hash: codeHash, ledger: _ledger, ...row }) => ({
      ...row,
      // It becomes active when its hub has come and said yes.
      state: 'initialized',
      awaited_code_hash: codeHash,
      holds_other_content: codeHash !== null,
    })),
    repeaters: rowsOf('repeaters'),
    locks: rowsOf('locks').map((row) => ({
      ...row,
      locker_mode: row['locker_mode'] ?? 'generic',
      wall_reader_near_detection: row['wall_reader_near_detection'] ?? false,
    })),
    tags: rowsOf('tags'),
    accessors: rowsOf('accessors').map((row) => ({
      ...row,
      role_ids: row['role_ids'] ?? [],
      alias: row['alias'] ?? '',
      came_by_pod: row['came_by_pod'] ?? false,
    })),
    locker_occupations: rowsOf('locker_occupations'),
    pods: rowsOf('pods'),
    pod_users: rowsOf('pod_users'),
    collection_settings: rowsOf('collection_settings'),
    keys: file.keys.filter(isKnown).map((key) => ({
      ...stored(key, exportRows.keys, here),
      credential_value: hashes.get(key.id) ?? key.credential_value,
    })),
    key_settings: rowsOf('key_settings'),
    offline_keys: rowsOf('offline_keys'),
    access_groups: rowsOf('access_groups'),
    access_group_accessors: rowsOf('access_group_accessors'),
    access_group_locks: rowsOf('access_group_locks'),
    time_schedules: rowsOf('time_schedules'),
    message_rules: rowsOf('message_rules'),
    message_rule_locks: rowsOf('message_rule_locks'),
    message_rule_users: rowsOf('message_rule_users'),
    message_rule_recipients: rowsOf('message_rule_recipients'),
    message_rule_schedules: rowsOf('message_rule_schedules'),
    message_recipients: rowsOf('message_recipients'),
  };
}
