/** Second factors of a person: adding, proving and removing them. Everybody who uses one is told by mail (identity.md 9). */
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import type { LoginId } from '#contract/ids';
import { createTurns } from '#server/identity/turns';
import type { Clock } from '#server/runtime/clock';
import type { Ids } from '#server/runtime/ids';
import type { Seal } from '#server/runtime/seal';
import type { Account } from '#server/store/accounts';
import { distrustDevices } from '#server/store/known-devices';
import type { Database } from '#server/store/pool';
import {
  type Authenticator,
  countRecoveryCodes,
  deleteSecondFactor,
  hasSecondFactor,
  insertSecondFactor,
  listSecondFactors,
  replaceRecoveryCodes,
  type SecondFactor,
  useRecoveryCode,
  useStep,
} from '#server/store/second-factors';
import { authenticatorSetUp, SECRET_BYTES, stepOfCode } from './authenticator.ts';
import { factorMail } from './factor-mails.ts';
import type { AccountMails } from './mails.ts';
import type { Page } from './page.ts';
import type { Passkeys } from './passkeys.ts';
import { hashRecoveryCode, makeRecoveryCodes } from './recovery-codes.ts';

/** Nobody needs more, and each is a row. */
const MOST_FACTORS = 20;
const DRAFT_MS = 15 * 60_000;
const LONGEST_NAME = 60;

/** An authenticator that is being set up; `draft` is its secret under the seal, for the form. */
export type AuthenticatorDraft = {
  readonly draft: string;
  readonly text: string;
  readonly uri: string;
  readonly qr: Page['body'];
};

/** `codes` are there with the first factor, and seen this once. */
export type AddedFactor = { readonly codes: readonly string[] | null };

export type Factors = {
  list(loginId: LoginId): Promise<readonly SecondFactor[]>;
  has(loginId: LoginId): Promise<boolean>;
  countRecoveryCodes(loginId: LoginId): Promise<number>;
  /** Begins an authenticator, or goes on with a draft that is still good. */
  draftAuthenticator(account: Account, draft?: string): Promise<AuthenticatorDraft>;
  /** Undefined when the code is not of the draft, the draft is too old, or there are too many factors. */
  addAuthenticator(order: {
    readonly account: Account;
    readonly draft: string;
    readonly code: string;
    readonly name: string;
  }): Promise<AddedFactor | undefined>;
  addPasskey(order: {
    readonly account: Account;
    readonly browser: string;
    readonly answer: string;
    readonly name: string;
  }): Promise<AddedFactor | undefined>;
  /** Whether a code is one of the person's authenticators; it is used up by that. */
  isCodeRight(loginId: LoginId, code: string): Promise<boolean>;
  /** Whether a recovery code is right; it is used up by that. */
  isRecoveryCodeRight(loginId: LoginId, code: string): Promise<boolean>;
  /** False when there is no such factor. */
  remove(account: Account, id: string): Promise<boolean>;
  /** Ten recovery codes in the place of all others. */
  makeRecoveryCodes(loginId: LoginId): Promise<readonly string[]>;
  /** Every browser is asked for the second factor again. */
  distrustDevices(loginId: LoginId): Promise<void>;
};

const Draft = Type.Object({ l: Type.String(), s: Type.String(), e: Type.Integer() });

