/** `cardea client …`: programs that may ask for tokens, made, listed and ended at the database. docs/identity.md. */
import { ApiError } from '#contract/api-error';
import { clientGrants, clientKinds, clientScopes } from '#contract/clients';
import { isUuid, type TenantId } from '#contract/ids';
import {
  createClientAdministration,
  type ClientAdministration,
  type ClientOperator,
} from '#server/domain/clients';
import { createAudit } from '#server/events/audit';
import { createSystemClock } from '#server/runtime/clock';
import { createRandomIds } from '#server/runtime/ids';
import type { ClientRow } from '#server/store/clients';
import type { Database } from '#server/store/pool';
import { listTenantIds } from '#server/store/tenants';
import {
  CommandError,
  exitCodes,
  textOf,
  type Command,
  type CommandAnswer,
  type CommandCall,
} from './command.ts';
import { databaseHelp, databaseOptions, openDatabase } from './database.ts';

/** Whoever reaches the database needs no name; what was done is on record. */
const nobody: ClientOperator = { loginId: null, clientId: null, requestId: null };
const mostListed = 1000;

type Act = (clients: ClientAdministration, database: Database) => Promise<CommandAnswer>;

const idOption = { id: { type: 'string' } } as const;
const many = { type: 'string', multiple: true } as const;

const create: Command = {
  words: 'client create',
  summary: 'makes a program that may ask for tokens',
  help: `
${databaseHelp}
  --name <text>      what people are shown (required)
  --tenant <id>      where its tokens act; needed when there are several tenants
  --kind <word>      ${clientKinds.join(' or ')} (default: confidential)
  --grant <word>     ${clientGrants.join(', ')}; may be repeated (required)
  --scope <word>     ${clientScopes.join(', ')}; may be repeated (required)
  --redirect <url>   an address that people are led back to; may be repeated
  --signed-out <url>  an address that people are led to after signing out; may be repeated

  cardea client create --name "Front desk" --grant client_credentials \\
    --scope core_api.full
`,
  options: {
    ...databaseOptions,
    name: { type: 'string' },
    tenant: { type: 'string' },
    kind: { type: 'string' },
    grant: many,
    scope: many,
    redirect: many,
    'signed-out': many,
  },
  run: (call) =>
    administer(call, async (clients, database) => {
      const { client, secret } = await clients.create(nobody, {
        name: requiredText(call, 'name'),
        tenantId: await tenantOf(call, database),
        kind: wordOf('kind', textOf(call.values, 'kind') ?? 'confidential', clientKinds),
        grants: listOf(call, 'grant').map((grant) => wordOf('grant', grant, clientGrants)),
        scopes: listOf(call, 'scope').map((scope) => wordOf('scope', scope, clientScopes)),
        redirectUris: listOf(call, 'redirect'),
        postLogoutRedirectUris: listOf(call, 'signed-out'),
      });
      const told = secret === null ? [] : [`secret  ${secret}`, 'It is shown this once.'];
      return {
        code: exitCodes.fine,
        json: { ...client, secret },
        text: [`id      ${client.id}`, ...told].join('\n'),
      };
    }),
};

const list: Command = {
  words: 'client list',
  summary: 'lists the programs that may ask for tokens',
  help: databaseHelp,
  options: databaseOptions,
  run: (call) =>
    administer(call, async (clients) => {
      const now = createSystemClock().now().toISOString();
      const page = { filter: null, orderBy: [], top: mostListed, skip: 0, count: false, now };
      const { rows } = await clients.list(page);
      return { code: exitCodes.fine, json: rows, text: rows.map(lineOf).join('\n') };
    }),
};

const disable: Command = {
  words: 'client disable',
  summary: 'ends a program for good, and its tokens within a minute',
  help: `
${databaseHelp}
  --id <id>  the client (required)
`,
  options: { ...databaseOptions, ...idOption },
  run: (call) =>
    administer(call, async (clients) => {
      const id = requiredText(call, 'id');
      await clients.disable(nobody, id);
      return { code: exitCodes.fine, json: { id, disabled: true }, text: `${id} was ended.` };
    }),
};

const secret: Command = {
  words: 'client secret',
  summary: 'gives a program another secret; the newest two count',
  help: `
${databaseHelp}
  --id <id>  the client (required)
`,
  options: { ...databaseOptions, ...idOption },
  run: (call) =>
    administer(call, async (clients) => {
      const made = await clients.addSecret(nobody, requiredText(call, 'id'));
      const text = `secret  ${made.secret}\nIt is shown this once.`;
      return { code: exitCodes.fine, json: { id: made.id, secret: made.secret }, text };
    }),
};

export const clientCommands: readonly Command[] = [create, disable, list, secret];

async function administer(call: CommandCall, act: Act): Promise<CommandAnswer> {
  const open = await openDatabase(call);
  try {
    const { database } = open;
    const clock = createSystemClock();
    const ids = createRandomIds();
    const audit = createAudit({ clock, ids });
    return await act(createClientAdministration({ database, audit, clock, ids }), database);
  } catch (error) {
    if (error instanceof ApiError) throw new CommandError('usage', error.message);
    throw error;
  } finally {
    await open.close();
  }
}

async function tenantOf(call: CommandCall, database: Database): Promise<TenantId> {
  const named = textOf(call.values, 'tenant')?.toLowerCase();
  if (named !== undefined && !isUuid(named))
    throw new CommandError('usage', '--tenant must be a UUID.');
  if (named !== undefined) return named as TenantId;
  const [only, ...others] = await listTenantIds(database);
  if (only === undefined) throw new CommandError('usage', 'There is no tenant yet.');
  if (others.length > 0)
    throw new CommandError('usage', 'There are several tenants: say which with --tenant.');
  return only;
}

function requiredText({ values }: CommandCall, name: string): string {
  const value = textOf(values, name)?.trim() ?? '';
  if (value === '') throw new CommandError('usage', `--${name} is missing.`);
  return value;
}

function listOf({ values }: CommandCall, name: string): readonly string[] {
  const value = values[name];
  return Array.isArray(value) ? (value as readonly string[]) : [];
}

function wordOf<Word extends string>(
  option: string,
  typed: string,
  allowed: readonly Word[],
): Word {
  const word = allowed.find((one) => one === typed);
  if (word !== undefined) return word;
  throw new CommandError('usage', `--${option} must be one of ${allowed.join(', ')}.`);
}

function lineOf(client: ClientRow): string {
  const state = client.disabled_at === null ? client.kind : 'ended';
  return `${client.id}  ${state.padEnd(12)}  ${client.name}  ${client.scopes.join(' ')}`;
}
