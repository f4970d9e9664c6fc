/** Updates of firmware (behaviour.md 20, core-api.md 11): what is offered, and beginning one. */
import { ApiError } from '#contract/api-error';
import { compareVersions, type CatalogueImage } from '#contract/firmware';
import type { FirmwareUpdateId } from '#contract/firmware-updates';
import type { ListOptions } from '#contract/odata';
import type { Actor, Audit } from '#server/events/audit';
import type { Ids } from '#server/runtime/ids';
import type { Catalogue, UpdateCatalogue } from '#server/runtime/update-catalogue';
import type { Bus } from '#server/store/bus';
import { beginRun, giveTurns, isRolloutStopped } from '#server/store/firmware-runs';
import {
  findFirmwareUpdate,
  hasOffersOf,
  holdFirmwareUpdate,
  holdRollouts,
  listFirmwareUpdates,
  noteOffersOf,
  refreshOffers,
  type FirmwareUpdateFacts,
  type FirmwareUpdateRow,
} from '#server/store/firmware-updates';
import type { ListResult } from '#server/store/list';
import type { Database } from '#server/store/pool';
import { inTransaction, readScope } from '#server/store/scope';
import { rolloutTopic } from './firmware-rollout.ts';

export type FirmwareUpdates = {
  /** PLATFORM_FUNCTION_FAILED when the catalogue cannot be read. */
  list(actor: Actor, options: ListOptions): Promise<ListResult<FirmwareUpdateRow>>;
  /** VALUE_INVALID (404), AVA_UPDATE_INVALID, PLATFORM_FUNCTION_FAILED. */
  apply(actor: Actor, id: FirmwareUpdateId): Promise<FirmwareUpdateRow>;
};

type Parts = {
  readonly database: Database;
  readonly audit: Audit;
  readonly clock: { now(): Date };
  readonly ids: Ids;
  readonly bus: Bus;
  readonly catalogue: UpdateCatalogue;
};

export function createFirmwareUpdates(parts: Parts): FirmwareUpdates {
  const { database, audit, clock, ids, bus, catalogue } = parts;

  /** Offers follow the catalogue before anybody sees them. */
  async function readOffered({ tenantId }: Actor): Promise<Catalogue> {
    const read = await catalogue.read().catch((cause: unknown) => {
      throw new ApiError('PLATFORM_FUNCTION_FAILED', { cause });
    });
    const { digest, images } = read;
    if (await hasOffersOf(readScope(database, tenantId), digest)) return read;
    await inTransaction({ database, tenantId }, async (scope) => {
      await holdRollouts(scope);
      if (await noteOffersOf(scope, digest))
        await refreshOffers(scope, { images, hardwareIds: null });
    });
    return read;
  }

  return {
    async list(actor, options) {
      await readOffered(actor);
      return listFirmwareUpdates(readScope(database, actor.tenantId), options);
    },

    async apply(actor, id) {
      const { images } = await readOffered(actor);
      return inTransaction({ database, tenantId: actor.tenantId }, async (scope) => {
        await holdRollouts(scope);
        const facts = await holdFirmwareUpdate(scope, id);
        if (facts === undefined) throw noUpdate();
        const reason =
          unfit(facts, images) ??
          ((await isRolloutStopped(scope, facts)) ? stoppedText(facts.version) : undefined);
        if (reason !== undefined) throw new ApiError('AVA_UPDATE_INVALID', { reason });
        const at = clock.now();
        const currentVersion = facts.reported_version ?? facts.current_version;
        await beginRun(scope, id, { runId: ids.next<string>(), at, currentVersion });
        await giveTurns(scope, at);
        audit.record(scope, actor, {
          action: 'update.apply',
          objectType: facts.hardware_type,
          objectId: facts.hardware_id,
          collectionId: facts.collection_id,
          detail: `${facts.component} ${currentVersion} to ${facts.version}`,
        });
        scope.afterCommit(() => bus.publish(rolloutTopic, actor.tenantId));
        const row = await findFirmwareUpdate(scope, id);
        if (row === undefined) throw noUpdate();
        return row;
      });
    },
  };
}

/** Why this update cannot begin; undefined = it can. */
function unfit(facts: FirmwareUpdateFacts, images: readonly CatalogueImage[]): string | undefined {
  if (facts.state === 'running' || facts.is_other_running)
    return 'An update of this hardware is running.';
  const image = images.find(
    (listed) =>
      listed.hardware_type === facts.hardware_type &&
      listed.model === facts.model &&
      listed.component === facts.component &&
      listed.version === facts.version,
  );
  if (image === undefined || image.withdrawn) return 'The version was withdrawn.';
  if (facts.reported_model !== facts.model) return 'The version is for other hardware.';
  const difference = compareVersions(facts.version, facts.reported_version ?? '');
  if (difference === null || difference <= 0)
    return `The hardware runs ${facts.reported_version ?? 'an unknown version'} already.`;
  if (!facts.is_offered) return 'A newer version is offered.';
  return facts.is_online ? undefined : 'The hardware or its IQ is offline.';
}

export function stoppedText(version: string): string {
  return `Version ${version} is not given to further devices: too many failed with it.`;
}

function noUpdate(): ApiError {
  return new ApiError('VALUE_INVALID', { parameter: 'id', case: 'path_id' });
}
