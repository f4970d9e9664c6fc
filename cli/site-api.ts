/** The public API of a site, for commands that ask a running server. They sign in as a person. */
import { Type } from 'typebox';
import { CommandError, textOf, type CommandCall } from './command.ts';
import { askServer, refusalText, signIn, signInOptions, type Account } from './sign-in.ts';

/** What each command of a site takes. */
export const siteOptions = { ...signInOptions, site: { type: 'string' } } as const;

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

const Person = Type.Object({
  connect_client: Type.Object({ id: Type.String(), secret: Type.String() }),
  user: Type.Object({ username: Type.String(), password: Type.String() }),
});

const person: Account<typeof Person> = {
  schema: Person,
  members: 'base_url, connect_client and user',
  grant: ({ connect_client: { id, secret }, user: { username, password } }) => ({
    grant_type: 'password',
    client_id: id,
    client_secret: secret,
    username,
    password,
    scope: 'user_api.full_access',
  }),
};

/** Signs in. Throws CommandError. */
export async function openSiteApi(call: CommandCall): Promise<SiteApi> {
  const signedIn = await signIn(call, person);
  const siteId = textOf(call.values, 'site') ?? signedIn.site;
  if (siteId === undefined) throw new CommandError('usage', 'Name the site with --site.');
  const root = `/ext/v1/sites/${encodeURIComponent(siteId)}`;

  async function fetchText(method: 'GET' | 'POST', path: string, body?: object): Promise<string> {
    const response = await askServer(signedIn, root + path, {
      method,
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: call.signal,
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

function refusalOf(status: number, text: string): string {
  if (status === 403 && text === '') return 'Whoever signed in may not do this in the site.';
  return refusalText(status, text);
}
