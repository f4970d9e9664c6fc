/** How somebody asks for another address, and how the mailboxes answer (identity.md 9). */
import { dayText, languageOf, type Language } from '#contract/languages';
import type { AddressChanges } from '#server/domain/address-changes';
import { hashOfToken, makeLinkToken } from '#server/runtime/link-tokens';
import type { Identity } from '#server/identity/identity';
import type { Ids } from '#server/runtime/ids';
import { findAccountByEmail, type Account } from '#server/store/accounts';
import {
  confirmMailbox,
  deleteAddressChange,
  findAddressChange,
  findWaitingAddress,
  insertAddressChange,
  type AddressChange,
} from '#server/store/address-changes';
import type { Database } from '#server/store/pool';
import { textsIn } from './account-texts.ts';
import type { AccountMails } from './mails.ts';

const aloneAfterMs = 7 * 24 * 3_600_000;

export type AddressOrders = {
  /** Sends a mail to both mailboxes; the new one hears of it another way when it has an account already. */
  ask(
    account: Account,
    /** `language` of the page: where the person has none. */
    order: { readonly email: string; readonly language: Language },
  ): Promise<void>;
  /** The address that waits, and from when the new mailbox is enough. */
  findWaiting(account: Account): ReturnType<typeof findWaitingAddress>;
  cancel(account: Account): Promise<void>;
  /** What a link is about. */
  find(token: string): Promise<AddressChange | undefined>;
  /** The mailbox says yes; true when the address was changed by it. */
  confirm(token: string): Promise<boolean>;
  /** Either mailbox stops it. */
  stop(token: string): Promise<void>;
};

export function createAddressOrders({
  database,
  identity,
  addressChanges,
  mails,
  clock,
  ids,
}: {
  readonly database: Database;
  readonly identity: Pick<Identity, 'issuer'>;
  readonly addressChanges: AddressChanges;
  readonly mails: AccountMails;
  readonly clock: { now(): Date };
  readonly ids: Ids;
}): AddressOrders {
  const { issuer } = identity;
  const linkOf = (token: string): string => `${issuer}/account/address/${token}`;
  return {
    async ask(account, { email, language: ofPage }) {
      const language = languageOf(account.language ?? '') ?? ofPage;
      const texts = textsIn(language);
      const [toOld, toNew] = [makeLinkToken(ids), makeLinkToken(ids)];
      const createdAt = clock.now();
      const aloneAt = new Date(createdAt.getTime() + aloneAfterMs);
      const known = await findAccountByEmail(database, email);
      const mayBeAsked = await mails.mayBeAsked(email);
      await insertAddressChange(database, {
        loginId: account.id,
        newEmail: email,
        oldTokenHash: toOld.tokenHash,
        newTokenHash: toNew.tokenHash,
        createdAt,
        aloneAt,
      });
      const about = { loginId: account.id, word: 'address_change', hasLink: true } as const;
      const day = dayText(aloneAt, { language });
      const fromOld = { address: email, link: linkOf(toOld.token), aloneAt: day };
      await mails.send({ ...about, address: account.email, ...texts.changeFromOld(fromOld) });
      if (!mayBeAsked) return;
      if (known === undefined) {
        await mails.send({ ...about, address: email, ...texts.changeToNew(linkOf(toNew.token)) });
        return;
      }
      // Who asks learns nothing of it: the change waits, and never comes.
      const links = { login: `${issuer}/account/login`, forgot: `${issuer}/account/forgot` };
      const told = textsIn(languageOf(known.language ?? '') ?? ofPage).addressKnown(links);
      await mails.send({ loginId: null, address: known.email, word: 'address_known', ...told });
    },
    findWaiting: (account) => findWaitingAddress(database, account.id),
    async cancel(account) {
      await deleteAddressChange(database, account.id);
    },
    find: (token) => findAddressChange(database, hashOfToken(token)),
    async confirm(token) {
      const tokenHash = hashOfToken(token);
      const change = await findAddressChange(database, tokenHash);
      if (change === undefined) return false;
      await confirmMailbox(database, { tokenHash, at: clock.now() });
      return addressChanges.make(change.login_id);
    },
    async stop(token) {
      const change = await findAddressChange(database, hashOfToken(token));
      if (change !== undefined) await deleteAddressChange(database, change.login_id);
    },
  };
}
