/** An export file becomes a collection of the tenant: all of it or nothing (behaviour.md 20). */
import { setImmediate } from 'node:timers/promises';
import { Compile } from 'typebox/compile';
import { ApiError } from '#contract/api-error';
import {
  exportFormat,
  ExportFile,
  exportVersion,
  laterSections,
  type ExportSecrets,
  type SentExportFile,
} from '#contract/exports';
import type { CollectionId } from '#contract/ids';
import type { Actor, Audit } from '#server/events/audit';
import type { Ids } from '#server/runtime/ids';
import { holdCollectionWhole } from '#server/store/collections';
import type { WriteScope } from '#server/store/scope';
import {
  findClaimedHardware,
  findTakenIds,
  findVendorReferences,
  isCollectionEmpty,
} from '#server/store/site-imports';
import { decryptSecrets, readPrivateKey } from './export-secrets.ts';
import { verifyExport } from './export-signature.ts';
import type { Checks } from './migration-checks.ts';
import type { Progress } from './migration-runs.ts';
import {
  broughtIds,
  findBrokenReference,
  findDoubleId,
  findLimitFault,
  findUnknownVendor,
  findUnknownZone,
  hasDoubleHardware,
} from './site-import-plan.ts';
import { findPeopleHere, type PeopleHere } from './site-import-people.ts';
import { layFile, type LayingParts } from './site-import-rows.ts';
import { timeZone } from './time-zone.ts';

export type SiteImportParts = LayingParts & { readonly audit: Audit };

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
 * schema says; VALUE_INVALID: the private key. Null: all checks are made, and of a file that fails these two and has not its
 * form no other can be.
 */
export async function readExport(
  checks: Checks,
  sent: Readonly<Record<string, unknown>>,
  privateKey: string | null,
): Promise<ReadExport | null> {
  const isSigned = await checks.make('signature', async () =>
    (await verifyExport(sent)) === null ? 'the file is not as it was signed' : null,
  );
  const isOfVersion = await checks.make('version', () =>
    sent['format'] === exportFormat && sent['version'] === exportVersion
      ? null
      : `files of version ${exportVersion} are read here`,
  );
  if (!checkFile.Check(sent)) {
    if (!isSigned || !isOfVersion) return leaveOutRest(checks);
    const faults = checkFile.Errors(sent).slice(0, mostFaultsNamed);
    const places = faults.map(({ instancePath: at, message }) => `export${at} ${message}.`);
    throw new ApiError('REQUEST_INVALID', { reason: places.join(' ') });
  }
  for (const [name, member] of Object.entries(sent)) {
    checkTexts(member, `export.${name}`);
    await setImmediate();
  }
  const secrets =
    privateKey === null || sent.secrets === null
      ? null
      : await decryptSecrets(sent.secrets, readPrivateKey(privateKey));
  return { file: wholeFile(sent), secrets };
}

/** Files of older servers lack sections: they hold none of these. */
function wholeFile(sent: SentExportFile): ExportFile {
  const none = Object.fromEntries(laterSections.map((name) => [name, []]));
  return { ...none, ...sent } as ExportFile;
}

function leaveOutRest(checks: Checks): null {
  for (const check of ofContent) checks.leaveOut(check, 'the file cannot be read');
  return null;
}

const ofContent = [
  'target_not_empty',
  'id_taken',
  'hardware_claimed',
  'limits',
  'time_zone',
  'vendor',
  'reference_broken',
] as const;

/** PostgreSQL keeps no NUL in text, and half a surrogate pair is no character. VALUE_INVALID with the place. */
function checkTexts(value: unknown, path: string): void {
  if (typeof value === 'string') {
    if (value.includes('\u0000') || /\p{Surrogate}/u.test(value))
      throw new ApiError('VALUE_INVALID', { parameter: path });
  } else if (typeof value === 'object' && value !== null)
    for (const [name, member] of Object.entries(value)) checkTexts(member, `${path}.${name}`);
}

/**
 * Checks in the order of behaviour.md 20, then lays everything. MIGRATION_ABORTED with the name of the first check that fails,
 * or that it was cancelled.
 */
export async function importSite(
  scope: WriteScope,
  parts: SiteImportParts,
  asked: ReadExport & {
    readonly actor: Actor;
    readonly targetId: CollectionId | null;
    readonly checks: Checks;
    readonly progress: Progress;
  },
): Promise<Migrated> {
  const { file, secrets, actor, targetId, checks, progress } = asked;
  await checkTarget(scope, checks, targetId);
  await checks.make('id_taken', () => {
    const double = findDoubleId(file);
    return double === null ? null : `${double} occurs twice in the file`;
  });
  await checks.make('hardware_claimed', () => findHardwareFault(scope, file));
  await checks.make('limits', () => findLimitFault(file));
  await checks.make('time_zone', () =>
    findUnknownZone(file, isZone) === null ? null : 'a zone is unknown here',
  );
  await checks.make('vendor', async () =>
    findUnknownVendor(file, await findVendorReferences(scope)) === null
      ? null
      : 'a hardware family is unknown here',
  );
  await checks.make('reference_broken', () => findBrokenReference(file, secrets));
  checks.endIfFailed();
  const people = await findPeopleHere(scope, file);
  const idMap = await mapIds(scope, parts.ids, { file, targetId, people });
  const laying = { file, secrets, idMap, targetId, people, progress };
  const counts = await layFile(scope, parts, laying);
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

async function checkTarget(
  scope: WriteScope,
  checks: Checks,
  id: CollectionId | null,
): Promise<void> {
  if (id === null) {
    checks.leaveOut('target_not_empty', 'a new collection is made');
    return;
  }
  if (!(await holdCollectionWhole(scope, id)))
    throw new ApiError('VALUE_INVALID', { parameter: 'target_collection_id' });
  await checks.make('target_not_empty', async () =>
    (await isCollectionEmpty(scope, id)) ? null : 'something belongs to the collection already',
  );
}

/** Ids that are taken get another; the target's takes the place of the collection's. */
async function mapIds(
  scope: WriteScope,
  ids: Ids,
  {
    file,
    targetId,
    people,
  }: {
    readonly file: ExportFile;
    readonly targetId: CollectionId | null;
    readonly people: PeopleHere;
  },
): Promise<Map<string, string>> {
  const map = new Map<string, string>();
  for (const [table, brought] of broughtIds(file))
    for (const id of await findTakenIds(scope, table, brought)) map.set(id, ids.next<string>());
  for (const id of people.present) map.delete(id);
  for (const [id, known] of people.known) map.set(id, known);
  if (targetId === null) return map;
  map.delete(file.collection.id);
  if (targetId !== file.collection.id) map.set(file.collection.id, targetId);
  return map;
}

async function findHardwareFault(scope: WriteScope, file: ExportFile): Promise<string | null> {
  if (hasDoubleHardware(file)) return 'a piece of hardware occurs twice in the file';
  const kind = await findClaimedHardware(scope, {
    lockCodes: file.locks.map(({ code }) => code),
    repeaterCodes: file.repeaters.map(({ code }) => code),
    hubCodes: file.iqs.map(({ code_hash: hash }) => hash).filter((hash) => hash !== null),
    tagNumbers: file.tags.map(({ tag_number: number }) => number),
  });
  return kind === null ? null : `a ${kind} of it is registered here already`;
}

function isZone(zone: string): boolean {
  try {
    timeZone(zone);
    return true;
  } catch {
    return false;
  }
}
