import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { RightState } from '#contract/rights-state';
import type { SimulatedLock } from '#iq/drivers/simulated-lock';
import { createMovableClock } from '#simulator/clock';
import {
  partOf,
  readBuilding,
  startTestBuilding,
  tag,
  untilSynced,
  type Admitted,
  type TestBuilding,
} from '#test/kit/building';
import { startTestServer, type TestServer } from '#test/kit/cardea';
import { until } from '#test/kit/wait';

const patient = { timeoutMs: 60_000 };
const clock = createMovableClock();
const lockName = 'Front door';
let cardea: TestServer;
let house: TestBuilding;
let door: SimulatedLock;
let person: Admitted;
let next = 3100;
let number: string;

beforeAll(async () => {
  cardea = await startTestServer({ clock });
  const building = partOf(await readBuilding('harbour'), {
    hubs: ['Ground floor hub'],
    locks: [lockName],
  });
  house = await startTestBuilding(cardea, { building, clock });
  door = house.simulated.lock(lockName);
  await allow(7);
}, 120_000);
afterAll(async () => {
  await house.stop();
  await cardea.stop();
});

beforeEach(async () => {
  await door.backInRange();
  next += 1;
  number = String(next).padStart(8, '0');
  person = await house.admit({ tagNumber: number, locks: [lockName] });
  await untilSynced(cardea);
  await until(async () => (await state())?.state === 'in_hub', {
    ...patient,
    what: 'the hub holds the right',
  });
});

/** The lock setting has no operation on the Core face (decision 0150): its row, then any change of the lock. */
async function allow(days: number): Promise<void> {
  const lockId = house.lockId(lockName);
  await cardea.database.pool.query('update locks set audit_trail_days = $2 where id = $1', [
    lockId,
    days,
  ]);
  await cardea.ask('PATCH', `/locks/${lockId}`, { body: { customer_reference: lockName } });
  await untilSynced(cardea);
}

async function state(): Promise<RightState | undefined> {
  const { json } = await cardea.ask(
    'GET',
    `/locks/${house.lockId(lockName)}/rights_state?$top=1000`,
  );
  return (json as { items: RightState[] }).items.find(({ key_id: id }) => id === person.keyId);
}

function untilRevoked(word: RightState['state']): Promise<unknown> {
  return until(
    async () => {
      const found = await state();
      return found?.wanted === 'revoked' && found.state === word;
    },
    { ...patient, what: `the right is revoked, ${word}` },
  );
}

function block(): Promise<unknown> {
  const path = `/accessors/${person.accessorId}/keys/${person.keyId}`;
  return cardea.ask('PATCH', path, { body: { blocked: true } });
}

describe('a lock with access by audit trail', () => {
  it('lets in whoever it let in lately while its hub is out of reach, and nobody else', async () => {
    const stranger = await house.admit({ tagNumber: `9${number.slice(1)}`, locks: [lockName] });
    await untilSynced(cardea);
    expect(await door.present(tag(number))).toEqual({ did: 'opened', decidedBy: 'hub' });
    door.outOfRange();
    const written = house.simulated.listenAt(door);
    expect(await door.present(tag(number))).toEqual({ did: 'opened', decidedBy: 'lock' });
    expect(await door.present(tag(`9${number.slice(1)}`))).toEqual({
      did: 'refused',
      decidedBy: 'lock',
    });
    await door.backInRange();
    const told = () => written.events().filter((event) => event.kind === 'entry');
    await until(() => told().length === 2, { ...patient, what: 'the lock has told its entries' });
    written.stop();
    expect(told()).toMatchObject([
      { category: 'lock_opened', detail: 'offline', accessor_id: person.accessorId },
      {
        category: 'lock_rejected',
        detail: 'offline',
        reject_reason: 'lock_offline',
        accessor_id: stranger.accessorId,
      },
    ]);
  });

  it('keeps out a key revoked meanwhile as soon as it was reachable once, and says so not before', async () => {
    await door.present(tag(number));
    door.outOfRange();
    await block();
    await untilRevoked('requested');
    expect((await door.present(tag(number))).did).toBe('opened');
    // The hub gives up what it may have asked the lock meanwhile.
    await clock.move(6_000);
    await door.backInRange();
    await untilRevoked('in_lock');
    door.outOfRange();
    expect((await door.present(tag(number))).did).toBe('refused');
  });

  it('never lets in a blocked key that it knows as blocked', async () => {
    await door.present(tag(number));
    await block();
    await until(
      async () => {
        await door.beatNow();
        return (await state())?.state === 'in_lock';
      },
      { ...patient, what: 'the lock knows' },
    );
    door.outOfRange();
    expect((await door.present(tag(number))).did).toBe('refused');
  });

  it('stops letting anybody in by it when the setting is turned off', async () => {
    await door.present(tag(number));
    await allow(0);
    const view = () => house.simulated.hub('Ground floor hub').view();
    await until(() => view()?.locks.every((lock) => lock.memory_table_version === undefined), {
      ...patient,
      what: 'the lock was told',
    });
    door.outOfRange();
    expect((await door.present(tag(number))).did).toBe('refused');
    await door.backInRange();
    await allow(7);
  });
});
