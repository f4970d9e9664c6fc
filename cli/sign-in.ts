/**
 * Who a command asks a running server as: an account in a file as the demo data leave one, or a token in a file. No secret stands
 * on a command line, where everybody on the machine can read it.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Type, type Static, type TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { readConfig } from '#server/runtime/config';
import { CommandError, textOf, type CommandCall } from './command.ts';

/** What each command that signs in takes. */
export const signInOptions = {
  'sign-in': { type: 'string' },
  url: { type: 'string' },
  'token-file': { type: 'string' },
} as const;

/** A sort of account in a sign-in file. */
export type Account<Schema extends TSchema> = {
  readonly schema: Schema;
  /** The members of the file, for whoever left one out. */
  readonly members: string;
  /** What the token endpoint is asked with. */
  readonly grant: (account: Static<Schema>) => Grant;
};

type Grant = Readonly<Record<'client_id' | 'grant_type', string>> &
  Readonly<Record<string, string>>;

export type SignedIn = { readonly url: string; readonly token: string; readonly site?: string };

const Place = Type.Object({
  base_url: Type.String(),
  identity_url: Type.Optional(Type.String()),
  site_id: Type.Optional(Type.String()),
});

/** Throws CommandError. */
export async function signIn<Schema extends TSchema>(
  call: CommandCall,
  account: Account<Schema>,
): Promise<SignedIn> {
  const tokenFile = textOf(call.values, 'token-file');
  if (tokenFile !== undefined) {
    const url = textOf(call.values, 'url');
    if (url === undefined) throw new CommandError('usage', 'Name the server with --url.');
    return { url, token: (await readText(tokenFile)).trim() };
  }
  const path = textOf(call.values, 'sign-in') ?? demoFile(call);
  if (path === undefined)
    throw new CommandError('usage', 'Say who asks with --sign-in, or --token-file and --url.');
  const { place, grant } = parse(path, await readText(path), account);
  const { base_url: url, identity_url: identity = url, site_id: site } = place;
  const token = await fetchToken(identity, grant, call.signal);
  return { url, token, ...(site === undefined ? {} : { site }) };
}

function parse<Schema extends TSchema>(
  path: string,
  text: string,
  { schema, members, grant }: Account<Schema>,
): { place: Static<typeof Place>; grant: Grant } {
  try {
    const file: unknown = JSON.parse(text);
    return { place: Value.Parse(Place, file), grant: grant(Value.Parse(schema, file)) };
  } catch (cause) {
    throw new CommandError('usage', `The file ${path} does not hold ${members}.`, { cause });
  }
}

async function fetchToken(identityUrl: string, grant: Grant, signal: AbortSignal): Promise<string> {
  const response = await send(new URL('/connect/token', identityUrl), {
    method: 'POST',
    signal,
    body: new URLSearchParams(grant),
  });
  const text = await response.text();
  if (!response.ok)
    throw new CommandError('failed', `The server does not let ${grant.client_id} sign in.`);
  return Value.Parse(Type.Object({ access_token: Type.String() }), JSON.parse(text)).access_token;
}

/** The file that the demo data leave in the data folder; undefined = there is none. */
function demoFile({ environment }: CommandCall): string | undefined {
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

export type Question = {
  readonly method: 'GET' | 'POST';
  /** JSON text. */
  readonly body?: string | undefined;
  /** Ends the question. */
  readonly signal?: AbortSignal;
};

/** The answer to a question of whoever signed in. Throws CommandError when nobody answers. */
export function askServer(
  { url, token }: SignedIn,
  path: string,
  { method, body, signal }: Question,
): Promise<Response> {
  return send(new URL(path, url), {
    method,
    ...(signal === undefined ? {} : { signal }),
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body }),
  });
}

async function send(address: URL, init: RequestInit): Promise<Response> {
  try {
    return await fetch(address, init);
  } catch (cause) {
    throw new CommandError('failed', `${address.origin} does not answer.`, { cause });
  }
}

/** The server's own words for what it refused; its number stands in for them where it said none. */
export function refusalText(status: number, text: string): string {
  if (status === 401) return 'The token is not accepted; fetch a new one.';
  try {
    const { ErrorCode: code, Message: message } = Value.Parse(
      Type.Object({ ErrorCode: Type.String(), Message: Type.String() }),
      JSON.parse(text),
    );
    return `${message} (${code})`;
  } catch {
    return `The server answered ${status}.`;
  }
}
