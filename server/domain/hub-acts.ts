/** What happened at the hardware beside openings: cards and buttons, learned tags, a reset (behaviour.md 3.2, 4.9, 5.1). */
import type {
  FactoryResetEvent,
  HardwareResetEvent,
  LinkEvent,
  TagShownEvent,
} from '#contract/events';
import { isUuid, type LockId, type RepeaterId, type TagId } from '#contract/ids';
import type { Actor, Audit } from '#server/events/audit';
import type { ConnectedIq } from '#server/gateway/handlers';
import type { Ids } from '#server/runtime/ids';
import type { Seal } from '#server/runtime/seal';
import type { Bus } from '#server/store/bus';
import { resendDesiredState } from '#server/store/desired-items';
import {
  findLearningPlace,
  findShownTag,
  holdHubIq,
  insertLearnedTag,
  noteFactoryReset,
} from '#server/store/hub-reports';
import { listPinIds, resetPins } from '#server/store/iq-pins';
import { freeCode, freeCodeOfLock } from '#server/store/retired-codes';
import type { WriteScope } from '#server/store/scope';
import { attachRepeater, detachRepeater, setLockLink, unlinkLock } from '#server/store/tree';
import type { DesiredState } from './desired-state.ts';
import { freshPin } from './iq-pins.ts';
import { endContact } from './lock-conditions.ts';

export type HubAct = LinkEvent | TagShownEvent | FactoryResetEvent | HardwareResetEvent;

export type HubActs = {
  /** Writes what the act changes, in the transaction that stores it. */
  take(
    scope: WriteScope,
    iq: ConnectedIq,
    act: { readonly event: HubAct; readonly at: Date },
  ): Promise<void>;
};

type Parts = {
  readonly audit: Audit;
  readonly clock: { now(): Date };
  readonly ids: Ids;
  readonly seal: Seal;
  readonly bus: Bus;
  readonly desiredState: DesiredState;
};

/** Nobody at a keyboard: the hardware itself. */
export function hardwareActor({ tenantId }: Pick<ConnectedIq, 'tenantId'>): Actor {
  return { tenantId, clientId: null, userId: null, requestId: null };
}

export function createHubActs(parts: Parts): HubActs {
  return {
    take(scope, iq, { event, at }) {
      switch (event.kind) {
        case 'tag_shown':
          return learnTag(scope, parts, { iq, event });
        case 'factory_reset':
          return noteReset(scope, parts, { iq, at });
        case 'hardware_reset':
          return noteHardwareReset(scope, parts, { iq, event });
        default:
          return changeLink(scope, parts, { iq, event });
      }
    },
  };
}

type Linking = { readonly iq: ConnectedIq; readonly event: LinkEvent };

/** The word of the hub ends a pending state; one that nobody waits for changes nothing. */
async function changeLink(scope: WriteScope, parts: Parts, { iq, event }: Linking): Promise<void> {
  const { audit, desiredState } = parts;
  const { iqId } = iq;
  if (!isUuid(event.hardware_id)) return;
  const lockId = event.hardware_id as LockId;
  const repeaterId = event.hardware_id as RepeaterId;
  const isChanged =
    event.kind === 'lock_attached'
      ? await setLockLink(scope, lockId, { iqId, from: 'attached_pending', to: 'attached' })
      : event.kind === 'lock_detached'
        ? await unlinkLock(scope, lockId, { iqId, from: ['detached_pending'] })
        : event.kind === 'repeater_attached'
          ? await attachRepeater(scope, repeaterId, iqId)
          : await detachRepeater(scope, repeaterId, iqId);
  if (!isChanged) return;
  if (event.kind === 'lock_attached') await freeCodeOfLock(scope, lockId);
  if (event.kind === 'lock_detached') await endContact(scope, parts, [lockId]);
  const isLock = event.kind.startsWith('lock');
  await desiredState.refresh(scope, { iqIds: [iqId], ...(isLock ? { lockIds: [lockId] } : {}) });
  audit.record(scope, hardwareActor(iq), {
    action: event.kind.replace('_', '.'),
    objectType: isLock ? 'lock' : 'repeater',
    objectId: event.hardware_id,
  });
}

type Learning = { readonly iq: ConnectedIq; readonly event: TagShownEvent };

async function learnTag(
  scope: WriteScope,
  { audit, clock, ids }: Parts,
  { iq, event }: Learning,
): Promise<void> {
  const known = await holdHubIq(scope, iq.iqId);
  const place = isUuid(event.lock_id)
    ? await findLearningPlace(scope, iq.iqId, event.lock_id as LockId)
    : undefined;
  if (known === undefined || place === undefined) return;
  const tag = { tagNumber: printedNumber(event.tag_number), rfidUid: chipId(event.rfid_uid) };
  if (tag.tagNumber === null && tag.rfidUid === null) return;
  const owner = await findShownTag(scope, tag);
  if (owner === 'own') return;
  const id = ids.next<TagId>();
  const isTaken =
    owner === 'nobody' &&
    (await insertLearnedTag(scope, {
      ...tag,
      id,
      iqId: iq.iqId,
      collectionId: place.collection_id,
      vendor: known.vendor_reference,
      now: clock.now(),
    }));
  if (owner === 'nobody' && !isTaken) return;
  audit.record(scope, hardwareActor(iq), {
    action: 'tag.learn',
    objectType: 'tag',
    objectId: isTaken ? id : null,
    collectionId: place.collection_id,
    ...(isTaken ? {} : { outcome: 'refused', detail: 'The tag belongs to another tenant.' }),
  });
}

/** 8 digits, leading zeros kept; anything else is no printed number. */
function printedNumber(said: string | null): string | null {
  return said !== null && /^\d{1,8}$/.test(said) ? said.padStart(8, '0') : null;
}

function chipId(said: string | null): string | null {
  return said !== null && /^[0-9A-Za-z:.-]{1,64}$/.test(said) ? said : null;
}

/** behaviour.md 4.6 and 4.7: hardware taken away without its word can be registered again. */
async function noteHardwareReset(
  scope: WriteScope,
  { audit }: Parts,
  { iq, event }: { readonly iq: ConnectedIq; readonly event: HardwareResetEvent },
): Promise<void> {
  const code = event.mac.replaceAll('.', '').toUpperCase();
  if (!(await freeCode(scope, code))) return;
  audit.record(scope, hardwareActor(iq), {
    action: 'hardware.reset',
    objectType: 'lock',
    objectId: null,
    detail: `${event.mac} can be registered again`,
  });
}

type Resetting = { readonly iq: ConnectedIq; readonly at: Date };

/** behaviour.md 3.4 and 4.9: the activations end with the content; the site may want it restored without being asked. */
async function noteReset(scope: WriteScope, parts: Parts, { iq, at }: Resetting): Promise<void> {
  const { iqId } = iq;
  const known = await holdHubIq(scope, iqId);
  if (known === undefined) return;
  const restoreAskedAt = known.is_auto_restored ? parts.clock.now() : null;
  const isNews = await noteFactoryReset(scope, iqId, { at, restoreAskedAt });
  const pinIds = await listPinIds(scope, iqId);
  await resetPins(
    scope,
    pinIds.map((id) => freshPin(id, parts)),
  );
  if (isNews && restoreAskedAt !== null)
    scope.afterCommit(() => resendDesiredState(iqId, parts.bus));
  parts.audit.record(scope, hardwareActor(iq), {
    action: 'iq.factory_reset',
    objectType: 'iq',
    objectId: iqId,
    collectionId: known.collection_id,
  });
}
