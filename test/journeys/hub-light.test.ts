import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SimulatedHub } from '#simulator/hub';
import {
  partOf,
  readBuilding,
  readObject,
  startTestBuilding,
  type TestBuilding,
} from '#test/kit/building';
import { startTestServer, type TestServer } from '#test/kit/cardea';
import { until } from '#test/kit/wait';

const hubName = 'Ground floor hub';
let cardea: TestServer;
let house: TestBuilding;
let hub: SimulatedHub;

beforeAll(async () => {
  cardea = await startTestServer();
  const building = partOf(await readBuilding('harbour'), { hubs: [hubName], locks: [] });
  house = await startTestBuilding(cardea, { building });
  hub = house.simulated.hub(hubName);
}, 120_000);
afterAll(async () => {
  await house.stop();
  await cardea.stop();
});

const patch = (body: object) => cardea.ask('PATCH', `/iqs/${house.iqId(hubName)}`, { body });
const showing = (word: string) =>
  until(() => hub.light === word, { timeoutMs: 60_000, what: `the hub shows ${word}` });

describe('the light of a hub', () => {
  it('is the pattern that was chosen for it, dark when switched off', async () => {
    expect((await patch({ led_pattern: 'rgb_every_5_seconds', led_enabled: true })).status).toBe(
      200,
    );
    await showing('rgb_every_5_seconds');
    await patch({ led_enabled: false });
    await showing('off');
    await patch({ led_enabled: true });
    await showing('rgb_every_5_seconds');
  });

  it('is red each second without the server', async () => {
    await patch({ led_pattern: 'permanent_green', led_enabled: true });
    await showing('permanent_green');
    hub.setLink('cut');
    await showing('blink_red_every_second');
    hub.setLink('up');
    await showing('permanent_green');
  });

  it('is purple from the reset by its button on, until its content is restored', async () => {
    await patch({ led_pattern: 'permanent_green', led_enabled: true });
    await showing('permanent_green');
    await hub.pressButton(12_000);
    await showing('permanent_purple');
    // The hub knows of its reset before the server does.
    await until(
      async () => {
        const iq = await readObject(cardea, `/iqs/${house.iqId(hubName)}`);
        return iq['restore_required'] === true && iq['online'] === true;
      },
      { what: 'the server knows of the reset' },
    );
    const restored = await cardea.ask('POST', `/iqs/${house.iqId(hubName)}/restore`);
    expect(restored.status).toBe(200);
    await showing('permanent_green');
  });
});
