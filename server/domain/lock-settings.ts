/** Open time, access by audit trail and near detection of one lock (connect-api.md 4.5). */
import type { LockId } from '#contract/ids';
import type { LockSettingsResponse } from '#contract/lock-settings';
import type { Actor, Audit } from '#server/events/audit';
import { findLockSettings, updateLockSettings } from '#server/store/lock-settings';
import type { Database } from '#server/store/pool';
import { readScope, type Scope } from '#server/store/scope';
import type { DesiredState } from './desired-state.ts';
import { heldLock, lockFact, noLock } from './locks.ts';
import { writeRights, type Written } from './rights-write.ts';

export type LockSettings = {
  /** VALUE_INVALID (404) when the tenant has no such lock. */
  get(actor: Actor, id: LockId): Promise<LockSettingsResponse>;
  put(
    actor: Actor,
    id: LockId,
    settings: LockSettingsResponse,
  ): Promise<Written<LockSettingsResponse>>;
};

type Parts = {
  readonly database: Database;
  readonly audit: Audit;
  readonly clock: { now(): Date };
  readonly desiredState: DesiredState;
};

export function createLockSettings({ database, audit, clock, desiredState }: Parts): LockSettings {
  return {
    get: (actor, id) => getSettings(readScope(database, actor.tenantId), id),
    put: (actor, id, settings) =>
      writeRights({ database, actor }, async (scope) => {
        const { collection_id: collectionId } = await heldLock(scope, id, clock.now());
        const before = await getSettings(scope, id);
        await updateLockSettings(scope, id, settings);
        await desiredState.refresh(scope, { lockIds: [id] });
        audit.record(scope, actor, {
          ...lockFact('update_settings', { id, collectionId }),
          before,
          after: settings,
        });
        return settings;
      }),
  };
}

async function getSettings(scope: Scope, id: LockId): Promise<LockSettingsResponse> {
  const settings = await findLockSettings(scope, id);
  if (settings === undefined) throw noLock();
  return settings;
}
