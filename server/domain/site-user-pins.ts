/** Keypad PINs of the people of a site, given by whoever looks after them (connect-api.md 4.3). */
import type { AccessorId } from '#contract/ids';
import type { Database } from '#server/store/pool';
import { readScope } from '#server/store/scope';
import type { AccessorPins } from './accessor-pins.ts';
import type { Written } from './rights-write.ts';
import { checkEditable, getSiteUser, type AtWork } from './site-user-rules.ts';

export type SiteUserPins = {
  /** VALUE_INVALID (`path_id`): the site has no such person. */
  check(at: AtWork, id: AccessorId): Promise<void>;
  /** As `AccessorPins.rotate`, and OPERATION_NOT_ALLOWED: the person is above the caller. */
  rotate(
    at: AtWork,
    id: AccessorId,
    expiry: { readonly expiry_date: string | null },
  ): Promise<Written<string>>;
  /** As `AccessorPins.setCustom`, and OPERATION_NOT_ALLOWED: the person is above the caller. */
  setCustom(at: AtWork, id: AccessorId, pin: string): Promise<Written<void>>;
  /** OPERATION_NOT_ALLOWED: the person is above the caller. */
  removeCustom(at: AtWork, id: AccessorId): Promise<Written<void>>;
};

export function createSiteUserPins({
  database,
  clock,
  accessorPins,
}: {
  readonly database: Database;
  readonly clock: { now(): Date };
  readonly accessorPins: AccessorPins;
}): SiteUserPins {
  const find = ({ actor, siteId }: AtWork, id: AccessorId) =>
    getSiteUser(readScope(database, actor.tenantId), { siteId, id, now: clock.now() });
  const editable = async (at: AtWork, id: AccessorId): Promise<void> =>
    checkEditable(at, await find(at, id));
  return {
    check: async (at, id) => {
      await find(at, id);
    },
    async rotate(at, id, expiry) {
      await editable(at, id);
      return accessorPins.rotate(at.actor, id, expiry);
    },
    async setCustom(at, id, pin) {
      await editable(at, id);
      return accessorPins.setCustom(at.actor, id, pin);
    },
    async removeCustom(at, id) {
      await editable(at, id);
      return accessorPins.removeCustom(at.actor, id);
    },
  };
}
