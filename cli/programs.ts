/** `cardea start`, `demo`, `iq`, `simulate`: the programs themselves. They run in this very process until a signal ends them. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { readConfig } from '#server/runtime/config';
import { StartError } from '#server/runtime/start-error';
import {
  CommandError,
  exitCodes,
  textOf,
  type Command,
  type CommandCall,
  type OptionValues,
} from './command.ts';

const text = { type: 'string' } as const;

const start: Command = {
  words: 'start',
  answers: 'lines',
  summary: 'serves: APIs, dashboard, and the gateway of the hubs',
  help: `
Starts the server with the settings of the environment and of .env
(docs/settings.md), and serves until Ctrl-C or SIGTERM. It lays no demo
building unless CARDEA_DEMO says so. The first start prints a link with which
whoever installs it makes an account.

  --data <folder>    where everything lasts (default: CARDEA_DATA_DIR, else
                     ./data), with a PostgreSQL of its own
  --database <url>   a PostgreSQL instead (default: DATABASE_URL)
  --port <number>    of the APIs and the dashboard (default: CARDEA_HTTP_PORT)
  --hub-port <number>  of the gateway (default: CARDEA_MQTT_PORT)

  cardea start
  cardea start --data /var/lib/cardea/data --port 8080
`,
  options: { data: text, database: text, port: text, 'hub-port': text },
  run(call) {
    const { environment, values } = call;
    return serve(call, {
      ...placesOf(values),
      CARDEA_DEMO: environment['CARDEA_DEMO'] ?? 'none',
    });
  },
};

const demoFolder = 'cardea-demo';

const demo: Command = {
  words: 'demo',
  answers: 'lines',
  summary: 'serves a simulated building to play with',
  help: `
Starts a server with a demo building and prints where its dashboard is and four
lines that open a door. It keeps a folder and a PostgreSQL of its own: neither
CARDEA_DATA_DIR nor DATABASE_URL count, so that a real installation is never
touched. Delete the folder to begin anew.

  --building <name>  harbour (default, small) or compat (large)
  --data <folder>    where the demo lasts (default: ./${demoFolder})
  --port <number>    of the APIs and the dashboard (default: CARDEA_HTTP_PORT)
  --hub-port <number>  of the gateway (default: CARDEA_MQTT_PORT)
  --simulator-port <number>  of the simulator (default: CARDEA_SIMULATOR_PORT)

  cardea demo
  cardea demo --port 8081 --hub-port 8884 --simulator-port 8091
`,
  options: { building: text, data: text, port: text, 'hub-port': text, 'simulator-port': text },
  run(call) {
    const { values } = call;
    const building = textOf(values, 'building') ?? 'harbour';
    if (building !== 'harbour' && building !== 'compat')
      throw new CommandError('usage', `--building is harbour or compat, not ${building}.`);
    return serve(call, {
      ...placesOf({ ...values, data: textOf(values, 'data') ?? demoFolder }),
      CARDEA_DEMO: building,
    });
  },
};

const iq: Command = {
  words: 'iq',
  answers: 'lines',
  summary: 'runs a hub, whose doors open without the server too',
  help: `
Runs the hub software until Ctrl-C or SIGTERM, with simulated locks around it
when a building file is given.

  --server <url>     the gateway of the server, mqtts://host:port
  --ca <file>        PEM of the authority that signed the gateway's certificate,
                     device-ca.pem of the server's data folder
  --code <code>      activation code of this hub, 26 hex digits
  --data <folder>    everything the hub must not forget
  --name <text>      what it calls itself here (default: its mac)
  --building <file>  building file with its locks, or harbour, compat, spare
  --maker-key <file>  PEM of the key that firmware must be signed with (default:
                     no update is taken)
  --clock <word>     server (default: corrected by the server) or host

  cardea iq --server mqtts://localhost:8883 --ca data/device-ca.pem \\
    --code 0123456789ABCDEF0123456789 --data hub
`,
  options: {
    server: text,
    ca: text,
    code: text,
    data: text,
    name: text,
    building: text,
    'maker-key': text,
    clock: text,
  },
  run: ({ values }) => {
    need(values, ['server', 'ca', 'code', 'data']);
    return become('iq/main', argumentsOf(withBuilding(values)));
  },
};

const simulate: Command = {
  words: 'simulate',
  answers: 'lines',
  summary: 'runs the hubs and locks of a building file',
  help: `
Runs all hubs of a building, their locks and the people who use them, and
answers a control API on 127.0.0.1 (docs/simulator.md), until Ctrl-C or SIGTERM.

  --building <file>  a building file, or harbour, compat, spare
  --server <url>     the gateway of the server, mqtts://host:port
  --ca <file>        PEM of the authority that signed the gateway's certificate
  --data <folder>    where the hubs keep their tables and ledgers
  --port <number>    of the control API (default: 8090, 0 = none)
  --lines <word>     relayed (default) or direct: then lines cannot be broken
  --maker-key <file>  PEM of the key that the hardware believes for updates
  --quiet            nobody goes in or out by the script

  cardea simulate --building harbour --server mqtts://localhost:8883 \\
    --ca data/device-ca.pem --data data/simulator
`,
  options: {
    building: text,
    server: text,
    ca: text,
    data: text,
    port: text,
    lines: text,
    'maker-key': text,
    quiet: { type: 'boolean' },
  },
  run: ({ values }) => {
    need(values, ['building', 'server', 'ca', 'data']);
    return become('simulator/main', argumentsOf(withBuilding(values)));
  },
};

export const programCommands: readonly Command[] = [start, demo, iq, simulate];

type Settings = Readonly<Record<string, string>>;

/** The options as settings; a folder that is named means its own PostgreSQL, whatever the environment says. */
function placesOf(values: OptionValues): Settings {
  const given = (name: string, setting: string): Settings => {
    const value = textOf(values, name);
    return value === undefined ? {} : { [setting]: value };
  };
  const isAlone = textOf(values, 'data') !== undefined;
  return {
    ...(isAlone ? { DATABASE_URL: '', CARDEA_DATABASE_OWNER_URL: '' } : {}),
    ...given('data', 'CARDEA_DATA_DIR'),
    ...given('database', 'DATABASE_URL'),
    ...given('port', 'CARDEA_HTTP_PORT'),
    ...given('hub-port', 'CARDEA_MQTT_PORT'),
    ...given('simulator-port', 'CARDEA_SIMULATOR_PORT'),
  };
}

