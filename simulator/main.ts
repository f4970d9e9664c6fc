/**
 * The command `npm run simulate`: a building from a script, its hubs connected to a server, and the control API.
 * Ends with exit code 2 when an argument is wrong, with 1 when it cannot start, and gently on SIGINT and SIGTERM.
 */
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { BuildingFileError, parseBuilding, type Building } from '#contract/building';
import { createJsonLog, createLineLog } from '#iq/log';
import { createBuilding } from './building.ts';
import { createControl } from './control.ts';

const usage = `npm run simulate -- --building file.json --server mqtts://host:port --ca file --data folder [--port 8090]
  --building  a building file (docs/simulator.md), for instance simulator/buildings/harbour.json
  --server    the device gateway
  --ca        PEM of the authority that signed the gateway's certificate
  --data      where the hubs keep their tables and ledgers
  --port      the control API on 127.0.0.1 (default 8090, 0 = none)
  --lines     relayed (default) or direct: without relays, lines cannot be broken
  --maker-key PEM of the public key that the hardware believes for updates (default: none)
  --quiet     nobody goes in or out by the script
  --json      one JSON object a line on the console
`;

class UsageError extends Error {
  override readonly name = 'UsageError';
}

function readArguments() {
  const { values } = parseArgs({
    options: {
      building: { type: 'string' },
      server: { type: 'string' },
      ca: { type: 'string' },
      data: { type: 'string' },
      port: { type: 'string', default: '8090' },
      lines: { type: 'string', default: 'relayed' },
      'maker-key': { type: 'string' },
      quiet: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const { building, server, ca, data, lines } = values;
  if (values.help || !building || !server || !ca || !data) throw new UsageError(usage);
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new UsageError(`--port ${values.port} is no port\n`);
  }
  if (lines !== 'relayed' && lines !== 'direct') {
    throw new UsageError(`--lines is relayed or direct, not ${lines}\n`);
  }
  return {
    building,
    server,
    ca,
    data,
    port,
    lines,
    makerKey: values['maker-key'] ?? null,
    activity: values.quiet ? 'off' : 'on',
    createLog: values.json ? createJsonLog : createLineLog,
  } as const;
}

async function readBuilding(path: string): Promise<Building> {
  const text = await readFile(path, 'utf8');
  try {
    return parseBuilding(JSON.parse(text));
  } catch (error) {
    if (error instanceof SyntaxError) throw new BuildingFileError([`${path}: ${error.message}`]);
    throw error;
  }
}

async function run(): Promise<void> {
  const options = readArguments();
  const script = await readBuilding(options.building);
  const log = options.createLog((line) => process.stdout.write(line));
  const building = createBuilding({
    building: script,
    server: options.server,
    ca: await readFile(options.ca),
    dataDir: options.data,
    log,
    lines: options.lines,
    firmwareKey: options.makerKey === null ? null : await readFile(options.makerKey, 'utf8'),
    activity: options.activity,
  });
  const control = createControl(building);
  if (options.port > 0) {
    const url = await control.listen({ port: options.port, host: '127.0.0.1' });
    log.info(`${script.name}: control API at ${url}/building`);
  }
  await building.start();
  log.info(`${script.name} is up`, { hubs: building.hubs.length, locks: building.locks.length });

  let isStopping = false;
  const stop = (): void => {
    if (isStopping) return;
    isStopping = true;
    void control
      .close()
      .then(() => building.stop())
      .then(() => process.exit(0));
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  // Whoever started it has died: a second simulator over the same folder must not meet this one.
  process.stdout.on('error', stop);
}

run().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = error instanceof UsageError || error instanceof TypeError ? 2 : 1;
});
