/**
 * Passkeys (WebAuthn level 2), spoken by a known library. A challenge is a sealed text that says what it is for, to which
 * browser it was given and until when; nothing is stored until it is answered, and then only so that it is not answered twice.
 */
import { hash } from 'node:crypto';
import { isIP } from 'node:net';
import {
  generateAuthenticationOptions,
  generateRegistrationOptions,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
} from '@simplewebauthn/server';
import { Type, type Static } from 'typebox';
import { Value } from 'typebox/value';
import type { LoginId } from '#contract/ids';
import type { Clock } from '#server/runtime/clock';
import type { Ids } from '#server/runtime/ids';
import type { Seal } from '#server/runtime/seal';
import type { Account } from '#server/store/accounts';
import type { Database } from '#server/store/pool';
import { findPasskey, type Passkey, touchPasskey } from '#server/store/second-factors';
import { insertAnsweredChallenge } from '#server/store/sign-in-attempts';

const CHALLENGE_MS = 10 * 60_000;

/** What a challenge may be used for, in which browser. */
export type PasskeyUse = {
  readonly purpose: 'add' | 'prove';
  /** The secret of the browser's forms. */
  readonly browser: string;
  /** Whose passkey it must be; undefined = whoever answers. */
  readonly loginId: LoginId | undefined;
};

export type Passkeys = {
  /** Whether browsers would make passkeys for our address: they do for names, never for numbers (WebAuthn 5.1.2). */
  readonly isPossible: boolean;
  /** What the browser is asked to prove, as JSON. */
  provingOptions(use: Omit<PasskeyUse, 'purpose'> & { known: readonly Passkey[] }): Promise<string>;
  /** The passkey of an answer; undefined when the answer proves nothing. */
  prove(use: Omit<PasskeyUse, 'purpose'>, answer: string): Promise<Passkey | undefined>;
  /** What the browser is asked to make, as JSON. */
  addingOptions(order: {
    readonly browser: string;
    readonly account: Account;
    readonly known: readonly Passkey[];
  }): Promise<string>;
  /** The passkey that a browser has made, to be stored; undefined when the answer is none. */
  read(
    use: { readonly browser: string; readonly loginId: LoginId; readonly name: string },
    answer: string,
  ): Promise<Passkey | undefined>;
};

const Challenge = Type.Object({
  p: Type.String(),
  b: Type.String(),
  l: Type.String(),
  e: Type.Integer(),
});
type Challenge = Static<typeof Challenge>;

// What the library needs to be there; what is in it, it checks itself.
const Text = Type.String();
const shared = { id: Text, rawId: Text, type: Type.Literal('public-key') };
const extensions = Type.Record(Text, Type.Unknown());
const Attestation = Type.Object({
  ...shared,
  clientExtensionResults: extensions,
  response: Type.Object({
    clientDataJSON: Text,
    attestationObject: Text,
    transports: Type.Optional(Type.Array(Type.String({ maxLength: 32 }), { maxItems: 16 })),
  }),
});
const Assertion = Type.Object({
  ...shared,
  clientExtensionResults: extensions,
  response: Type.Object({
    clientDataJSON: Text,
    authenticatorData: Text,
    signature: Text,
    userHandle: Type.Optional(Text),
  }),
});

