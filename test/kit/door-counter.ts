/**
 * A real hub with many doors whose bolts are counted: each opening is a line in a file, written before the lock answers, so that
 * no kill takes it back.
 */
import { writeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openAttachments } from '#iq/attachments';
import { createSystemClock } from '#iq/clock';
import { createHub } from '#iq/hub';
import { openHubState } from '#iq/state';
import { TableStore } from '#iq/table-store';
import { ids, items, lock, uuid } from './access-table.ts';
import { hubCode, scriptedHardware, usualStatus } from './hub-rig.ts';

const [folder = '', server = '', count = '0'] = process.argv.slice(2);
const doors = Array.from({ length: Number(count) }, (_, index) => ({
  id: uuid(100 + index),
  mac: `014FCA0A${String(index).padStart(6, '0')}`,
}));
const dataDir = join(folder, 'hub');
const bolts = openSync(join(folder, 'bolts'), 'a');

const state = await openHubState(dataDir);
if (state.get().iq_id === null) {
  await state.change({ iq_id: ids.iq, credential: 'a credential' });
  const tables = new TableStore(join(dataDir, 'table'));
  await tables.open();
  const locks = doors.map((door, index) => lock({ ...door, slot: index + 1 }));
  await tables.apply({ from: 0, to: 1, items: items({ locks }) });
  await tables.close();
  const attachments = await openAttachments(dataDir, (error) => {
    throw error;
  });
  for (const [index, door] of doors.entries())
    await attachments.put({
      ...door,
      kind: 'lock',
      slot: index + 1,
      parent_mac: null,
      is_confirmed: true,
      office_mode: 'none',
      window_done: null,
      was_reset: false,
      battery_warned: null,
    });
}

const hardware = scriptedHardware();
const silent = (): void => undefined;
const hub = createHub({
  dataDir,
  code: hubCode,
  server,
  ca: await readFile(join(folder, 'ca.pem')),
  driver: {
    ...hardware.driver,
    open(mac) {
      writeSync(bolts, `${mac}\n`);
      return Promise.resolve({ result: 'confirmed' });
    },
  },
  clock: createSystemClock(),
  log: { info: silent, warn: silent, error: silent },
});
await hub.start();
for (const { mac } of doors)
  await hardware.raise({ kind: 'lock_heartbeat', mac, at: new Date(), status: usualStatus });
