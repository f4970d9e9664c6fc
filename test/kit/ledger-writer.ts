/** Writes into a ledger until it is killed, and says each number only after the ledger has said that it is on the disk. */
import { writeSync } from 'node:fs';
import { Ledger, usualLimits } from '#iq/ledger';
import { uuid } from './access-table.ts';

const [folder = '', boot = '1'] = process.argv.slice(2);
const ledger = new Ledger({
  folder,
  boot: () => Number(boot),
  onRecorded: () => undefined,
  onDropped: () => undefined,
  onDamaged: () => undefined,
  onWritable: () => undefined,
  limits: { ...usualLimits, eventsPerSegment: 50 },
});
await ledger.open();
writeSync(1, 'open\n');

async function write(): Promise<void> {
  const event = await ledger.append({
    kind: 'incident',
    lock_id: uuid(10),
    category: 'unknown',
    detail: 'x'.repeat(Math.floor(Math.random() * 300)),
    at: '2026-06-01T10:00:00.000Z',
    local: '2026-06-01T12:00:00',
  });
  if (event) writeSync(1, `${String(event.sequence)} ${event.id}\n`);
  return write();
}
await Promise.all(Array.from({ length: 8 }, () => write()));