export function createFactors({
  database,
  passkeys,
  mails,
  seal,
  clock,
  ids,
}: {
  readonly database: Database;
  readonly passkeys: Passkeys;
  readonly mails: AccountMails;
  readonly seal: Seal;
  readonly clock: Clock;
  readonly ids: Ids;
}): Factors {
  // One enrolment at a time, so that only one of two gets the recovery codes of the first.
  const inTurn = createTurns(1);

  function secretOf(draft: string, loginId: LoginId): Buffer | undefined {
    try {
      const value: unknown = JSON.parse(seal.open(Buffer.from(draft, 'base64url')).toString());
      if (!Value.Check(Draft, value)) return undefined;
      const isGood = value.l === loginId && value.e > clock.now().getTime();
      return isGood ? Buffer.from(value.s, 'base64url') : undefined;
    } catch {
      // Not sealed by us.
      return undefined;
    }
  }

  const add = (account: Account, factor: SecondFactor): Promise<AddedFactor | undefined> =>
    inTurn(account.id, async () => {
      const isFirst = !(await hasSecondFactor(database, account.id));
      const isAdded = await insertSecondFactor(database, { factor, atMost: MOST_FACTORS });
      if (!isAdded) return undefined;
      await mails.send(factorMail(account, { word: 'factor_added', name: factor.name }));
      return { codes: isFirst ? await freshCodes(account.id) : null };
    });

  async function freshCodes(loginId: LoginId): Promise<readonly string[]> {
    const codes = makeRecoveryCodes(ids);
    const hashes = codes.map(hashRecoveryCode);
    await replaceRecoveryCodes(database, { loginId, hashes, at: clock.now() });
    return codes;
  }

  return {
    list: (loginId) => listSecondFactors(database, loginId),
    has: (loginId) => hasSecondFactor(database, loginId),
    countRecoveryCodes: (loginId) => countRecoveryCodes(database, loginId),
    async draftAuthenticator(account, present = '') {
      const known = secretOf(present, account.id);
      const secret = known ?? ids.bytes(SECRET_BYTES);
      const draft = {
        l: account.id,
        s: secret.toString('base64url'),
        e: clock.now().getTime() + DRAFT_MS,
      };
      const sealed = seal.seal(Buffer.from(JSON.stringify(draft))).toString('base64url');
      return {
        draft: known === undefined ? sealed : present,
        ...(await authenticatorSetUp(secret, account.email)),
      };
    },
    async addAuthenticator({ account, draft, code, name }) {
      const secret = secretOf(draft, account.id);
      const now = clock.now();
      const step = secret && stepOfCode(digitsOf(code), { secret, lastStep: -1, now });
      if (secret === undefined || step === undefined) return undefined;
      const factor: Authenticator = {
        kind: 'authenticator',
        loginId: account.id,
        id: ids.next<string>(),
        name: nameOf(name, 'Authenticator'),
        sealedSecret: seal.seal(secret),
        lastStep: step,
        createdAt: now,
        lastUsedAt: null,
      };
      return add(account, factor);
    },
    async addPasskey({ account, browser, answer, name }) {
      const use = { browser, loginId: account.id, name: nameOf(name, 'Passkey') };
      const passkey = await passkeys.read(use, answer);
      return passkey && add(account, passkey);
    },
    async isCodeRight(loginId, code) {
      const now = clock.now();
      const factors = await listSecondFactors(database, loginId);
      for (const factor of factors) {
        if (factor.kind !== 'authenticator') continue;
        const secret = seal.open(factor.sealedSecret);
        const step = stepOfCode(digitsOf(code), { secret, lastStep: factor.lastStep, now });
        if (step === undefined) continue;
        if (await useStep(database, { loginId, id: factor.id, step, at: now })) return true;
      }
      return false;
    },
    isRecoveryCodeRight: (loginId, code) =>
      useRecoveryCode(database, { loginId, hash: hashRecoveryCode(code), at: clock.now() }),
    async remove(account, id) {
      const name = await deleteSecondFactor(database, { loginId: account.id, id });
      if (name === undefined) return false;
      // Trust was given to how one signed in with a factor; another one begins without.
      if (!(await hasSecondFactor(database, account.id))) {
        await distrustDevices(database, account.id);
      }
      await mails.send(factorMail(account, { word: 'factor_removed', name }));
      return true;
    },
    makeRecoveryCodes: freshCodes,
    distrustDevices: (loginId) => distrustDevices(database, loginId),
  };
}

/** Apps show `123 456`. */
function digitsOf(code: string): string {
  return code.replaceAll(/\s/g, '');
}

function nameOf(name: string, fallback: string): string {
  const text = name.replaceAll(/\p{Cc}/gu, ' ').trim();
  return text.slice(0, LONGEST_NAME) || fallback;
}
