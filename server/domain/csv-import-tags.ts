/**
 * Tags by their printed numbers, before any lock has seen them (decision 0246). What is known keeps what the file does not say; a tag
 * of the tenant without a site becomes one of this site.
 */
import type { TagId } from '#contract/ids';
import {
  findTagsByNumber,
  findTakenTags,
  insertExpectedTag,
  type PresentTag,
} from '#server/store/csv-imports';
import type { WriteScope } from '#server/store/scope';
import { updateTag } from '#server/store/tags';
import {
  cellFault,
  failedRow,
  isRead,
  type CsvRowOf,
  type RowFault,
  type RowResult,
} from './csv-import-rows.ts';
import type { SiteUserParts } from './site-user-creation.ts';
import type { AtWork } from './site-user-rules.ts';
import { getTag } from './tags.ts';

export type TagRow = {
  readonly tagNumber: string;
  readonly rfidUid: string | null;
  readonly expiresAt: string | null;
};

type Known = {
  readonly tags: ReadonlyMap<string, PresentTag>;
  readonly taken: Awaited<ReturnType<typeof findTakenTags>>;
};

export async function importTags(
  scope: WriteScope,
  parts: SiteUserParts,
  { at, rows }: { readonly at: AtWork; readonly rows: readonly CsvRowOf<TagRow>[] },
): Promise<readonly RowResult[]> {
  const read = rows.filter(isRead).map(({ value }) => value);
  const numbers = read.map(({ tagNumber }) => tagNumber);
  const chips = read.flatMap(({ rfidUid }) => rfidUid ?? []);
  const tags = await findTagsByNumber(scope, numbers);
  const known: Known = {
    tags: new Map(tags.map((tag) => [tag.tag_number, tag])),
    taken: await findTakenTags(scope, { numbers, chips }),
  };
  const results: RowResult[] = [];
  for (const row of rows)
    results.push(
      isRead(row)
        ? await importTag(scope, parts, { at, known, row })
        : failedRow(row.line, row.faults),
    );
  return results;
}

async function importTag(
  scope: WriteScope,
  parts: SiteUserParts,
  {
    at,
    known,
    row: { line, value },
  }: {
    readonly at: AtWork;
    readonly known: Known;
    readonly row: { readonly line: number; readonly value: TagRow };
  },
): Promise<RowResult> {
  const faults = faultsOf(value, { at, known });
  if (faults.length > 0) return failedRow(line, faults);
  const present = known.tags.get(value.tagNumber);
  const made = (action: RowResult['action']): RowResult => ({
    line,
    action,
    faults: [],
    notes: [],
  });
  if (present !== undefined)
    return made((await changeTag(scope, parts, { at, present, value })) ? 'updated' : 'unchanged');
  return (await addTag(scope, parts, { at, value }))
    ? made('created')
    : failedRow(line, [
        cellFault('tag_number', 'Somebody entered the tag meanwhile; send the file again.'),
      ]);
}

function faultsOf(
  { tagNumber, rfidUid }: TagRow,
  { at, known: { tags, taken } }: { readonly at: AtWork; readonly known: Known },
): readonly RowFault[] {
  const site = tags.get(tagNumber)?.collection_id ?? null;
  const chipOf = rfidUid === null ? undefined : taken.chips.get(rfidUid);
  return [
    ...(site !== null && site !== at.siteId
      ? [cellFault('tag_number', 'The tag is one of another site; move it from there first.')]
      : []),
    ...(!tags.has(tagNumber) && taken.numbers.has(tagNumber)
      ? [cellFault('tag_number', 'The tag belongs to somebody else.')]
      : []),
    ...(chipOf !== undefined && chipOf !== tagNumber
      ? [cellFault('rfid_uid', 'Another tag has this chip.')]
      : []),
  ];
}

async function addTag(
  scope: WriteScope,
  { audit, clock, ids }: SiteUserParts,
  { at: { actor, siteId }, value }: { readonly at: AtWork; readonly value: TagRow },
): Promise<boolean> {
  const id = ids.next<TagId>();
  const isMade = await insertExpectedTag(scope, {
    ...value,
    id,
    collectionId: siteId,
    now: clock.now(),
  });
  if (!isMade) return false;
  audit.record(scope, actor, {
    action: 'tag.create',
    objectType: 'tag',
    objectId: id,
    collectionId: siteId,
    after: await getTag(scope, id),
  });
  return true;
}

/** False when the file says nothing else than what is known. */
async function changeTag(
  scope: WriteScope,
  { audit, desiredState }: SiteUserParts,
  {
    at: { actor, siteId },
    present,
    value: { rfidUid, expiresAt },
  }: { readonly at: AtWork; readonly present: PresentTag; readonly value: TagRow },
): Promise<boolean> {
  const isOtherChip = rfidUid !== null && rfidUid !== present.rfid_uid;
  const isOtherEnd =
    expiresAt !== null && Date.parse(expiresAt) !== (present.expiry_date?.getTime() ?? null);
  const change = {
    ...(isOtherChip ? { rfid_uid: rfidUid } : {}),
    ...(isOtherEnd ? { expiry_date: expiresAt } : {}),
    ...(present.collection_id === null ? { collection_id: siteId } : {}),
  };
  const members = Object.keys(change);
  if (members.length === 0) return false;
  const before = await getTag(scope, present.id);
  await updateTag(scope, present.id, change);
  await desiredState.refresh(scope, { tagIds: [present.id] });
  audit.record(scope, actor, {
    action: 'tag.update',
    objectType: 'tag',
    objectId: present.id,
    collectionId: siteId,
    detail: members.join(', '),
    before,
    after: await getTag(scope, present.id),
  });
  return true;
}
