/** Another password: after it was forgotten, by a link in a mail, or by somebody who is signed in (identity.md 9). */
import type { LoginId } from '#contract/ids';
import { writtenLanguage } from '#contract/languages';
import { hashOfToken, makeLinkToken } from '#server/runtime/link-tokens';
import type { Identity } from '#server/identity/identity';
import { findPasswordFault, type PasswordFault } from '#server/identity/password-rules';
import type { Ids } from '#server/runtime/ids';
import { findLink, insertResetLink, takeLink } from '#server/store/account-links';
import {
  confirmAddress,
  findAccount,
  findAccountByEmail,
  setPassword,
  type Account,
} from '#server/store/accounts';
import type { Database } from '#server/store/pool';
import { textsIn } from './account-texts.ts';
import type { AccountMails } from './mails.ts';

const worksForMs = 30 * 60_000;

export type PasswordChanges = {
  /** Sends a link to an address that has an account, unless it had too many mails; whether it did is told to nobody. */
  forgot(email: string): Promise<void>;
  /** Whether a link still works. */
  isWaiting(token: string): Promise<boolean>;
  /** Ends every session; the second factor stays in force. A fault leaves the link as it is. */
  reset(token: string, password: string): Promise<'changed' | 'gone' | PasswordFault>;
  /** Ends every session but this one. */
  change(
    account: Account,
    order: { readonly password: string; readonly sessionId: string },
  ): Promise<'changed' | PasswordFault>;
};

export function createPasswordChanges({
  database,
  identity,
  mails,
  clock,
  ids,
}: {
  readonly database: Database;
  readonly identity: Pick<Identity, 'issuer' | 'passwords' | 'sessions'>;
  readonly mails: AccountMails;
  readonly clock: { now(): Date };
  readonly ids: Ids;
}): PasswordChanges {
  const { issuer, passwords, sessions } = identity;

  async function tell({ id: loginId, email: address, language }: Account): Promise<void> {
    const texts = textsIn(writtenLanguage(language));
    const text = texts.passwordChanged(`${issuer}/account/forgot`);
    await mails.send({ loginId, address, word: 'password_changed', ...text });
  }

  async function put(
    loginId: LoginId,
    order: { readonly password: string; readonly except?: string },
  ): Promise<void> {
    const passwordHash = await passwords.hash(order.password);
    await setPassword(database, { loginId, passwordHash });
    await sessions.endAll(loginId, order.except === undefined ? {} : { except: order.except });
  }

  return {
    async forgot(email) {
      const account = await findAccountByEmail(database, email);
      if (account === undefined || account.isDisabled) return;
      if (!(await mails.mayBeAsked(email))) return;
      const { token, tokenHash } = makeLinkToken(ids);
      const createdAt = clock.now();
      await insertResetLink(database, {
        id: ids.next<string>(),
        loginId: account.id,
        tokenHash,
        createdAt,
        expiresAt: new Date(createdAt.getTime() + worksForMs),
      });
      const texts = textsIn(writtenLanguage(account.language));
      await mails.send({
        loginId: account.id,
        address: account.email,
        word: 'reset',
        hasLink: true,
        ...texts.reset(`${issuer}/account/reset/${token}`),
      });
    },

    async isWaiting(token) {
      const held = { purpose: 'reset', tokenHash: hashOfToken(token), now: clock.now() } as const;
      return (await findLink(database, held)) !== undefined;
    },

    async reset(token, password) {
      const held = { purpose: 'reset', tokenHash: hashOfToken(token), now: clock.now() } as const;
      const loginId = (await findLink(database, held))?.login_id ?? null;
      const account = loginId === null ? undefined : await findAccount(database, loginId);
      if (account === undefined) return 'gone';
      const fault = await findPasswordFault(password, account);
      if (fault !== undefined) return fault;
      if ((await takeLink(database, held)) === undefined) return 'gone';
      await put(account.id, { password });
      // The link went to that mailbox and nowhere else.
      await confirmAddress(database, account.id);
      await tell(account);
      return 'changed';
    },

    async change(account, { password, sessionId }) {
      const fault = await findPasswordFault(password, account);
      if (fault !== undefined) return fault;
      await put(account.id, { password, except: sessionId });
      await tell(account);
      return 'changed';
    },
  };
}
