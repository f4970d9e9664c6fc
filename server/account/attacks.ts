/** Somebody guesses the password of an account: the person is told, once a day (identity.md 10). */
import type { LoginId } from '#contract/ids';
import { writtenLanguage, type Words } from '#contract/languages';
import type { MessageText } from '#server/domain/message-text';
import type { Limits } from '#server/identity/limit-numbers';
import { createTurns } from '#server/identity/turns';
import type { Clock } from '#server/runtime/clock';
import { countAccountMails } from '#server/store/account-mails';
import { findAccount } from '#server/store/accounts';
import type { Database } from '#server/store/pool';
import { hadWrongPasswords } from '#server/store/sign-in-limits';
import type { Afterwards } from './afterwards.ts';
import type { AccountMails } from './mails.ts';

const DAY_MS = 24 * 3_600_000;

const words: Words<MessageText> = {
  en: {
    subject: 'Somebody is guessing your password',
    text: 'There were many wrong passwords for your account within an hour. Places you never signed in from have to wait for now; where you have signed in before, you still can.\n\nA long password and a second factor keep guessers out: see "Password and e-mail" and "Second factor" in your account.',
  },
  de: {
    subject: 'Jemand rät Ihr Passwort',
    text: 'Binnen einer Stunde gab es viele falsche Passwörter für Ihr Konto. Orte, von denen Sie sich nie angemeldet haben, müssen jetzt warten; wo Sie sich schon angemeldet haben, geht es weiter.\n\nEin langes Passwort und ein zweiter Faktor halten Ratende fern: siehe „Passwort und E-Mail“ und „Zweiter Faktor“ in Ihrem Konto.',
  },
};

/** To be called at every wrong password of an account; looks and tells behind the answer. */
export function createAttackTeller({
  database,
  mails,
  afterwards,
  clock,
  limits,
}: {
  readonly database: Database;
  readonly mails: AccountMails;
  readonly afterwards: Afterwards;
  readonly clock: Clock;
  readonly limits: Pick<Limits, 'account'>;
}): (loginId: LoginId) => void {
  const inTurn = createTurns(1);
  const { count, withinMs } = limits.account;

  async function tell(loginId: LoginId): Promise<void> {
    const nowMs = clock.now().getTime();
    const since = new Date(nowMs - withinMs);
    if (!(await hadWrongPasswords(database, { loginId, count, since }))) return;
    const told = await countAccountMails(database, {
      to: { loginId },
      words: ['sign_in_attacked'],
      since: new Date(nowMs - DAY_MS),
    });
    const account = told === 0 ? await findAccount(database, loginId) : undefined;
    if (account === undefined) return;
    const text = words[writtenLanguage(account.language)];
    await mails.send({ loginId, address: account.email, word: 'sign_in_attacked', ...text });
  }

  return (loginId) =>
    afterwards.begin('the mail about guessed passwords', () =>
      inTurn(loginId, () => tell(loginId)),
    );
}
