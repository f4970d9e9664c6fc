/** What hubs say of firmware and updates, and the images they ask for (behaviour.md 20). */
import {
  deviceComponent,
  hubComponents,
  imagePartBytes,
  type UpdateFailure,
  type UpdateReport,
} from '#contract/firmware';
import { isUuid } from '#contract/ids';
import type { Frame } from '#contract/iq-link';
import type { Audit } from '#server/events/audit';
import type { ConnectedIq, GatewayHandlers } from '#server/gateway/handlers';
import type { Log } from '#server/runtime/log';
import type { UpdateCatalogue } from '#server/runtime/update-catalogue';
import type { Bus } from '#server/store/bus';
import {
  confirmRun,
  endRun,
  findRunImage,
  giveTurns,
  isRolloutStopped,
  stopWaiting,
} from '#server/store/firmware-runs';
import {
  forgetOffers,
  holdRollouts,
  isFirmwareNews,
  noteFirmware,
  refreshOffers,
  type ReportedFirmware,
} from '#server/store/firmware-updates';
import type { Database } from '#server/store/pool';
import { readScope, type WriteScope } from '#server/store/scope';
import { rolloutTopic } from './firmware-rollout.ts';
import { stoppedText } from './firmware-updates.ts';
import { hardwareActor } from './hub-acts.ts';

export type FirmwareReports = {
  /** Writes what a report says of firmware and updates, in its transaction. */
  take(scope: WriteScope, iq: ConnectedIq, report: Frame<'report'>): Promise<void>;
  readonly imagePart: GatewayHandlers['imagePart'];
};

type Parts = {
  readonly database: Database;
  readonly audit: Audit;
  readonly clock: { now(): Date };
  readonly bus: Bus;
  readonly log: Log;
  readonly catalogue: UpdateCatalogue;
};

export function createFirmwareReports(parts: Parts): FirmwareReports {
  const { database, clock, log, catalogue } = parts;

  async function takeVersions(
    scope: WriteScope,
    iq: ConnectedIq,
    reported: readonly ReportedFirmware[],
  ): Promise<void> {
    if (reported.length === 0) return;
    const hardwareIds = await noteFirmware(scope, iq.iqId, reported);
    if (hardwareIds.length === 0) return;
    const offers = await catalogue.read().catch((error: unknown) => {
      log.warn({ err: error }, 'the catalogue of updates cannot be read');
      return null;
    });
    if (offers === null) await forgetOffers(scope);
    else await refreshOffers(scope, { images: offers.images, hardwareIds });
  }

  return {
    async take(scope, iq, report) {
      const ended = (report.updates ?? []).filter(({ run_id: runId }) => isUuid(runId));
      const said = firmwareOf(iq, report);
      // Most reports say nothing new of firmware; only what does waits for the others of the tenant.
      const reported = said.length > 0 && (await isFirmwareNews(scope, said)) ? said : [];
      if (ended.length + reported.length === 0) return;
      await holdRollouts(scope);
      for (const update of ended) await takeEnd(scope, parts, { iq, update });
      await takeVersions(scope, iq, reported);
      if (ended.length === 0) return;
      await giveTurns(scope, clock.now());
      scope.afterCommit(() => parts.bus.publish(rolloutTopic, iq.tenantId));
    },

    async imagePart({ tenantId, iqId }, { run_id: runId, offset }) {
      const none = { run_id: runId, offset, data: null };
      if (!isUuid(runId)) return none;
      const image = await findRunImage(readScope(database, tenantId), runId, iqId);
      if (image === undefined || offset >= image.size_bytes) return none;
      const length = Math.min(imagePartBytes, image.size_bytes - offset);
      const part = await catalogue.readPart(image.file, { offset, length });
      if (part === null || part.length === 0) {
        log.error({ file: image.file }, 'the image of an update cannot be read');
        return none;
      }
      return { ...none, data: part.toString('base64') };
    },
  };
}

function firmwareOf({ iqId }: ConnectedIq, report: Frame<'report'>): ReportedFirmware[] {
  const { iq, locks, repeaters } = report;
  const hub = hubComponents.flatMap((component) => {
    const version = iq?.versions[`${component}_version`] ?? null;
    return version === null
      ? []
      : [{ type: 'iq', id: iqId, component, model: null, version } as const];
  });
  const devices = (type: 'lock' | 'repeater', items: Frame<'report'>['repeaters']) =>
    items.flatMap(({ id, firmware }) =>
      firmware === undefined || !isUuid(id)
        ? []
        : [{ type, id, component: deviceComponent, ...firmware }],
    );
  return [...hub, ...devices('lock', locks), ...devices('repeater', repeaters)];
}

type Ending = { readonly iq: ConnectedIq; readonly update: UpdateReport };

async function takeEnd(
  scope: WriteScope,
  { audit, clock }: Parts,
  { iq, update }: Ending,
): Promise<void> {
  const { run_id: runId, state, failure } = update;
  if (state === 'running') return confirmRun(scope, runId);
  const message = state === 'failed' ? failureText(failure) : null;
  const ended = await endRun(scope, runId, {
    iqId: iq.iqId,
    state,
    message,
    now: clock.now(),
  });
  if (ended === undefined) return undefined;
  audit.record(scope, hardwareActor(iq), {
    action: state === 'installed' ? 'update.install' : 'update.fail',
    objectType: ended.hardware_type,
    objectId: ended.hardware_id,
    collectionId: ended.collection_id,
    outcome: state === 'installed' ? 'ok' : 'failed',
    detail: [ended.component, ended.version, failure ?? ''].join(' ').trim(),
  });
  if (state === 'failed' && (await isRolloutStopped(scope, ended)))
    await stopWaiting(scope, ended, stoppedText(ended.version));
  return undefined;
}

const failureTexts: Readonly<Record<UpdateFailure, string>> = {
  no_key: 'The hardware was made without the key of a maker and takes no updates.',
  signature_invalid: 'The image is not signed by the maker of the hardware.',
  image_damaged: 'The image arrived damaged.',
  wrong_hardware: 'The image is for other hardware.',
  downgrade: 'The image is older than what runs.',
  rolled_back: 'The hardware did not start with it and runs the former version again.',
  no_answer: 'The hardware did not answer.',
  not_attached: 'The hardware is not attached to its IQ.',
  image_unavailable: 'The image could not be read from the catalogue.',
};

export function failureText(failure: UpdateFailure | null): string {
  return failure === null ? 'The hardware gave no reason.' : failureTexts[failure];
}