function serve({ environment, values }: CommandCall, given: Settings): Promise<never> {
  const settings = values['json'] === true ? { ...given, LOG_FORMAT: 'json' } : given;
  try {
    readConfig({ ...environment, ...settings });
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    throw new CommandError('usage', error.message, { cause: error });
  }
  Object.assign(process.env, settings);
  return become('server/main', []);
}

function need(values: OptionValues, names: readonly string[]): void {
  const missing = names.filter((name) => textOf(values, name) === undefined);
  if (missing.length === 0) return;
  const list = missing.map((name) => `--${name}`).join(', ');
  throw new CommandError('usage', `${list} must be given.`);
}

/** A building that comes with Cardea may be called by its name. */
function withBuilding(values: OptionValues): OptionValues {
  const building = textOf(values, 'building');
  if (building === undefined || existsSync(resolve(building))) return values;
  const own = new URL(`../simulator/buildings/${building}.json`, import.meta.url);
  if (/^[a-z]+$/.test(building) && existsSync(own))
    return { ...values, building: fileURLToPath(own) };
  throw new CommandError('usage', `there is no building file ${building}.`);
}

function argumentsOf(values: OptionValues): string[] {
  return Object.entries(values).flatMap(([name, value]) => {
    if (value === true) return [`--${name}`];
    return typeof value === 'string' ? [`--${name}`, value] : [];
  });
}

/**
 * Makes this process the program, so that a signal reaches it directly. A program that cannot go on ends with 1, which among
 * commands means that something was found.
 */
async function become(program: string, args: readonly string[]): Promise<never> {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const path = fileURLToPath(new URL(`../${program}.${extension}`, import.meta.url));
  process.argv = [process.argv[0] ?? process.execPath, path, ...args];
  process.once('exit', (code) => {
    if (code === exitCodes.found) process.exitCode = exitCodes.failed;
  });
  await import(pathToFileURL(path).href);
  return new Promise<never>(() => undefined);
}
