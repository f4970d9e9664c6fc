import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RightState } from '#contract/rights-state';
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

const clock = createMovableClock();
const hubName = 'Ground floor hub';
let cardea: TestServer;
let house: TestBuilding;
let person: Admitted;
let door: string;

beforeAll(async () => {
  cardea = await startTestServer({ clock });
  const building = partOf(await readBuilding('harbour'), {
    hubs: [hubName],
    locks: ['Front door'],
  });
  house = await startTestBuilding(cardea, { building, clock });
  door = house.lockId('Front door');
  person = await house.admit({ tagNumber: '00003001', locks: ['Front door'] });
}, 120_000);
afterAll(async () => {
  await house.stop();
  await cardea.stop();
});

async function right(): Promise<RightState | undefined> {
  const { json } = await cardea.ask('GET', `/locks/${door}/rights_state`);
  return (json as { items: RightState[] }).items.find(({ key_id: id }) => id === person.keyId);
}

function shows(wanted: RightState['wanted'], state: RightState['state']): Promise<unknown> {
  return until(
    async () => {
      const found = await right();
      return found?.wanted === wanted && found.state === state;
    },
    { what: `the right is ${wanted}, ${state}` },
  );
}

describe('a right on its way through a real hub', () => {
  it('is in the hub once the hub holds it', async () => {
    await untilSynced(cardea);
    await shows('granted', 'in_hub');
  });

  it('waits while the hub is away, and arrives when it is back', async () => {
    const hub = house.simulated.hub(hubName);
    hub.setLink('cut');
    await until(() => hub.view()?.link === 'down', { what: 'the hub has lost the server' });
    const path = `/accessors/${person.accessorId}/keys/${person.keyId}`;
    await cardea.ask('PATCH', path, { body: { blocked: true } });
    expect(await right()).toMatchObject({ wanted: 'revoked', confirmed_at: null });
    expect((await house.simulated.lock('Front door').present(tag('00003001'))).did).toBe('opened');
    hub.setLink('up');
    await shows('revoked', 'in_hub');
    expect((await house.simulated.lock('Front door').present(tag('00003001'))).did).toBe('refused');
    await cardea.ask('PATCH', path, { body: { blocked: false } });
    await shows('granted', 'in_hub');
  });

  it('is in the lock when the lock keeps it, also after the hub was off', async () => {
    const body = { add_ids: [person.keyId] };
    expect((await cardea.ask('PATCH', `/locks/${door}/offline_keys`, { body })).status).toBe(204);
    await shows('granted', 'in_lock');
    const hub = house.simulated.hub(hubName);
    await hub.pullPlug();
    await hub.plugIn();
    await until(() => hub.view()?.link === 'ready', { what: 'the hub is back' });
    await shows('granted', 'in_lock');
  });

  it('is not revoked before the lock has let it go: its door still opens', async () => {
    const lock = house.simulated.lock('Front door');
    lock.outOfRange();
    await cardea.ask('PATCH', `/access_groups/${person.groupId}/accessors`, {
      body: { remove_ids: [person.accessorId] },
    });
    await untilSynced(cardea);
    await shows('revoked', 'requested');
    expect(await lock.present(tag('00003001'))).toEqual({ did: 'opened', decidedBy: 'lock' });
    // The hub has given up the write that nobody answered.
    await clock.move(6_000);
    await lock.backInRange();
    await shows('revoked', 'in_lock');
    lock.outOfRange();
    expect((await lock.present(tag('00003001'))).did).toBe('refused');
  });
});
