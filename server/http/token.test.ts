import {
  type CryptoKey,
  exportJWK,
  generateKeyPair,
  type JWTPayload,
  SignJWT,
  type JWTHeaderParameters,
} from 'jose';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createManualClock, type ManualClock } from '#server/runtime/clock';
import { createTokenCheck, type PublicKey, TokenError, type TokenCheck } from './token.ts';

const issuer = 'https://id.example.test';
const start = new Date('2026-03-02T10:00:00Z');
const tenantId = '11111111-1111-4111-8111-111111111111';
const loginId = '22222222-2222-4222-8222-222222222222';
const userId = '33333333-3333-4333-8333-333333333333';

let key: CryptoKey;
let otherKey: CryptoKey;
let published: PublicKey[];
let clock: ManualClock;
let reads: number;
let isActive: boolean;
let check: TokenCheck;

beforeAll(async () => {
  const pair = await generateKeyPair('RS256', { modulusLength: 2048 });
  key = pair.privateKey;
  otherKey = (await generateKeyPair('RS256', { modulusLength: 2048 })).privateKey;
  published = [{ kid: 'a', jwk: await exportJWK(pair.publicKey) }];
});

beforeEach(() => {
  clock = createManualClock(start);
  reads = 0;
  isActive = true;
  check = createTokenCheck({
    issuer,
    clock,
    keys: {
      readKeys: () => {
        reads += 1;
        return Promise.resolve(published);
      },
    },
    sessionState: { isActive: () => isActive },
  });
});

const nowSeconds = start.getTime() / 1000;

function claims(changes: JWTPayload = {}): JWTPayload {
  return {
    iss: issuer,
    aud: 'core_api',
    iat: nowSeconds,
    nbf: nowSeconds,
    exp: nowSeconds + 3600,
    client_id: 'client',
    tenant_id: tenantId,
    scope: ['core_api.full'],
    jti: 'j',
    ...changes,
  };
}

function sign(
  payload: JWTPayload,
  { header, by = key }: { header?: Partial<JWTHeaderParameters>; by?: CryptoKey } = {},
): Promise<string> {
  return new SignJWT(payload)
    .setProtectedHeader({ alg: 'RS256', typ: 'at+jwt', kid: 'a', ...header })
    .sign(by);
}

async function refusal(authorization: string | undefined): Promise<[number, string]> {
  try {
    await check(authorization, { audiences: ['core_api', 'hardware_api'] });
  } catch (error) {
    if (error instanceof TokenError) return [error.status, error.challenge];
    throw error;
  }
  return [200, ''];
}

async function bearer(payload: JWTPayload, options?: Parameters<typeof sign>[1]): Promise<string> {
  return `Bearer ${await sign(payload, options)}`;
}

function invalid(description: string): [number, string] {
  return [401, `Bearer error="invalid_token", error_description="${description}"`];
}

/** The same token with another letter in the middle of its claims or its signature. */
function tampered(token: string): string {
  const at = token.lastIndexOf('.') + 20;
  return `${token.slice(0, at)}${token[at] === 'A' ? 'B' : 'A'}${token.slice(at + 1)}`;
}

describe('a good token', () => {
  it('says who calls', async () => {
    const authorization = await bearer(
      claims({
        sub: loginId,
        sid: 's',
        amr: ['password'],
        auth_time: nowSeconds - 60,
        [`profile_id_${tenantId}`]: userId,
        aud: ['user_api', 'core_api'],
        scope: ['user_api.full_access', 'core_api.full'],
      }),
    );
    expect(await check(authorization, { audiences: ['user_api'] })).toEqual({
      clientId: 'client',
      tenantId,
      scopes: new Set(['user_api.full_access', 'core_api.full']),
      subject: loginId,
      userId,
      sessionId: 's',
      amr: ['password'],
      authTimeSeconds: nowSeconds - 60,
      tokenId: 'j',
      expiresAtSeconds: nowSeconds + 3600,
    });
  });

  it('of a program names no person', async () => {
    expect(await check(await bearer(claims()), { audiences: ['core_api'] })).toEqual({
      clientId: 'client',
      tenantId,
      scopes: new Set(['core_api.full']),
      amr: [],
      authTimeSeconds: nowSeconds,
      tokenId: 'j',
      expiresAtSeconds: nowSeconds + 3600,
    });
  });

  it.each(['Bearer', 'bearer', 'BEARER', 'bEARER'])(
    'may come with the scheme %s',
    async (scheme) => {
      expect(await refusal(`${scheme} ${await sign(claims())}`)).toEqual([200, '']);
      expect(await refusal(`${scheme}  ${await sign(claims())} `)).toEqual([200, '']);
    },
  );
});

describe('no token', () => {
  it.each([undefined, '', 'Bearer', 'Bearer ', 'Basic YTpi', 'Bearerabc', 'abc'])(
    'is answered with the bare challenge: %s',
    async (authorization) => {
      expect(await refusal(authorization)).toEqual([401, 'Bearer']);
    },
  );
});

