/**
 * How somebody makes an account without being invited (identity.md 9): asked for, then confirmed with the link in the mail and
 * the password that was chosen. Whether the address has an account already is told to its mailbox only.
 */
import type { LoginId } from '#contract/ids';
import { languageOf, type Language } from '#contract/languages';
import { hashOfToken, makeLinkToken } from '#server/runtime/link-tokens';
import type { Identity } from '#server/identity/identity';
import { createTurns } from '#server/identity/turns';
import type { Ids } from '#server/runtime/ids';
import { findAccountByEmail, setProfile } from '#server/store/accounts';
import { insertLogin } from '#server/store/logins';
import type { Database } from '#server/store/pool';
import { endSignUps, findSignUp, insertSignUp, listSignUpTimes } from '#server/store/sign-ups';
import { textsIn } from './account-texts.ts';
import type { AccountMails } from './mails.ts';

const hourMs = 3_600_000;
const worksForMs = 24 * hourMs;
/** Of one network in an hour (identity.md 10). */
const askedPerHour = 5;

export type SignUpOrder = {
  readonly email: string;
  readonly password: string;
  readonly firstName: string;
  readonly lastName: string;
  readonly language: Language;
  readonly network: string;
};

export type SignUps = {
  /** Sends a mail, unless the address had too many; seconds to wait when the network asked too often. */
  ask(order: SignUpOrder): Promise<number | undefined>;
  /** Whether a link still works. */
  isWaiting(token: string): Promise<boolean>;
  /** wrong: another password than the one that was chosen; gone: the link was used or is too old. */
  confirm(token: string, password: string): Promise<'confirmed' | 'wrong' | 'gone'>;
};

export function createSignUps({
  database,
  identity,
  mails,
  clock,
  ids,
}: {
  readonly database: Database;
  readonly identity: Pick<Identity, 'issuer' | 'passwords'>;
  readonly mails: AccountMails;
  readonly clock: { now(): Date };
  readonly ids: Ids;
}): SignUps {
  const { issuer, passwords } = identity;
  // One after the other, so that a volley does not slip past the limit.
  const inTurn = createTurns(1);

  async function waitSeconds(network: string): Promise<number | undefined> {
    const times = await listSignUpTimes(database, { network, limit: askedPerHour });
    const oldestMs = times[askedPerHour - 1]?.getTime();
    const waitMs = (oldestMs ?? -Infinity) + hourMs - clock.now().getTime();
    return waitMs > 0 ? Math.ceil(waitMs / 1000) : undefined;
  }

  async function ask({ email, password, language, ...order }: SignUpOrder) {
    const wait = await waitSeconds(order.network);
    if (wait !== undefined) return wait;
    // The same work for everybody: how long it takes tells a stranger nothing.
    const passwordHash = await passwords.hash(password);
    const known = await findAccountByEmail(database, email);
    const mayBeAsked = await mails.mayBeAsked(email);
    const { token, tokenHash } = makeLinkToken(ids);
    const createdAt = clock.now();
    await insertSignUp(database, {
      ...order,
      id: ids.next<string>(),
      email,
      language,
      passwordHash,
      tokenHash: known !== undefined || !mayBeAsked ? null : tokenHash,
      createdAt,
      expiresAt: new Date(createdAt.getTime() + worksForMs),
    });
    if (!mayBeAsked) return undefined;
    // Whoever has the address already is written to in their own language.
    const texts = textsIn(languageOf(known?.language ?? '') ?? language);
    const about = { loginId: null, hasLink: true } as const;
    const links = { login: `${issuer}/account/login`, forgot: `${issuer}/account/forgot` };
    await mails.send(
      known === undefined
        ? {
            ...about,
            address: email,
            word: 'confirm_address',
            ...texts.confirmAddress(`${issuer}/account/confirm/${token}`),
          }
        : // As the account spells it: another spelling may be another mailbox.
          {
            ...about,
            address: known.email,
            word: 'address_known',
            ...texts.addressKnown(links),
          },
    );
    return undefined;
  }

  return {
    ask: (order) => inTurn(order.network, () => ask(order)),

    async isWaiting(token) {
      const found = await findSignUp(database, {
        tokenHash: hashOfToken(token),
        now: clock.now(),
      });
      return found !== undefined;
    },

    async confirm(token, password) {
      const now = clock.now();
      const found = await findSignUp(database, { tokenHash: hashOfToken(token), now });
      if (found === undefined) return 'gone';
      // Whoever has the mailbox need not be who chose the password; both must come together (docs/decisions/0210).
      if (!(await passwords.isRight(password, found.password_hash))) return 'wrong';
      const id = ids.next<LoginId>();
      const person = { firstName: found.first_name, lastName: found.last_name };
      const isNew = await insertLogin(database, {
        ...person,
        id,
        email: found.email,
        passwordHash: found.password_hash,
        isEmailVerified: true,
        createdAt: now,
      });
      if (isNew) await setProfile(database, { ...person, loginId: id, language: found.language });
      await endSignUps(database, found.email);
      return isNew ? 'confirmed' : 'gone';
    },
  };
}
