/**
 * The check of access tokens that all faces share (identity.md 6 and 8).
 *
 * Order: header, form, signature, issuer, audience, times, session. The signature comes first of all that the token
 * claims, so that a tampered and expired token reports the signature, and nothing unsigned is ever echoed.
 */
import { hash } from 'node:crypto';
import { type CryptoKey, decodeProtectedHeader, compactVerify, importJWK, type JWK } from 'jose';
import { isUuid, type LoginId, type TenantId, type UserId } from '#contract/ids';
import type { Clock } from '#server/runtime/clock';
import type { Caller } from './caller.ts';

export type PublicKey = { readonly kid: string; readonly jwk: JWK };

/** Where the published signing keys are read from. */
export type KeySource = { readKeys(): Promise<readonly PublicKey[]> };

/** Whether what a token was given for still stands: client and login there and not disabled, session not ended. */
export type SessionState = {
  isActive(
    caller: Pick<Caller, 'clientId' | 'subject' | 'sessionId' | 'tokenId'>,
  ): boolean | Promise<boolean>;
};

export type TokenCheck = (
  authorization: string | undefined,
  options: { readonly audiences: readonly string[] },
) => Promise<Caller>;

/** A refusal of a caller: `status` with an empty body and `challenge` as WWW-Authenticate (identity.md 8). */
export class TokenError extends Error {
  readonly status: 401 | 403;
  readonly challenge: string;

  constructor(status: 401 | 403, challenge: string) {
    super(challenge);
    this.name = 'TokenError';
    this.status = status;
    this.challenge = challenge;
  }
}

/** The refusal of a token that lacks the scope of an operation. */
export function insufficientScope(): TokenError {
  return new TokenError(403, 'Bearer error="insufficient_scope"');
}

/** The refusal of a request whose `CLP-Collection-Id` is not the collection of its path. */
export function headerMismatch(): TokenError {
  return new TokenError(403, '');
}

const CLOCK_SKEW_SECONDS = 30;
const KEYS_READ_AGAIN_AFTER_MS = 60_000;
/** About 2 KB each; beyond that the longest unused are verified again. */
const REMEMBERED_TOKENS = 20_000;
const LONGEST_TOKEN = 8_192;

type Verified = {
  readonly caller: Caller;
  readonly audiences: readonly string[];
  readonly notBeforeSeconds: number;
};

/** Makes the check; a token that was verified once costs a hash and a look-up until it expires. */
export function createTokenCheck({
  issuer,
  keys,
  clock,
  sessionState,
}: {
  readonly issuer: string;
  readonly keys: KeySource;
  readonly clock: Clock;
  readonly sessionState: SessionState;
}): TokenCheck {
  const findKey = createKeyCache(keys, clock);
  const remembered = new Map<string, Verified>();

  const verify = async (token: string): Promise<Verified> => {
    const header = readHeader(token);
    const key = header.alg === 'RS256' ? await findKey(header.kid) : undefined;
    if (key === undefined) throw invalidToken('The signature is invalid');
    const payload = await verifySignature(token, key);
    // Other things signed with the same keys, such as id tokens, give no access.
    if (header.typ?.toLowerCase() !== 'at+jwt') throw invalidToken('The token is invalid');
    return readClaims(payload, issuer);
  };

  return async (authorization, { audiences }) => {
    const token = bearerToken(authorization);
    const fingerprint = hash('sha256', token, 'base64');
    const nowSeconds = clock.now().getTime() / 1000;
    const hit = remembered.get(fingerprint);
    const verified = hit ?? (await verify(token));
    checkAudience(verified, audiences);
    try {
      checkTimes(verified, nowSeconds);
    } catch (error) {
      remembered.delete(fingerprint);
      throw error;
    }
    // Set anew each time it misses; the oldest go first when there is no room.
    if (hit === undefined) remember(remembered, fingerprint, verified);
    const isActive = sessionState.isActive(verified.caller);
    if (!(typeof isActive === 'boolean' ? isActive : await isActive)) {
      throw invalidToken('The token is invalid');
    }
    return verified.caller;
  };
}

function remember(tokens: Map<string, Verified>, fingerprint: string, verified: Verified): void {
  for (const oldest of tokens.keys()) {
    if (tokens.size < REMEMBERED_TOKENS) break;
    tokens.delete(oldest);
  }
  tokens.set(fingerprint, verified);
}

function invalidToken(description: string): TokenError {
  return new TokenError(
    401,
    `Bearer error="invalid_token", error_description="${description.replaceAll(/[^\x20-\x7e]|["\\]/g, '')}"`,
  );
}

function bearerToken(authorization: string | undefined): string {
  const sent = authorization ?? '';
  // By one pass: a token has a thousand characters, and every request brings one.
  const token = /^bearer +/i.test(sent) ? sent.slice('bearer'.length).trim() : '';
  if (token === '') throw new TokenError(401, 'Bearer');
  if (token.length > LONGEST_TOKEN) throw invalidToken('The token is invalid');
  return token;
}

