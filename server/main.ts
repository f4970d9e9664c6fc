/**
 * The program: settings, database, server, demo building, and the end of all of them in the reverse order.
 * Ends with code 1 and a sentence when it cannot start.
 */
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createFirstOperator } from './account/first-operator.ts';
import { demoText, firstOperatorText, placesText } from './console.ts';
import { openDatabases } from './databases.ts';
import { makeFirstTenant } from './domain/tenants.ts';
import { buildingFile, readDemoBuilding, type DemoName } from './jobs/demo-building.ts';
import { layDemoCatalogue } from './jobs/demo-catalogue.ts';
import { demoFilePath } from './jobs/demo-file.ts';
import { layDemo } from './jobs/demo.ts';
import { createSimulatorProcess } from './jobs/simulator-process.ts';
import { createSystemClock } from './runtime/clock.ts';
import { readConfig, readEnvironment, type Config } from './runtime/config.ts';
import { createRandomIds } from './runtime/ids.ts';
import { createLog, type Log } from './runtime/log.ts';
import { createShutdown, type Shutdown } from './runtime/shutdown.ts';
import { StartError } from './runtime/start-error.ts';
import { openTracing } from './runtime/tracing.ts';
import { version } from './runtime/version.ts';
import { onceReachable, patienceMs } from './store/await-database.ts';
import type { Database } from './store/pool.ts';
import { createCardea, type Cardea } from './wire.ts';

const starting = new AbortController();

async function run(): Promise<void> {
  const config = readConfig(readEnvironment(process.cwd()));
  const isTerminal = process.stdout.isTTY;
  const format = config.logFormat === 'auto' ? (isTerminal ? 'lines' : 'json') : config.logFormat;
  const log = createLog({ level: config.logLevel, format });
  const clock = createSystemClock();
  const shutdown = createShutdown({ log, clock, exit: (code) => process.exit(code) });
  shutdown.register('the start', () => starting.abort());
  shutdown.listen();
  try {
    await start(config, { log, shutdown });
  } catch (error) {
    if (starting.signal.aborted) return;
    await shutdown.run('the start failed');
    throw error;
  }
}

type Running = { readonly log: Log; readonly shutdown: Shutdown };

async function start(config: Config, { log, shutdown }: Running): Promise<void> {
  const dataDir = resolve(config.dataDir);
  const { signal } = starting;
  const databases = await openDatabases({ ...config, dataDir }, { log, shutdown, signal });
  const { database } = databases;
  const clock = createSystemClock();
  const ids = createRandomIds();
  const tracing = await openTracing(readEnvironment(process.cwd()), { version, log });
  if (tracing !== null) shutdown.register('the traces', () => tracing.stop());
  const cardea = await createCardea({
    config: { ...config, dataDir },
    ...databases,
    clock,
    log,
    ids,
    tracing,
  });
  shutdown.register('the server', () => cardea.stop(), { timeoutMs: 20_000 });
  await cardea.start();
  const baseUrl = cardea.identity.issuer;
  const gatewayUrl = `mqtts://${config.mqttHost}:${config.mqttPort}`;
  const say = createConsole(config);
  const places = { base_url: baseUrl, gateway_url: gatewayUrl, data_dir: dataDir };
  say(placesText({ baseUrl, gatewayUrl, dataDir }), { msg: 'Cardea is ready', ...places });
  // The demo building comes with a tenant and accounts of its own.
  if (config.demo === 'none' && config.roles.includes('http')) {
    const { identity } = cardea;
    const firstOperator = createFirstOperator({ database, identity, clock, ids });
    const patience = { log, signal, withinMs: patienceMs };
    if (await onceReachable(() => makeFirstTenant({ database, clock, ids }), patience))
      log.info({}, 'the first tenant was made');
    const link = await onceReachable(() => firstOperator.makeLink(), patience);
    if (link !== undefined)
      say(firstOperatorText(link), { msg: 'Nobody runs this server yet', account_link: link });
  }
  const isDemoHere = config.roles.includes('http') && config.roles.includes('gateway');
  if (config.demo !== 'none' && isDemoHere)
    await showDemo(cardea, { name: config.demo, config, dataDir, database, log, shutdown });
}

type Showing = Running & {
  readonly name: DemoName;
  readonly config: Config;
  readonly dataDir: string;
  readonly database: Database;
};

async function showDemo(
  cardea: Cardea,
  { name, config, dataDir, database, log, shutdown }: Showing,
): Promise<void> {
  const clock = createSystemClock();
  if (cardea.caPath === null) {
    log.warn('no demo building: its hubs need the file CARDEA_TLS_CA to trust the gateway');
    return;
  }
  // An operator's own catalogue has a maker of its own, whom this hardware does not know.
  const makerKeyPath =
    config.updateCatalogue === undefined
      ? await layDemoCatalogue(dataDir, {
          building: await readDemoBuilding(name),
          now: clock.now(),
        })
      : null;
  const simulator = createSimulatorProcess({
    order: {
      buildingPath: fileURLToPath(buildingFile(name)),
      gatewayUrl: `mqtts://${config.mqttHost}:${config.mqttPort}`,
      caPath: cardea.caPath,
      dataDir: resolve(dataDir, 'simulator'),
      port: config.simulatorPort,
      makerKeyPath,
    },
    clock,
    log,
  });
  shutdown.register('the simulator', () => simulator.stop());
  simulator.start();
  const laying = layDemo(
    {
      database,
      identity: cardea.identity,
      domain: cardea.domain,
      clock,
      ids: createRandomIds(),
      log,
    },
    {
      name,
      dataDir,
      addresses: {
        base_url: cardea.identity.issuer,
        identity_url: cardea.identity.issuer,
        simulator_url: `http://127.0.0.1:${config.simulatorPort}`,
      },
    },
    starting.signal,
  );
  // It works with the server and its database, so it ends before they do.
  shutdown.register('the demo data', async () => {
    starting.abort();
    await laying.catch(() => undefined);
  });
  const demoPath = demoFilePath(dataDir);
  createConsole(config)(demoText(await laying, demoPath), {
    msg: 'The demo building is open',
    demo_file: demoPath,
  });
}

/** The console, beside the log: for the person who typed the command, or as one more object where JSON was asked for. */
function createConsole({ logFormat }: Config) {
  return (text: string, facts: Readonly<Record<string, string>>): void => {
    const shown = logFormat === 'json' ? JSON.stringify({ level: 'info', ...facts }) : text;
    process.stdout.write(`${shown}\n`);
  };
}

run().catch((error: unknown) => {
  const text =
    error instanceof StartError ? error.message : error instanceof Error ? error.stack : error;
  process.stderr.write(`\nCardea cannot start.\n${String(text)}\n`);
  process.exitCode = 1;
  process.exit();
});
