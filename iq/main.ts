/** The hub as a program, `cardea iq` and `npm run iq`: `--server mqtts://host:8883 --ca ca.pem --code <26 hex digits> --data dir`. */
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { parseBuilding, type Building } from '#contract/building';
import { createSystemClock } from './clock.ts';
import { createInstaller } from './drivers/simulated-installer.ts';
import { createSimulatedHardware } from './drivers/simulated.ts';
import { usualHardware, type HubHardware } from './hub-options.ts';
import { createHub } from './hub.ts';
import { createJsonLog, createLineLog } from './log.ts';

const usage = `usage: cardea iq --server mqtts://host:port --ca file --code <26 hex digits> --data dir
  --server    address of the device gateway
  --ca        PEM file of the authority that signed the gateway's certificate
  --code      activation code of this hub
  --data      folder for everything the hub must not forget
  --name      what this hub calls itself on the console (default: its mac)
  --building  JSON file whose simulated locks hang around this hub (default: none)
  --maker-key PEM of the public key that firmware must be signed with (default: no update is taken)
  --clock     server (default: corrected by the server) or host (kept right by this machine)
  --json      one JSON object a line on the console
`;

/** The command line does not say what the hub needs. */
class UsageError extends Error {
  override readonly name = 'UsageError';
}

type Settings = {
  readonly server: string;
  readonly ca: string;
  readonly code: string;
  readonly data: string;
  readonly name: string;
  readonly building: string | null;
  readonly clockCorrection: 'server' | 'none';
  readonly makerKey: string | null;
  readonly console: 'lines' | 'json';
};

function readSettings(args: readonly string[]): Settings {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      server: text,
      ca: text,
      code: text,
      data: text,
      name: text,
      building: text,
      clock: text,
      'maker-key': text,
      json: { type: 'boolean' },
    },
  });
  const { server, ca, data, clock = 'server' } = values;
  const code = values.code?.replaceAll(/[.\-: ]/g, '').toUpperCase();
  const faults = [
    server === undefined || !URL.canParse(server) || new URL(server).protocol !== 'mqtts:'
      ? '--server must be mqtts://host:port'
      : null,
    ca === undefined ? '--ca is missing' : null,
    code === undefined || !/^[0-9A-F]{26}$/.test(code) ? '--code must be 26 hex digits' : null,
    data === undefined ? '--data is missing' : null,
    clock === 'server' || clock === 'host' ? null : '--clock must be server or host',
  ].filter((fault) => fault !== null);
  if (!server || !ca || !code || !data || faults.length > 0)
    throw new UsageError(faults.join('\n'));
  return {
    server,
    ca,
    code,
    data,
    name: values.name ?? code.slice(0, 6),
    building: values.building ?? null,
    clockCorrection: clock === 'host' ? 'none' : 'server',
    makerKey: values['maker-key'] ?? null,
    console: values.json === true ? 'json' : 'lines',
  };
}

/** The building around the hub, with the hub in it: its own entry of the file, or a housing without locks. */
async function readBuilding({
  building: path,
  code,
  name,
}: Settings): Promise<Pick<Building, 'hubs' | 'locks' | 'repeaters' | 'installer'>> {
  const building = path === null ? null : parseBuilding(JSON.parse(await readFile(path, 'utf8')));
  const own = building?.hubs.find((hub) => hub.code === code);
  if (building && own) return building;
  if (building) throw new UsageError(`no hub of ${path ?? ''} has this activation code`);
  const hub = {
    id: '00000000-0000-4000-8000-000000000000',
    name,
    code,
    ...usualHardware,
    report: bareReport,
  };
  return { hubs: [hub], locks: [], repeaters: [], installer: 'manual' };
}

const absent = { priority: null, status: 'unavailable', mac_address: null } as const;
/** A program on somebody's machine knows of its network only that it is there. */
const bareReport = {
  signal_strength: 31,
  operator: null,
  radio_channel: 0,
  m2m: absent,
  ethernet: { priority: 1, status: 'active', mac_address: null },
  wifi: absent,
  versions: {
    modem_application_version: null,
    modem_firmware_version: null,
    router_firmware_version: null,
    node_firmware_version: usualHardware.software,
  },
} as const;

async function main(): Promise<void> {
  const settings = readSettings(process.argv.slice(2));
  const { name } = settings;
  const log =
    settings.console === 'json'
      ? createJsonLog((line) => process.stdout.write(line))
      : createLineLog((line) => process.stdout.write(`${name} ${line}`));
  const clock = createSystemClock();
  const building = await readBuilding(settings);
  const firmwareKey = settings.makerKey === null ? null : await readFile(settings.makerKey, 'utf8');
  const hardware = createSimulatedHardware({ building, clock, firmwareKey });
  const described: HubHardware =
    building.hubs.find((hub) => hub.code === settings.code) ?? usualHardware;
  const { model, revision, vendor, software, limits } = described;
  const hub = createHub({
    dataDir: settings.data,
    code: settings.code,
    server: settings.server,
    ca: await readFile(settings.ca),
    driver: hardware.driverFor(settings.code),
    clock,
    log,
    hardware: { model, revision, vendor, software, limits },
    clockCorrection: settings.clockCorrection,
    firmwareKey,
  });

  const installer = createInstaller({ hubs: [hub], hardware });

  let isEnding = false;
  async function end(): Promise<void> {
    if (isEnding) return;
    isEnding = true;
    installer.stop();
    await hub.stop();
    hardware.stop();
    log.info('stopped');
    process.exit(0);
  }
  process.on('SIGTERM', () => void end());
  process.on('SIGINT', () => void end());

  await hub.start();
  if (building.installer === 'automatic') installer.start();
  const view = hub.view();
  log.info('the hub runs', { hub_id: view?.hubId ?? null, boot: view?.boot ?? null });
}

main().catch((error: unknown) => {
  const text = error instanceof Error ? error.message : 'the hub could not start';
  const isUsage = error instanceof UsageError || error instanceof TypeError;
  process.stderr.write(isUsage ? `${text}\n\n${usage}` : `${text}\n`);
  process.exit(isUsage ? 2 : 1);
});