function readHeader(token: string): {
  readonly alg: string | undefined;
  readonly kid: string | undefined;
  readonly typ: string | undefined;
} {
  try {
    const { alg, kid, typ } = decodeProtectedHeader(token);
    return { alg, kid, typ };
  } catch {
    throw invalidToken('The token is invalid');
  }
}

async function verifySignature(token: string, key: CryptoKey): Promise<unknown> {
  let payload: Uint8Array;
  try {
    ({ payload } = await compactVerify(token, key, { algorithms: ['RS256'] }));
  } catch {
    throw invalidToken('The signature is invalid');
  }
  try {
    return JSON.parse(new TextDecoder().decode(payload));
  } catch {
    throw invalidToken('The token is invalid');
  }
}

function readClaims(payload: unknown, issuer: string): Verified {
  if (typeof payload !== 'object' || payload === null) throw invalidToken('The token is invalid');
  const claims = payload as Record<string, unknown>;
  const { client_id, tenant_id, scope, iat, exp, sub, sid, amr } = claims;
  const tenantId = text(tenant_id);
  const subject = text(sub);
  const userId = text(claims[`profile_id_${tenantId ?? ''}`]);
  const isReadable =
    claims['iss'] === issuer &&
    typeof client_id === 'string' &&
    tenantId !== undefined &&
    isUuid(tenantId) &&
    typeof iat === 'number' &&
    typeof exp === 'number';
  if (!isReadable) throw invalidToken('The token is invalid');
  const [sessionId, tokenId] = [text(sid), text(claims['jti'])];
  const accessCodeId = text(claims['access_code_id']);
  return {
    audiences: texts(claims['aud']),
    notBeforeSeconds: number(claims['nbf']) ?? iat,
    caller: {
      clientId: client_id,
      tenantId: tenantId as TenantId,
      scopes: new Set(texts(scope)),
      ...(subject === undefined ? {} : { subject: subject as LoginId }),
      ...(userId === undefined ? {} : { userId: userId as UserId }),
      amr: texts(amr),
      authTimeSeconds: number(claims['auth_time']) ?? iat,
      ...(sessionId === undefined ? {} : { sessionId }),
      ...(tokenId === undefined ? {} : { tokenId }),
      ...(accessCodeId === undefined ? {} : { accessCodeId }),
      expiresAtSeconds: exp,
    },
  };
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function number(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

function texts(value: unknown): readonly string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return list.filter((entry) => typeof entry === 'string');
}

function checkAudience({ audiences }: Verified, accepted: readonly string[]): void {
  if (audiences.some((audience) => accepted.includes(audience))) return;
  throw invalidToken(`The audience '${audiences.join(', ')}' is invalid`);
}

function checkTimes({ caller, notBeforeSeconds }: Verified, nowSeconds: number): void {
  if (nowSeconds >= caller.expiresAtSeconds + CLOCK_SKEW_SECONDS) {
    throw invalidToken(`The token expired at '${americanTime(caller.expiresAtSeconds)}'`);
  }
  if (nowSeconds + CLOCK_SKEW_SECONDS < notBeforeSeconds) {
    throw invalidToken('The token is invalid');
  }
}

/** MM/DD/YYYY HH:MM:SS in UTC: what existing clients read in the challenge (identity.md 8). */
function americanTime(seconds: number): string {
  const [date = '', time = ''] = new Date(seconds * 1000).toISOString().split('T');
  const [year = '', month = '', day = ''] = date.split('-');
  return `${month}/${day}/${year} ${time.slice(0, 8)}`;
}

/** Finds a key by its id; for an unknown id the list is read again, at most once a minute whoever asks. */
function createKeyCache(
  source: KeySource,
  clock: Clock,
): (kid: string | undefined) => Promise<CryptoKey | undefined> {
  let keys: ReadonlyMap<string, CryptoKey> = new Map();
  let readAtMs: number | undefined;
  let reading: Promise<void> | undefined;

  const read = async (): Promise<void> => {
    const startedAtMs = clock.now().getTime();
    const entries = (await source.readKeys()).map(
      async ({ kid, jwk }) => [kid, await importKey(jwk)] as const,
    );
    keys = new Map(await Promise.all(entries));
    readAtMs = startedAtMs;
  };

  const isDue = (): boolean =>
    readAtMs === undefined ||
    Math.abs(clock.now().getTime() - readAtMs) >= KEYS_READ_AGAIN_AFTER_MS;

  return async (kid) => {
    if (kid === undefined) return undefined;
    if (!keys.has(kid) && isDue()) {
      reading ??= read().finally(() => {
        reading = undefined;
      });
      await reading;
    }
    return keys.get(kid);
  };
}

async function importKey(jwk: JWK): Promise<CryptoKey> {
  const key = await importJWK({ ...jwk, alg: 'RS256' });
  if (key instanceof Uint8Array) throw new Error('A signing key is a secret, not a public key.');
  return key;
}
