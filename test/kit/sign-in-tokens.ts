/** Tokens of our phone app for a fresh person each time, got as its users get them. */
import { createTokenCheck } from '#server/http/token';
import {
  makeTestPerson,
  postToken,
  type TestIdentity,
  type TokenAnswer,
} from './identity-server.ts';
import {
  authorizePath,
  codeBody,
  makePkce,
  openTestBrowser,
  signInBrowser,
} from './sign-in-browser.ts';

type Params = Readonly<Record<string, string | null>>;

/** Signs a fresh person in and has a code given; `params` as authorizePath takes them. */
export async function getCode(server: TestIdentity, params: Params = {}) {
  const person = await makeTestPerson(server);
  const browser = openTestBrowser(server.issuer);
  const session = await signInBrowser(server, browser, { loginId: person.loginId });
  const { verifier, challenge } = makePkce();
  const step = await browser.get(authorizePath(challenge, params));
  const code = step.location?.searchParams.get('code');
  if (!code) throw new Error(`no code: ${step.location?.href ?? step.text}`);
  return { person, browser, session, code, verifier };
}

/** The same, and the code changed into tokens. */
export async function getTokens(server: TestIdentity, params: Params = {}) {
  const got = await getCode(server, params);
  const answer = await postToken(server.issuer, { body: codeBody(got.code, got.verifier) });
  if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
  return { ...got, ...tokensOf(answer) };
}

export type TestTokens = Awaited<ReturnType<typeof getTokens>>;

export function refreshTokens(
  server: TestIdentity,
  token: string,
  more: Readonly<Record<string, string>> = {},
): Promise<TokenAnswer> {
  const body = { grant_type: 'refresh_token', client_id: 'cardea-phone', refresh_token: token };
  return postToken(server.issuer, { body: { ...body, ...more } });
}

export function tokensOf({ body }: TokenAnswer) {
  return {
    access: String(body['access_token']),
    refreshToken: String(body['refresh_token']),
    idToken: String(body['id_token']),
  };
}

/** What a face says to the token, half a minute after what happened last. */
export async function isAccepted(
  { identity, issuer, clock }: TestIdentity,
  access: string,
): Promise<boolean> {
  clock.advance(30_000);
  const { keys, sessionState } = identity;
  const check = createTokenCheck({ issuer, keys, clock, sessionState });
  const audiences = ['user_api', 'core_api'];
  return check(`Bearer ${access}`, { audiences }).then(
    () => true,
    () => false,
  );
}
