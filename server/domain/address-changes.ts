/** Changes of the address of an account, once they are ripe (identity.md 9). */
import { nilUuid, type LoginId, type TenantId } from '#contract/ids';
import { writtenLanguage, type Words } from '#contract/languages';
import type { Ids } from '#server/runtime/ids';
import {
  listRipeChanges,
  makeAddressChange,
  type ChangedAddress,
} from '#server/store/address-changes';
import type { Bus } from '#server/store/bus';
import type { Database } from '#server/store/pool';
import { inTransaction } from '#server/store/scope';
import { leaveAccountMail } from './account-mails.ts';
import type { MessageText } from './message-text.ts';

export type AddressChanges = {
  /** Makes the change of a login if it is ripe; both mailboxes are told. */
  make(loginId: LoginId): Promise<boolean>;
  /** Makes all that are ripe. */
  makeRipe(): Promise<void>;
};

export function createAddressChanges({
  database,
  bus,
  clock,
  ids,
}: {
  readonly database: Database;
  readonly bus: Bus;
  readonly clock: { now(): Date };
  readonly ids: Ids;
}): AddressChanges {
  async function make(loginId: LoginId): Promise<boolean> {
    // Logins come before the tenants.
    const tenantId = nilUuid as TenantId;
    return inTransaction({ database, tenantId }, async (scope) => {
      const change = await makeAddressChange(scope, { loginId, now: clock.now() });
      if (change === undefined) return false;
      const text = changedTexts(change)[writtenLanguage(change.language)];
      for (const address of [change.old_email, change.new_email])
        await leaveAccountMail(
          scope,
          { bus, clock, ids },
          { loginId, address, word: 'address_changed', ...text },
        );
      return true;
    });
  }

  return {
    make,
    async makeRipe() {
      for (const loginId of await listRipeChanges(database, clock.now())) await make(loginId);
    },
  };
}

function changedTexts({ old_email: old, new_email: email }: ChangedAddress): Words<MessageText> {
  return {
    en: {
      subject: 'Your address was changed',
      text: `Your account has the address ${email} in place of ${old}. If you did not want that, ask the people who run this server.`,
    },
    de: {
      subject: 'Ihre Adresse wurde geändert',
      text: `Ihr Konto hat statt ${old} die Adresse ${email}. Wenn Sie das nicht wollten, wenden Sie sich an die Betreiber.`,
    },
  };
}