describe('a bad token', () => {
  it('of another audience names that audience', async () => {
    expect(await refusal(await bearer(claims({ aud: 'user_api' })))).toEqual(
      invalid("The audience 'user_api' is invalid"),
    );
    expect(await refusal(await bearer(claims({ aud: ['user_api', 'other'] })))).toEqual(
      invalid("The audience 'user_api, other' is invalid"),
    );
  });

  it('that was signed by somebody else, with an unknown key or without one has no valid signature', async () => {
    const wrong = invalid('The signature is invalid');
    expect(await refusal(await bearer(claims(), { by: otherKey }))).toEqual(wrong);
    expect(await refusal(await bearer(claims(), { header: { kid: 'b' } }))).toEqual(wrong);
    const { privateKey } = await generateKeyPair('PS256', { modulusLength: 2048 });
    const ps256 = await bearer(claims(), { by: privateKey, header: { alg: 'PS256' } });
    expect(await refusal(ps256)).toEqual(wrong);
    const none = [{ alg: 'none', typ: 'at+jwt', kid: 'a' }, claims()]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.');
    expect(await refusal(`Bearer ${none}.`)).toEqual(wrong);
  });

  it('that is signed with our public key as a shared secret has no valid signature', async () => {
    const secret = Buffer.from(JSON.stringify(published[0]?.jwk));
    const token = await new SignJWT(claims())
      .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt', kid: 'a' })
      .sign(secret);
    expect(await refusal(`Bearer ${token}`)).toEqual(invalid('The signature is invalid'));
  });

  it('that is tampered with and expired reports the signature', async () => {
    const expired = await sign(claims({ exp: nowSeconds - 600 }));
    expect(await refusal(`Bearer ${tampered(expired)}`)).toEqual(
      invalid('The signature is invalid'),
    );
  });

  it('that expired says when, after 30 s of grace', async () => {
    const authorization = await bearer(claims({ exp: nowSeconds + 60 }));
    clock.advance(89_000);
    expect(await refusal(authorization)).toEqual([200, '']);
    clock.advance(1_000);
    expect(await refusal(authorization)).toEqual(
      invalid("The token expired at '03/02/2026 10:01:00'"),
    );
  });

  it('that is not yet valid is invalid, within 30 s of grace it is not', async () => {
    expect(await refusal(await bearer(claims({ nbf: nowSeconds + 30 })))).toEqual([200, '']);
    expect(await refusal(await bearer(claims({ nbf: nowSeconds + 31 })))).toEqual(
      invalid('The token is invalid'),
    );
  });

  it.each([
    ['another issuer', { iss: 'https://other.example.test' }],
    ['no tenant', { tenant_id: null }],
    ['a tenant that is no id', { tenant_id: 'x' }],
    ['no client', { client_id: null }],
  ])('with %s is invalid', async (_what, changes) => {
    expect(await refusal(await bearer(claims(changes)))).toEqual(invalid('The token is invalid'));
  });

  it('that is an id token is invalid', async () => {
    expect(await refusal(await bearer(claims(), { header: { typ: 'JWT' } }))).toEqual(
      invalid('The token is invalid'),
    );
  });

  it.each(['abc', 'a.b.c', '..', 'x'.repeat(9000)])(
    'that is no token is invalid: %.20s',
    async (text) => {
      expect(await refusal(`Bearer ${text}`)).toEqual(invalid('The token is invalid'));
    },
  );

  it('cannot write into the challenge', async () => {
    const [, challenge] = await refusal(await bearer(claims({ aud: 'a"\\\r\nb' })));
    expect(challenge).toBe(invalid("The audience 'ab' is invalid")[1]);
  });
});

describe('the check', () => {
  it('refuses a verified token as soon as its session is known to have ended', async () => {
    const authorization = await bearer(claims());
    expect(await refusal(authorization)).toEqual([200, '']);
    isActive = false;
    expect(await refusal(authorization)).toEqual(invalid('The token is invalid'));
  });

  it('gives the very same answer for a token it has seen', async () => {
    const authorization = await bearer(claims());
    const first = await check(authorization, { audiences: ['core_api'] });
    expect(await check(authorization, { audiences: ['core_api'] })).toBe(first);
    await expect(check(authorization, { audiences: ['user_api'] })).rejects.toThrow(TokenError);
  });

  it('does not take a tampered token for one it has seen', async () => {
    const token = await sign(claims());
    expect(await refusal(`Bearer ${token}`)).toEqual([200, '']);
    expect(await refusal(`Bearer ${tampered(token)}`)).toEqual(invalid('The signature is invalid'));
  });

  it('reads the keys again at most once a minute for an unknown one', async () => {
    const unknown = await bearer(claims(), { header: { kid: 'b' } });
    for (let attempt = 0; attempt < 20; attempt += 1) await refusal(unknown);
    expect(reads).toBe(1);
    clock.advance(60_000);
    await Promise.all([refusal(unknown), refusal(unknown), refusal(unknown)]);
    expect(reads).toBe(2);
  });

  it('reads no keys for one it knows', async () => {
    await refusal(await bearer(claims({ jti: 'x' })));
    clock.advance(600_000);
    await refusal(await bearer(claims({ jti: 'y' })));
    expect(reads).toBe(1);
  });
});
