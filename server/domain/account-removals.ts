/** How an account is deleted as a whole, by the person itself (behaviour.md 19). */
import { nilUuid, type LoginId, type TenantId } from '#contract/ids';
import { writtenLanguage } from '#contract/languages';
import { listPlacesOfLogin, type PlaceOfLogin } from '#server/store/data-removals';
import { eraseAuditChanges } from '#server/store/audit-log';
import {
  deleteLogin,
  deleteUserWithoutPlace,
  forgetFailedSignIns,
  holdUser,
  listMarkedLogins,
  listTenantsOfFailedSignIns,
  listTenantsOfLogin,
  markRemoval,
} from '#server/store/personal-data';
import { inTransaction, type WriteScope } from '#server/store/scope';
import { leaveAccountMail } from './account-mails.ts';
import { accountRemovedTexts, leftTexts } from './data-removal-text.ts';
import { forgetPerson, ownActor, type RemovalParts } from './data-removals.ts';

export type AccountRemovals = {
  /** The sites that a person must hand over before the account can be deleted. */
  listOwned(loginId: LoginId): Promise<PlaceOfLogin[]>;
  /**
   * Deletes an account: from here on it signs in nowhere; the owners of its sites are told, and it goes from each of them. False
   * when sites must be handed over first.
   */
  remove(loginId: LoginId): Promise<boolean>;
  /** Ends removals that were begun by a process that is gone. */
  carryOutMarked(): Promise<number>;
};

export function createAccountRemovals(parts: RemovalParts): AccountRemovals {
  const { database, audit, clock, log, notices } = parts;

  async function listOwned(loginId: LoginId): Promise<PlaceOfLogin[]> {
    const places = await listPlacesOfLogin(database, loginId);
    return places.filter((place) => place.is_owner);
  }

  async function forgetInTenant(
    scope: WriteScope,
    {
      places,
      userId,
    }: {
      readonly places: readonly PlaceOfLogin[];
      readonly userId: PlaceOfLogin['user_id'];
    },
  ): Promise<void> {
    // Another process that ends the same removal has told everybody.
    if (!(await holdUser(scope, userId))) return;
    for (const { site_id: siteId, accessor_id: accessorId } of places) {
      await notices.tell(scope, {
        word: 'data_removal',
        siteId,
        userIds: [],
        tellsOwner: true,
        texts: leftTexts,
      });
      await forgetPerson(scope, parts, { siteId, userId, accessorId });
      audit.record(scope, ownActor(scope.tenantId, userId), {
        action: 'account.remove',
        objectType: 'user',
        objectId: userId,
        collectionId: siteId,
        accessorId,
      });
    }
    if (await deleteUserWithoutPlace(scope, userId)) await eraseAuditChanges(scope, userId);
  }

  async function carryOut(loginId: LoginId): Promise<void> {
    const places = await listPlacesOfLogin(database, loginId);
    const ofPerson = (await listTenantsOfLogin(database, loginId)).map((of) => of.tenant_id);
    const ofFailures = await listTenantsOfFailedSignIns(database, loginId);
    for (const tenantId of new Set([...ofPerson, ...ofFailures]))
      await inTransaction({ database, tenantId }, (scope) => forgetFailedSignIns(scope, loginId));
    for (const { tenant_id: tenantId, user_id: userId } of await listTenantsOfLogin(
      database,
      loginId,
    ))
      await inTransaction({ database, tenantId }, (scope) =>
        forgetInTenant(scope, {
          userId,
          places: places.filter((place) => place.tenant_id === tenantId),
        }),
      );
    // Logins come before the tenants.
    const tenantId = nilUuid as TenantId;
    await inTransaction({ database, tenantId }, async (scope) => {
      const gone = await deleteLogin(scope, loginId);
      // Whoever came by an access code has no address.
      if (gone === undefined || gone.email === null) return;
      await leaveAccountMail(scope, parts, {
        loginId: null,
        address: gone.email,
        word: 'account_removed',
        ...accountRemovedTexts[writtenLanguage(gone.language)],
      });
    });
    log.info({ loginId }, 'an account was deleted');
  }

  return {
    listOwned,
    async remove(loginId) {
      if ((await listOwned(loginId)).length > 0) return false;
      await markRemoval(database, { loginId, at: clock.now() });
      await carryOut(loginId);
      return true;
    },
    async carryOutMarked() {
      const marked = await listMarkedLogins(database);
      for (const loginId of marked) {
        try {
          await carryOut(loginId);
        } catch (error) {
          // The next round comes back to it; nobody else waits for this one.
          log.error({ err: error, loginId }, 'an account could not be deleted');
        }
      }
      return marked.length;
    },
  };
}
