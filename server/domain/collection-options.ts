import type { Static } from 'typebox';
import { ApiError } from '#contract/api-error';
import {
  collectionOptionRanges,
  type CollectionOptions as Options,
  type PatchCollectionOptionsRequest,
} from '#contract/collection-options';
import type { CollectionId } from '#contract/ids';
import type { Actor, Audit } from '#server/events/audit';
import {
  blockCustomPins,
  findCollectionOptions,
  updateCollectionOptions,
} from '#server/store/collection-options';
import { holdCollection } from '#server/store/collections';
import type { Database } from '#server/store/pool';
import { readScope } from '#server/store/scope';
import { changed, getCollection, noCollection } from './collections.ts';
import type { DesiredState } from './desired-state.ts';
import { writeRights, type Written } from './rights-write.ts';
import { createValueFaults } from './value-faults.ts';

export type PatchCollectionOptions = Static<typeof PatchCollectionOptionsRequest>;

export type CollectionOptions = {
  /** VALUE_INVALID (404) when the tenant has no such collection. */
  get(actor: Actor, id: CollectionId): Promise<Options>;
  /** VALUE_INVALID: a number out of its range (behaviour.md 2). */
  update(actor: Actor, id: CollectionId, body: PatchCollectionOptions): Promise<Written<Options>>;
};

type Parts = {
  readonly database: Database;
  readonly audit: Audit;
  readonly desiredState: DesiredState;
};

/** The settings of sites, behaviour.md 2. */
export function createCollectionOptions(parts: Parts): CollectionOptions {
  const { database, audit, desiredState } = parts;
  return {
    async get(actor, id) {
      const scope = readScope(database, actor.tenantId);
      await getCollection(scope, id);
      return findCollectionOptions(scope, id);
    },

    update: (actor, id, body) =>
      writeRights({ database, actor }, async (scope) => {
        if (!(await holdCollection(scope, id))) throw noCollection();
        checkRanges(body);
        const { offline_validity_hours: hours, ...others } = body;
        const before = await findCollectionOptions(scope, id);
        await updateCollectionOptions(scope, id, {
          ...others,
          ...(hours === undefined ? {} : { offline_validity_hours: hours === 0 ? null : hours }),
        });
        // behaviour.md 5.4: they stay blocked when custom PINs are allowed again.
        const accessorIds =
          body.custom_pin_enabled === false ? await blockCustomPins(scope, id) : [];
        await desiredState.refresh(scope, { collectionIds: [id], accessorIds });
        const after = await findCollectionOptions(scope, id);
        audit.record(scope, actor, {
          action: 'collection.update_options',
          objectType: 'collection',
          objectId: id,
          collectionId: id,
          detail: changed(body),
          before,
          after,
        });
        return after;
      }),
  };
}

function checkRanges(body: PatchCollectionOptions): void {
  const faults = createValueFaults();
  for (const [name, { least, most }] of Object.entries(collectionOptionRanges)) {
    const value = body[name as keyof typeof collectionOptionRanges];
    if (value === undefined || (value >= least && value <= most)) continue;
    const reason = `Allowed are ${least} to ${most}.`;
    faults.add(new ApiError('VALUE_INVALID', { parameter: name, reason }));
  }
  faults.raise();
}
