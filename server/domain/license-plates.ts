import type { Static } from 'typebox';
import { ApiError } from '#contract/api-error';
import type { AccessorId, KeyId } from '#contract/ids';
import {
  plateText,
  type PatchLicensePlateRequest,
  type PostLicensePlateRequest,
} from '#contract/license-plates';
import type { ListOptions } from '#contract/odata';
import type { Actor, Audit } from '#server/events/audit';
import type { Ids } from '#server/runtime/ids';
import type { HeldAccessor } from '#server/store/accessors';
import { deleteKey, insertKey, updateKey } from '#server/store/keys';
import {
  findLicensePlate,
  listLicensePlates,
  type LicensePlateRow,
} from '#server/store/license-plates';
import type { ListResult } from '#server/store/list';
import type { Database } from '#server/store/pool';
import { readScope, type Scope } from '#server/store/scope';
import { heldAccessor } from './accessors.ts';
import { changed } from './collections.ts';
import type { DesiredState } from './desired-state.ts';
import { writeRights, type Written } from './rights-write.ts';

export type PostLicensePlate = Required<Static<typeof PostLicensePlateRequest>>;
export type PatchLicensePlate = Static<typeof PatchLicensePlateRequest>;

/** A plate by its accessor, as paths name it. */
export type OwnedPlate = { readonly accessorId: AccessorId; readonly id: string };

export type LicensePlates = {
  /** VALUE_INVALID (404) when the accessor has none of that id. */
  get(actor: Actor, plate: OwnedPlate): Promise<LicensePlateRow>;
  list(
    actor: Actor,
    options: ListOptions,
    accessorId: AccessorId,
  ): Promise<ListResult<LicensePlateRow>>;
  /** VALUE_INVALID: no letter or digit, more than 32, or the accessor has it already. */
  create(
    actor: Actor,
    accessorId: AccessorId,
    body: PostLicensePlate,
  ): Promise<Written<LicensePlateRow>>;
  update(
    actor: Actor,
    plate: OwnedPlate,
    body: PatchLicensePlate,
  ): Promise<Written<LicensePlateRow>>;
  remove(actor: Actor, plate: OwnedPlate): Promise<Written<void>>;
};

type Parts = {
  readonly database: Database;
  readonly audit: Audit;
  readonly clock: { now(): Date };
  readonly ids: Ids;
  readonly desiredState: DesiredState;
};

/** Licence plates of accessors (core-api.md 7.6). */
export function createLicensePlates(parts: Parts): LicensePlates {
  const { database, audit, clock, ids, desiredState } = parts;
  const scopeOf = (actor: Actor): Scope => readScope(database, actor.tenantId);
  return {
    get: (actor, plate) => getPlate(scopeOf(actor), plate),
    list: (actor, options, accessorId) => listLicensePlates(scopeOf(actor), options, accessorId),

    create: (actor, accessorId, body) =>
      writeRights({ database, actor }, async (scope) => {
        const owner = await heldAccessor(scope, accessorId);
        const text = await freePlate(scope, accessorId, body.license_plate ?? '');
        const id = ids.next<string>();
        await insertKey(scope, {
          id: ids.next<KeyId>(),
          accessor_id: accessorId,
          key_type: 'license_plate',
          credential_id: id,
          credential_value: text,
          blocked: body.blocked,
          expires_at: null,
          created_at: clock.now(),
        });
        await desiredState.refresh(scope, { accessorIds: [accessorId] });
        const row = await getPlate(scope, { accessorId, id });
        audit.record(scope, actor, { ...fact('create', owner, row), after: row });
        return row;
      }),

    update: (actor, plate, body) =>
      writeRights({ database, actor }, async (scope) => {
        const owner = await heldAccessor(scope, plate.accessorId);
        const former = await getPlate(scope, plate);
        const sent = body.license_plate ?? null;
        const text = sent === null ? null : normalPlate(sent);
        const isOther = text !== null && text !== former.license_plate;
        await updateKey(scope, former.key_id, {
          ...(isOther ? { credential_value: await freePlate(scope, plate.accessorId, text) } : {}),
          ...(body.blocked === undefined ? {} : { blocked: body.blocked }),
        });
        await desiredState.refresh(scope, { accessorIds: [plate.accessorId] });
        const row = await getPlate(scope, plate);
        audit.record(scope, actor, {
          ...fact('update', owner, row),
          detail: changed(body),
          before: former,
          after: row,
        });
        return row;
      }),

    remove: (actor, plate) =>
      writeRights({ database, actor }, async (scope) => {
        const owner = await heldAccessor(scope, plate.accessorId);
        const row = await getPlate(scope, plate);
        await deleteKey(scope, row.key_id);
        await desiredState.refresh(scope, { accessorIds: [plate.accessorId] });
        audit.record(scope, actor, { ...fact('delete', owner, row), before: row });
      }),
  };
}

async function getPlate(scope: Scope, { accessorId, id }: OwnedPlate): Promise<LicensePlateRow> {
  const row = await findLicensePlate(scope, accessorId, { id });
  if (row === undefined)
    throw new ApiError('VALUE_INVALID', { parameter: 'license_plate_id', case: 'path_id' });
  return row;
}

function normalPlate(sent: string): string {
  const text = plateText(sent);
  if (text === null)
    throw new ApiError('VALUE_INVALID', {
      parameter: 'license_plate',
      reason: 'It must have 1 to 32 letters or digits.',
    });
  return text;
}

/** The normalised plate, when the accessor, which is held, has no such one yet. */
async function freePlate(scope: Scope, accessorId: AccessorId, sent: string): Promise<string> {
  const plate = normalPlate(sent);
  if ((await findLicensePlate(scope, accessorId, { plate })) !== undefined)
    throw new ApiError('VALUE_INVALID', {
      parameter: 'license_plate',
      reason: 'The accessor has this plate.',
    });
  return plate;
}

function fact(verb: string, owner: HeldAccessor, row: LicensePlateRow) {
  return {
    action: `license_plate.${verb}`,
    objectType: 'license_plate',
    objectId: row.id,
    accessorId: owner.id,
    collectionId: owner.collection_id,
  };
}
