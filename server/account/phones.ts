/** The phone of an account, which PINs and messages by SMS go to; confirmed by a code (identity.md 9). */
import { hash } from 'node:crypto';
import type { LoginId } from '#contract/ids';
import { languageOf, type Language } from '#contract/languages';
import type { Ids } from '#server/runtime/ids';
import type { Account } from '#server/store/accounts';
import {
  findWaitingPhone,
  insertPhoneCode,
  removePhone,
  usePhoneCode,
} from '#server/store/phone-codes';
import type { Database } from '#server/store/pool';
import { textsIn } from './account-texts.ts';
import type { AccountMails } from './mails.ts';

const worksForMs = 10 * 60_000;
const mostWrong = 5;
const codeDigits = 6;

export type Phones = {
  /** The number in international form, as its country knows it; undefined when there is no such number. */
  read(text: string): Promise<string | undefined>;
  /** Sends a code by SMS, unless the phone or the account had too many. */
  ask(
    account: Account,
    /** `language` of the page: where the person has none. */
    order: { readonly phone: string; readonly language: Language },
  ): Promise<void>;
  /** The phone that waits for its code. */
  findWaiting(account: Account): Promise<string | undefined>;
  /** The phone that is confirmed by the code; undefined when the code is wrong. */
  confirm(account: Account, code: string): Promise<string | undefined>;
  remove(account: Account): Promise<void>;
};

export function createPhones({
  database,
  mails,
  clock,
  ids,
}: {
  readonly database: Database;
  readonly mails: AccountMails;
  readonly clock: { now(): Date };
  readonly ids: Ids;
}): Phones {
  return {
    async read(text) {
      // Its tables of all countries are read at the first number.
      const { parsePhoneNumberFromString } = await import('libphonenumber-js/max');
      const number = parsePhoneNumberFromString(text, { extract: false });
      return number?.isValid() === true ? number.number : undefined;
    },
    async ask(account, { phone, language }) {
      const { id: loginId } = account;
      const mayBeAsked = (await mails.mayBeAsked(phone)) && (await mails.mayAsk(loginId));
      if (!mayBeAsked) return;
      const code = String(ids.bytes(6).readUIntBE(0, 6) % 10 ** codeDigits).padStart(
        codeDigits,
        '0',
      );
      const createdAt = clock.now();
      await insertPhoneCode(database, {
        loginId,
        phone,
        codeHash: hashOf(loginId, code),
        createdAt,
        expiresAt: new Date(createdAt.getTime() + worksForMs),
      });
      const text = textsIn(languageOf(account.language ?? '') ?? language).phoneCode(code);
      await mails.send({
        loginId,
        channel: 'sms',
        address: phone,
        word: 'phone_code',
        hasLink: true,
        ...text,
      });
    },
    findWaiting: ({ id: loginId }) => findWaitingPhone(database, { loginId, now: clock.now() }),
    confirm: ({ id: loginId }, code) =>
      usePhoneCode(database, {
        loginId,
        codeHash: hashOf(loginId, code.replaceAll(/\s/g, '')),
        now: clock.now(),
        mostWrong,
      }),
    remove: ({ id }) => removePhone(database, id),
  };
}

function hashOf(loginId: LoginId, code: string): string {
  return hash('sha256', `${loginId} ${code}`, 'hex');
}
