/** An export file becomes a collection of the tenant: all of it or nothing (behaviour.md 20). */
import type { TObject } from 'typebox';
import { Compile } from 'typebox/compile';
import { ApiError } from '#contract/api-error';
import {
  exportEvents,
  exportFormat,
  ExportFile,
  exportRows,
  exportSections,
  exportVersion,
  type ExportSecrets,
  type ExportSection,
} from '#contract/exports';
import type { CollectionId, IqId } from '#contract/ids';
import type { Actor, Audit } from '#server/events/audit';
import type { Ids } from '#server/runtime/ids';
import type { Seal } from '#server/runtime/seal';
import { holdCollectionWhole } from '#server/store/collections';
import type { WriteScope } from '#server/store/scope';
import {
  addFormerPinHashKeys,
  findClaimedHardware,
  findTakenIds,
  findVendorReferences,
  insertCollectionRow,
  insertFormerEvents,
  insertLedgers,
  insertOtp,
  insertSections,
  isCollectionEmpty,
  overwriteCollection,
  type Row,
} from '#server/store/site-imports';
import { listIqIds } from '#server/store/tenant-certificates';
import type { DesiredState } from './desired-state.ts';
import { decryptSecrets, readPrivateKey } from './export-secrets.ts';
import { verifyExport } from './export-signature.ts';
import { aborted } from './migration-aborts.ts';
import {
  broughtIds,
  findBrokenReference,
  findDoubleId,
  findLimitFault,
  findUnknownVendor,
  findUnknownZone,
  hasDoubleHardware,
} from './site-import-plan.ts';
import { timeZone } from './time-zone.ts';

export type SiteImportParts = {
  readonly audit: Audit;
  readonly clock: { now(): Date };
  readonly ids: Ids;
  readonly seal: Seal;
  readonly desiredState: DesiredState;
};

/** A file that is signed, of this version and of the right form, with its secrets opened. */
export type ReadExport = { readonly file: ExportFile; readonly secrets: ExportSecrets | null };

export type Migrated = {
  readonly counts: Readonly<Record<string, number>>;
  readonly idMap: ReadonlyMap<string, string>;
};

const checkFile = Compile(ExportFile);
const mostFaultsNamed = 5;

/**
 * Reads a file as it was sent. MIGRATION_ABORTED (signature, version); REQUEST_INVALID: a member is not as the published
 * schema says; VALUE_INVALID: the private key.
 */
export async function readExport(
  sent: Readonly<Record<string, unknown>>,
  privateKey: string | null,
): Promise<ReadExport> {
  if ((await verifyExport(sent)) === null)
    throw aborted('signature', 'the file is not as it was signed');
  if (sent['format'] !== exportFormat || sent['version'] !== exportVersion)
    throw aborted('version', `files of version ${exportVersion} are read here`);
  if (!checkFile.Check(sent)) {
    const faults = checkFile.Errors(sent).slice(0, mostFaultsNamed);
    const places = faults.map(({ instancePath: at, message }) => `export${at} ${message}.`);
    throw new ApiError('REQUEST_INVALID', { reason: places.join(' ') });
  }
  checkTexts(sent, 'export');
  const secrets =
    privateKey === null || sent.secrets === null
      ? null
      : await decryptSecrets(sent.secrets, readPrivateKey(privateKey));
  return { file: sent, secrets };
}

/** PostgreSQL keeps no NUL in text, and half a surrogate pair is no character. VALUE_INVALID with the place. */
function checkTexts(value: unknown, path: string): void {
  if (typeof value === 'string') {
    if (value.includes('\u0000') || /\p{Surrogate}/u.test(value))
      throw new ApiError('VALUE_INVALID', { parameter: path });
  } else if (typeof value === 'object' && value !== null)
    for (const [name, member] of Object.entries(value)) checkTexts(member, `${path}.${name}`);
}

/** Checks in the order of behaviour.md 20, then lays everything. MIGRATION_ABORTED with the name of the first check that fails. */
export async function importSite(
  scope: WriteScope,
  parts: SiteImportParts,
  asked: ReadExport & { readonly actor: Actor; readonly targetId: CollectionId | null },
): Promise<Migrated> {
  const { file, secrets, actor, targetId } = asked;
  await checkTarget(scope, targetId);
  const idMap = await mapIds(scope, parts.ids, { file, targetId });
  await checkHardware(scope, file);
  const limit = findLimitFault(file);
  if (limit !== null) throw aborted('limits', limit);
  if (findUnknownZone(file, isZone) !== null) throw aborted('time_zone', 'a zone is unknown here');
  const vendor = findUnknownVendor(file, await findVendorReferences(scope));
  if (vendor !== null) throw aborted('vendor', 'a hardware family is unknown here');
  const broken = findBrokenReference(file, secrets);
  if (broken !== null) throw aborted('reference_broken', broken);
  const counts = await lay(scope, parts, { file, secrets, idMap, targetId });
  const id = idMap.get(file.collection.id) ?? file.collection.id;
  parts.audit.record(scope, actor, {
    action: 'collection.import',
    objectType: 'collection',
    objectId: id,
    collectionId: id,
    detail: `signed by installation ${file.installation}`,
  });
  return { counts, idMap };
}