export function createPasskeys({
  database,
  issuer,
  seal,
  clock,
  ids,
}: {
  readonly database: Database;
  readonly issuer: string;
  readonly seal: Seal;
  readonly clock: Clock;
  readonly ids: Ids;
}): Passkeys {
  const rpID = new URL(issuer).hostname;
  const userVerification = 'required';

  function challengeFor({ purpose, browser, loginId }: PasskeyUse): Uint8Array<ArrayBuffer> {
    const challenge: Challenge = {
      p: purpose,
      b: hash('sha256', browser, 'base64url'),
      l: loginId ?? '',
      e: clock.now().getTime() + CHALLENGE_MS,
    };
    return new Uint8Array(seal.seal(Buffer.from(JSON.stringify(challenge))));
  }

  /** Whether a challenge is ours, for this use, not too old, and answered for the first time. */
  async function isAnswerable(text: string, use: PasskeyUse): Promise<boolean> {
    const challenge = parsed(Challenge, opened(text));
    if (challenge === undefined || challenge.e < clock.now().getTime()) return false;
    const isForThis =
      challenge.p === use.purpose &&
      challenge.b === hash('sha256', use.browser, 'base64url') &&
      challenge.l === (use.loginId ?? '');
    if (!isForThis) return false;
    const challengeHash = hash('sha256', text, 'base64url');
    const expiresAt = new Date(challenge.e);
    return insertAnsweredChallenge(database, { hash: challengeHash, expiresAt });
  }

  function opened(text: string): string {
    try {
      return seal.open(Buffer.from(text, 'base64url')).toString();
    } catch {
      // Not sealed by us: whatever a stranger made up.
      return '';
    }
  }

  const descriptorsOf = (known: readonly Passkey[]) =>
    known.map(({ credentialId, transports }) => ({
      id: credentialId,
      transports: [...transports],
    }));

  return {
    isPossible: isIP(rpID.replaceAll(/[[\]]/g, '')) === 0,
    async provingOptions({ known, ...use }) {
      const options = await generateAuthenticationOptions({
        rpID,
        challenge: challengeFor({ ...use, purpose: 'prove' }),
        userVerification,
        allowCredentials: descriptorsOf(known),
        timeout: CHALLENGE_MS,
      });
      return JSON.stringify(options);
    },
    async prove(use, text) {
      const response = parsed(Assertion, text);
      const passkey = response && (await findPasskey(database, response.id));
      if (response === undefined || passkey === undefined) return undefined;
      if (use.loginId !== undefined && passkey.loginId !== use.loginId) return undefined;
      const verified = await verifyAuthenticationResponse({
        response,
        expectedChallenge: (challenge) => isAnswerable(challenge, { ...use, purpose: 'prove' }),
        expectedOrigin: issuer,
        expectedRPID: rpID,
        requireUserVerification: true,
        credential: {
          id: passkey.credentialId,
          publicKey: new Uint8Array(passkey.publicKey),
          counter: passkey.signCount,
          transports: [...passkey.transports],
        },
      }).catch(() => undefined);
      if (verified?.verified !== true) return undefined;
      const { newCounter } = verified.authenticationInfo;
      const { loginId, id } = passkey;
      await touchPasskey(database, { loginId, id, signCount: newCounter, at: clock.now() });
      return passkey;
    },
    async addingOptions({ browser, account, known }) {
      const options = await generateRegistrationOptions({
        rpName: 'Cardea',
        rpID,
        userID: new Uint8Array(Buffer.from(account.id.replaceAll('-', ''), 'hex')),
        userName: account.email,
        userDisplayName: `${account.firstName} ${account.lastName}`.trim() || account.email,
        challenge: challengeFor({ purpose: 'add', browser, loginId: account.id }),
        attestationType: 'none',
        excludeCredentials: descriptorsOf(known),
        authenticatorSelection: { residentKey: 'required', userVerification },
        timeout: CHALLENGE_MS,
      });
      return JSON.stringify(options);
    },
    async read({ browser, loginId, name }, text) {
      const response = parsed(Attestation, text);
      if (response === undefined) return undefined;
      const verified = await verifyRegistrationResponse({
        response,
        expectedChallenge: (challenge) =>
          isAnswerable(challenge, { purpose: 'add', browser, loginId }),
        expectedOrigin: issuer,
        expectedRPID: rpID,
        requireUserVerification: true,
      }).catch(() => undefined);
      if (verified?.verified !== true) return undefined;
      const { credential } = verified.registrationInfo;
      return {
        kind: 'passkey',
        loginId,
        id: ids.next<string>(),
        name,
        credentialId: credential.id,
        publicKey: Buffer.from(credential.publicKey),
        signCount: credential.counter,
        transports: credential.transports ?? [],
        createdAt: clock.now(),
        lastUsedAt: null,
      };
    },
  };
}

/** A JSON text as the schema says; undefined when it is anything else. */
function parsed<Schema extends Type.TSchema>(
  schema: Schema,
  text: string,
): Static<Schema> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Value.Check(schema, value) ? value : undefined;
  } catch {
    return undefined;
  }
}
