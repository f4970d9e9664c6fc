import type { LoginId } from '#contract/ids';
import type { TestServer } from './cardea.ts';
import {
  authorizePath,
  codeBody,
  makePkce,
  openTestBrowser,
  signInBrowser,
} from './sign-in-browser.ts';

/** A token of our phone app for somebody who signs in just now; `amr` = how, absent = by password. */
export async function appToken(
  server: TestServer,
  order: { readonly loginId: LoginId; readonly amr?: readonly string[] },
): Promise<string> {
  const browser = openTestBrowser(server.url);
  await signInBrowser(server.cardea, browser, order);
  const { verifier, challenge } = makePkce();
  const step = await browser.get(authorizePath(challenge));
  const code = step.location?.searchParams.get('code');
  if (typeof code !== 'string') throw new Error(`no code: ${step.status} ${step.text}`);
  return changeCode(server, codeBody(code, verifier));
}

/** The token that a code is worth. */
export async function changeCode(
  { url }: TestServer,
  body: Readonly<Record<string, string>>,
): Promise<string> {
  const answer = await fetch(`${url}/connect/token`, {
    method: 'POST',
    body: new URLSearchParams(body),
  });
  const { access_token: token } = (await answer.json()) as { access_token?: string };
  if (token === undefined) throw new Error(`no token: ${answer.status}`);
  return token;
}
