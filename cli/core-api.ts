/**
 * The Core face of a running server, for commands that move whole sites. They sign in as a program, with a file as the demo
 * data leaves one: no secret stands on a command line, where everybody on the machine can read it.
 */
import { Type, type Static } from 'typebox';
import { Value } from 'typebox/value';
import { CommandError, textOf, type CommandCall } from './command.ts';
import { demoFile, readText, send } from './site-api.ts';

/** What each command of the Core face takes. */
export const coreOptions = {
  'sign-in': { type: 'string' },
  url: { type: 'string' },
  'token-file': { type: 'string' },
} as const;

export const coreHelp = `
  --sign-in <file>     JSON with base_url and core_client {id, secret}, which has the scope core_api.full
                       (default: demo.json of the data folder)
  --token-file <file>  a file with an access token (scope core_api.full), in place of --sign-in
  --url <address>      where the server answers, with --token-file: http://localhost:8080`;

export type CoreApi = {
  /** The site the sign-in file names. */
  readonly siteId: string | undefined;
  /** `/migrations` → `/v1.2/migrations`; the body as JSON text. Throws CommandError with the server's own words. */
  ask(method: 'GET' | 'POST', path: string, body?: string): Promise<string>;
};

const SignIn = Type.Object({
  base_url: Type.String(),
  identity_url: Type.Optional(Type.String()),
  core_client: Type.Object({ id: Type.String(), secret: Type.String() }),
  site_id: Type.Optional(Type.String()),
});

/** The server has answered, and refuses. */
export class Refused extends CommandError {
  readonly status: number;

  constructor(status: number, message: string) {
    super('failed', message);
    this.status = status;
  }
}

/** Signs in. Throws CommandError. */
export async function openCoreApi(call: CommandCall): Promise<CoreApi> {
  const { url, token, site } = await signIn(call);
  return {
    siteId: site,
    async ask(method, path, body) {
      const response = await send(new URL(`/v1.2${path}`, url), {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body }),
      });
      const text = await response.text();
      if (response.ok) return text;
      throw new Refused(response.status, refusalOf(response.status, text));
    },
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
  const token = await fetchToken(identity, file.core_client);
  return { url, token, ...(site === undefined ? {} : { site }) };
}

function parseSignIn(path: string, text: string): Static<typeof SignIn> {
  try {
    return Value.Parse(SignIn, JSON.parse(text));
  } catch (cause) {
    throw new CommandError('usage', `The file ${path} does not hold base_url and core_client.`, {
      cause,
    });
  }
}

async function fetchToken(
  identityUrl: string,
  { id, secret }: { readonly id: string; readonly secret: string },
): Promise<string> {
  const response = await send(new URL('/connect/token', identityUrl), {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: id,
      client_secret: secret,
      scope: 'core_api.full',
    }),
  });
  const text = await response.text();
  if (!response.ok) throw new CommandError('failed', `The server does not let ${id} sign in.`);
  return Value.Parse(Type.Object({ access_token: Type.String() }), JSON.parse(text)).access_token;
}

function refusalOf(status: number, text: string): string {
  if (status === 401) return 'The token is not accepted; fetch a new one.';
  if (status === 403) return 'The program may not do this: it needs the scope core_api.full.';
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
