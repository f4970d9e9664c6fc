/**
 * The public API of a site, for commands that ask a running server. They sign in as a person, with a file as the demo data
 * leaves one: no secret stands on a command line, where everybody on the machine can read it.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Type, type Static } from 'typebox';
import { Value } from 'typebox/value';
import { readConfig } from '#server/runtime/config';
import { CommandError, textOf, type CommandCall } from './command.ts';

/** What each command of a site takes. */
export const siteOptions = {
  'sign-in': { type: 'string' },
  url: { type: 'string' },
  'token-file': { type: 'string' },
  site: { type: 'string' },
} as const;

export const siteHelp = `
  --sign-in <file>     JSON with base_url, connect_client {id, secret}, user {username, password} and site_id
                       (default: demo.json of the data folder)
  --token-file <file>  a file with an access token (scope user_api.full_access), in place of --sign-in
  --url <address>      where the server answers, with --token-file: http://localhost:8080
  --site <id>          the site, with --token-file, or another one than the file names`;

export type SiteApi = {
  readonly siteId: string;
  /** `/why` → `/ext/v1/sites/{site}/why`. Throws CommandError with the server's own words. */
  ask(method: 'GET' | 'POST', path: string, body?: object): Promise<unknown>;
  /** The text of a file. Throws as `ask` does. */
  download(path: string): Promise<string>;
};

const SignIn = Type.Object({
  base_url: Type.String(),
  identity_url: Type.Optional(Type.String()),
  connect_client: Type.Object({ id: Type.String(), secret: Type.String() }),
  user: Type.Object({ username: Type.String(), password: Type.String() }),
  site_id: Type.Optional(Type.String()),
});

/** Signs in. Throws CommandError. */
export async function openSiteApi(call: CommandCall): Promise<SiteApi> {
  const { url, token, site } = await signIn(call);
  const named = textOf(call.values, 'site') ?? site;
  if (named === undefined) throw new CommandError('usage', 'Name the site with --site.');
  const siteId: string = named;
  async function fetchText(method: string, path: string, body?: object): Promise<string> {
    const address = new URL(`/ext/v1/sites/${encodeURIComponent(siteId)}${path}`, url);
    const response = await send(address, {
      method,
      signal: call.signal,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (response.ok) return text;
    throw new CommandError('failed', refusalOf(response.status, text));
  }

  return {
    siteId,
    ask: async (method, path, body) => JSON.parse(await fetchText(method, path, body)) as unknown,
    download: (path) => fetchText('GET', path),
  };
}

type SignedIn = { readonly url: string; readonly token: string; readonly site?: string };

async function signIn(call: CommandCall): Promise<SignedIn> {
  const tokenFile = textOf(call.values, 'token-file');
  if (tokenFile !== undefined) {
    const url = textOf(call.values, 'url');
    if (url === undefined) throw new CommandError('usage', 'Name the server with --url.');
    return { url, token: (await readText(tokenFile)).trim() };
  }
  const path = textOf(call.values, 'sign-in') ?? demoFile(call);
  if (path === undefined)
    throw new CommandError('usage', 'Say who asks with --sign-in, or --token-file and --url.');
  const file = parseSignIn(path, await readText(path));
  const { base_url: url, identity_url: identity = url, site_id: site } = file;
  const token = await fetchToken(identity, file, call.signal);
  return { url, token, ...(site === undefined ? {} : { site }) };
}

/** The file that the demo data leave in the data folder; undefined = there is none. */
export function demoFile({ environment }: CommandCall): string | undefined {
  const path = join(resolve(readConfig(environment).dataDir), 'demo.json');
  return existsSync(path) ? path : undefined;
}

/** The text of a file. Throws CommandError. */
export async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new CommandError('usage', `The file ${path} cannot be read.`, { cause });
  }
}

function parseSignIn(path: string, text: string): Static<typeof SignIn> {
  try {
    return Value.Parse(SignIn, JSON.parse(text));
  } catch (cause) {
    const what = 'base_url, connect_client and user';
    throw new CommandError('usage', `The file ${path} does not hold ${what}.`, { cause });
  }
}

async function fetchToken(
  identityUrl: string,
  { connect_client: client, user }: Static<typeof SignIn>,
  signal: AbortSignal,
): Promise<string> {
  const response = await send(new URL('/connect/token', identityUrl), {
    method: 'POST',
    signal,
    body: new URLSearchParams({
      grant_type: 'password',
      client_id: client.id,
      client_secret: client.secret,
      username: user.username,
      password: user.password,
      scope: 'user_api.full_access',
    }),
  });
  const text = await response.text();
  if (!response.ok)
    throw new CommandError('failed', `The server does not let ${client.id} sign in.`);
  return Value.Parse(Type.Object({ access_token: Type.String() }), JSON.parse(text)).access_token;
}

/** Throws CommandError when nobody answers. */
export async function send(address: URL, init: RequestInit): Promise<Response> {
  try {
    return await fetch(address, init);
  } catch (cause) {
    throw new CommandError('failed', `${address.origin} does not answer.`, { cause });
  }
}

function refusalOf(status: number, text: string): string {
  if (status === 401) return 'The token is not accepted; fetch a new one.';
  if (status === 403 && text === '') return 'Whoever signed in may not do this in the site.';
  try {
    const body: unknown = JSON.parse(text);
    const { ErrorCode: code, Message: message } = Value.Parse(
      Type.Object({ ErrorCode: Type.String(), Message: Type.String() }),
      body,
    );
    return `${message} (${code})`;
  } catch {
    return `The server answered ${status}.`;
  }
}