async function checkTarget(scope: WriteScope, id: CollectionId | null): Promise<void> {
  if (id === null) return;
  if (!(await holdCollectionWhole(scope, id)))
    throw new ApiError('VALUE_INVALID', { parameter: 'target_collection_id' });
  if (!(await isCollectionEmpty(scope, id)))
    throw aborted('target_not_empty', 'something belongs to the collection already');
}

/** Ids that are taken get another; the target's takes the place of the collection's. */
async function mapIds(
  scope: WriteScope,
  ids: Ids,
  { file, targetId }: { readonly file: ExportFile; readonly targetId: CollectionId | null },
): Promise<Map<string, string>> {
  const double = findDoubleId(file);
  if (double !== null) throw aborted('id_taken', `${double} occurs twice in the file`);
  const map = new Map<string, string>();
  for (const [table, brought] of broughtIds(file))
    for (const id of await findTakenIds(scope, table, brought)) map.set(id, ids.next<string>());
  if (targetId === null) return map;
  map.delete(file.collection.id);
  if (targetId !== file.collection.id) map.set(file.collection.id, targetId);
  return map;
}

async function checkHardware(scope: WriteScope, file: ExportFile): Promise<void> {
  if (hasDoubleHardware(file))
    throw aborted('hardware_claimed', 'a piece of hardware occurs twice in the file');
  const kind = await findClaimedHardware(scope, {
    lockCodes: file.locks.map(({ code }) => code),
    repeaterCodes: file.repeaters.map(({ code }) => code),
    hubCodes: file.iqs.map(({ code_hash: hash }) => hash).filter((hash) => hash !== null),
    tagNumbers: file.tags.map(({ tag_number: number }) => number),
  });
  if (kind !== null)
    throw aborted('hardware_claimed', `a ${kind} of it is registered here already`);
}

function isZone(zone: string): boolean {
  try {
    timeZone(zone);
    return true;
  } catch {
    return false;
  }
}

type Laying = ReadExport & {
  readonly idMap: ReadonlyMap<string, string>;
  readonly targetId: CollectionId | null;
};

async function lay(
  scope: WriteScope,
  { clock, ids, seal, desiredState }: SiteImportParts,
  { file, secrets, idMap, targetId }: Laying,
): Promise<Record<string, number>> {
  const here = (id: string): string => idMap.get(id) ?? id;
  const collectionId = here(file.collection.id);
  const hashes = new Map((secrets?.pin_hashes ?? []).map(({ key_id: key, hash }) => [key, hash]));
  const rows = sectionsOf(file, { here, collectionId, hashes });
  const collection = stored(file.collection, ExportFile.properties.collection, here);
  if (targetId === null) await insertCollectionRow(scope, collection);
  else await overwriteCollection(scope, { ...collection, id: targetId });
  await insertSections(scope, rows);
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
  const events = { entries: file.events?.entries ?? [], incidents: file.events?.incidents ?? [] };
  for (const name of ['entries', 'incidents'] as const) {
    const more = { collection_id: collectionId, stored_at: now };
    await insertFormerEvents(
      scope,
      name,
      events[name].map((row) => ({ ...stored(row, exportEvents[name], here), ...more })),
    );
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
]);

/** The columns of a row, and nothing else that a file may hold: their names become part of statements. */
function stored(row: object, schema: TObject, here: (id: string) => string): Row {
  const members = new Map<string, unknown>(Object.entries(row));
  return Object.fromEntries(
    Object.keys(schema.properties).map((name) => {
      const value = members.get(name);
      return [name, idMembers.has(name) && typeof value === 'string' ? here(value) : value];
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
];

type Mapping = {
  readonly here: (id: string) => string;
  readonly collectionId: string;
  /** Hash of the keypad code of a key, by the id in the file. */
  readonly hashes: ReadonlyMap<string, string>;
};

/** The rows as they are stored here. Everything a file brings belongs to the collection it becomes. */
function sectionsOf(
  file: ExportFile,
  { here, collectionId, hashes }: Mapping,
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
    floors: rowsOf('floors'),
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
    accessors: rowsOf('accessors'),
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
  };
}
