/** Mails about accounts (identity.md 9). They are left in the database and handed over by whichever process sends mail. */
import type { AccountMailChannel, AccountMailWord } from '#contract/account-mails';
import type { LoginId } from '#contract/ids';
import { triedForMs } from '#server/domain/notices';
import type { Ids } from '#server/runtime/ids';
import {
  accountMailsTopic,
  countAccountMails,
  insertAccountMail,
} from '#server/store/account-mails';
import type { Bus } from '#server/store/bus';
import type { Database } from '#server/store/pool';

export type AccountMail = {
  /** Whose account it is about; null = of nobody who has one. */
  readonly loginId: LoginId | null;
  /** `mail` when it is left out. */
  readonly channel?: AccountMailChannel;
  readonly address: string;
  readonly word: AccountMailWord;
  /** One line. */
  readonly subject: string;
  /** Paragraphs, divided by an empty line; a paragraph that is an address of the web can be followed. Never a password or code. */
  readonly text: string;
  /** What is in it opens an account: the text is forgotten once it was delivered. */
  readonly hasLink?: boolean;
};

export type AccountMails = {
  /** Leaves a mail to be sent; nobody can switch it off. Without a mail server the operator reads it in the outbox. */
  send(mail: AccountMail): Promise<void>;
  /** Whether an address or phone may be sent another message that a stranger can ask for: three in an hour (identity.md 10). */
  mayBeAsked(address: string): Promise<boolean>;
  /** Whether an account may have another code sent to some phone: five in an hour. */
  mayAsk(loginId: LoginId): Promise<boolean>;
};

const hourMs = 3_600_000;
const askedPerHour = 3;
const codesPerHour = 5;
const askedWords: readonly AccountMailWord[] = [
  'address_change',
  'address_known',
  'confirm_address',
  'phone_code',
  'reset',
];

export function createAccountMails({
  database,
  bus,
  clock,
  ids,
}: {
  readonly database: Database;
  readonly bus: Bus;
  readonly clock: { now(): Date };
  readonly ids: Ids;
}): AccountMails {
  return {
    async send({ hasLink = false, channel = 'mail', ...mail }) {
      const now = clock.now();
      await insertAccountMail(database, {
        ...mail,
        hasLink,
        channel,
        id: ids.next<string>(),
        giveUpAt: new Date(now.getTime() + triedForMs),
        createdAt: now,
      });
      bus.publish(accountMailsTopic, '');
    },
    async mayBeAsked(address) {
      const since = new Date(clock.now().getTime() - hourMs);
      const sent = await countAccountMails(database, {
        to: { address },
        words: askedWords,
        since,
      });
      return sent < askedPerHour;
    },
    async mayAsk(loginId) {
      const since = new Date(clock.now().getTime() - hourMs);
      const sent = await countAccountMails(database, {
        to: { loginId },
        words: ['phone_code'],
        since,
      });
      return sent < codesPerHour;
    },
  };
}
