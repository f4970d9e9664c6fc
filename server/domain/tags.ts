import type { Static } from 'typebox';
import { ApiError } from '#contract/api-error';
import type { TagId } from '#contract/ids';
import type { ListOptions } from '#contract/odata';
import type { UpdateTagRequest } from '#contract/tags';
import type { Actor, Audit } from '#server/events/audit';
import { holdAccessors } from '#server/store/accessors';
import { listTagHolders } from '#server/store/keys';
import type { ListResult } from '#server/store/list';
import { findOfflineLocks } from '#server/store/offline-keys';
import type { Database } from '#server/store/pool';
import { readScope, type Scope, type WriteScope } from '#server/store/scope';
import {
  deleteTag,
  findTag,
  findTagUse,
  holdTag,
  listTags,
  updateTag,
  type TagRow,
} from '#server/store/tags';
import { changed, collectionOfBody } from './collections.ts';
import type { DesiredState } from './desired-state.ts';
import { writeRights, type Written } from './rights-write.ts';

export type Tags = {
  /** VALUE_INVALID (404) when the tenant has none of that id. */
  get(actor: Actor, id: TagId): Promise<TagRow>;
  list(actor: Actor, options: ListOptions): Promise<ListResult<TagRow>>;
  /** VALUE_INVALID: collection unknown, RFID number too long. */
  update(actor: Actor, id: TagId, body: Static<typeof UpdateTagRequest>): Promise<Written<TagRow>>;
  /** OPERATION_NOT_ALLOWED for a master key, and for a tag with a key unless forced (core-api.md 10). */
  remove(actor: Actor, id: TagId, rule: { readonly force: boolean }): Promise<Written<void>>;
};

type Parts = {
  readonly database: Database;
  readonly audit: Audit;
  readonly desiredState: DesiredState;
};

/** No card prints a longer one. */
const longestRfid = 64;

export function createTags({ database, audit, desiredState }: Parts): Tags {
  return {
    get: (actor, id) => getTag(readScope(database, actor.tenantId), id),
    list: (actor, options) => listTags(readScope(database, actor.tenantId), options),

    update: (actor, id, body) =>
      writeRights({ database, actor }, async (scope) => {
        await collectionOfBody(scope, body.collection_id ?? null);
        await holdTagAndHolders(scope, id);
        const rfid = body.rfid_uid === undefined ? {} : { rfid_uid: rfidUid(body.rfid_uid) };
        const before = await getTag(scope, id);
        await updateTag(scope, id, { ...body, ...rfid });
        await desiredState.refresh(scope, { tagIds: [id] });
        const row = await getTag(scope, id);
        audit.record(scope, actor, {
          action: 'tag.update',
          objectType: 'tag',
          objectId: id,
          collectionId: row.collection_id,
          detail: changed(body),
          before,
          after: row,
        });
        return row;
      }),

    remove: (actor, id, { force }) =>
      writeRights({ database, actor }, async (scope) => {
        await holdTagAndHolders(scope, id);
        const before = await getTag(scope, id);
        const { collection_id: collectionId } = before;
        const use = await findTagUse(scope, id);
        if (use.isMasterKey) throw notAllowed('The tag is the master key of a collection.');
        if (use.hasKey && !force) throw notAllowed('An accessor has the tag; send force=true.');
        const lockIds = await findOfflineLocks(scope, { tagId: id });
        const accessorIds = await deleteTag(scope, id);
        await desiredState.refresh(scope, { accessorIds, lockIds });
        const fact = { action: 'tag.delete', objectType: 'tag', objectId: id, collectionId };
        audit.record(scope, actor, { ...fact, before });
      }),
  };
}

/** The tag of a path. VALUE_INVALID (404) when the tenant has none of that id. */
export async function getTag(scope: Scope, id: TagId): Promise<TagRow> {
  const row = await findTag(scope, id);
  if (row === undefined) throw noTag();
  return row;
}

/** Owners before tags, as everybody does who changes keys; who came in between is held last. */
async function holdTagAndHolders(scope: WriteScope, id: TagId): Promise<void> {
  const holderIds = async () =>
    (await listTagHolders(scope, id)).map((holder) => holder.accessor_id);
  await holdAccessors(scope, await holderIds());
  if (!(await holdTag(scope, id))) throw noTag();
  await holdAccessors(scope, await holderIds());
}

function noTag(): ApiError {
  return new ApiError('VALUE_INVALID', { parameter: 'tag_id', case: 'path_id' });
}

function notAllowed(reason: string): ApiError {
  return new ApiError('OPERATION_NOT_ALLOWED', { reason });
}

function rfidUid(sent: string | null): string | null {
  const text = sent?.trim() ?? '';
  if (text.length > longestRfid)
    throw new ApiError('VALUE_INVALID', {
      parameter: 'rfid_uid',
      reason: `It is longer than ${longestRfid} characters.`,
    });
  return text === '' ? null : text;
}
