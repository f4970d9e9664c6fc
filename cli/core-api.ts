/** The Core face of a running server, for commands that move whole sites. They sign in as a program. */
import { Type } from 'typebox';
import { CommandError, type CommandCall } from './command.ts';
import { askServer, refusalText, signIn, signInOptions, type Account } from './sign-in.ts';

/** What each command of the Core face takes. */
export const coreOptions = signInOptions;

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

const CoreClient = Type.Object({
  core_client: Type.Object({ id: Type.String(), secret: Type.String() }),
});

const program: Account<typeof CoreClient> = {
  schema: CoreClient,
  members: 'base_url and core_client',
  grant: ({ core_client: { id, secret } }) => ({
    grant_type: 'client_credentials',
    client_id: id,
    client_secret: secret,
    scope: 'core_api.full',
  }),
};

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
  const signedIn = await signIn(call, program);
  return {
    siteId: signedIn.site,
    async ask(method, path, body) {
      // Ctrl-C ends no question: whoever stops an import has to ask the server for it.
      const response = await askServer(signedIn, `/v1.2${path}`, { method, body });
      const text = await response.text();
      if (response.ok) return text;
      throw new Refused(response.status, refusalOf(response.status, text));
    },
  };
}

function refusalOf(status: number, text: string): string {
  if (status === 403) return 'The program may not do this: it needs the scope core_api.full.';
  return refusalText(status, text);
}
