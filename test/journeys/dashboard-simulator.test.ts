/** The doors of a demo, played with in the dashboard (docs/dashboard.md). */
import { createServer, type Server } from 'node:http';
import Fastify, { type FastifyInstance } from 'fastify';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { registerSimulatorPanel } from '#server/jobs/simulator-panel';
import { createControl } from '#simulator/control';
import { untilSynced, type Admitted } from '#test/kit/building';
import { startTestDashboard, type TestDashboard } from '#test/kit/dashboard';
import { addPerson, addSite } from '#test/kit/people';
import { freePort } from '#test/kit/ports';
import { until } from '#test/kit/wait';

let board: TestDashboard;
let control: FastifyInstance;
let gate: Server;
let nora: Admitted;
const patient = { timeout: 60_000, interval: 500 };
beforeAll(async () => {
  const port = await freePort();
  // Taken at once: until the building stands, somebody else could come by.
  gate = createServer((request, response) => control.routing(request, response));
  await new Promise<void>((resolve) => gate.listen(port, '127.0.0.1', resolve));
  board = await startTestDashboard({
    settings: { CARDEA_DEMO: 'harbour', CARDEA_SIMULATOR_PORT: String(port) },
  });
  control = createControl(board.house.simulated);
  await control.ready();
  nora = await board.house.admit({ tagNumber: '00007501', locks: ['Front door'] });
}, 180_000);
afterAll(async () => {
  gate.closeAllConnections();
  gate.close();
  await control.close();
  await board.stop();
});

it('a tag is held, a PIN typed and a plug pulled; door and cloud tell side by side', async () => {
  const { page, house, server } = board;
  await board.open('overview', 'Overview');
  await page.getByRole('link', { name: 'Simulator', exact: true }).click();
  await page.getByRole('button', { name: /^Front door/ }).click();
  await page.getByLabel('You are').selectOption('Nora Visser');
  const door = page.getByRole('log', { name: 'What you did, and what the door did' });
  const cloud = page.getByRole('region', { name: 'What the cloud hears' });
  // The right is on its way to the hub: until then it stays shut. And the page hears of nothing before it listens.
  await expect
    .poll(
      async () => {
        await page.getByRole('button', { name: 'Hold the tag to the reader' }).click();
        return cloud.getByText('Opened').count();
      },
      { timeout: 60_000, interval: 1_000 },
    )
    .toBeGreaterThan(0);
  await door.getByText('It opens. The hub decided.').first().waitFor();

  await page.getByLabel('PIN', { exact: true }).fill('918273');
  await page.getByRole('button', { name: 'Type the PIN' }).click();
  await door.getByText('It stays shut. The hub decided.').first().waitFor();
  await cloud.getByRole('button', { name: 'Why was this refused?' }).first().waitFor();
  await board.check('simulator');

  const before = house.simulated.clock.movedMs;
  await page.getByRole('button', { name: 'One hour on' }).click();
  await page.getByText('(moved by you)').waitFor();
  // On its way it stops at whatever falls due.
  await until(() => house.simulated.clock.movedMs - before > 3_500_000, {
    what: 'the clock has been moved by an hour',
  });
  // The server's clock stays, and so its orders are not late.
  const opened = await server.ask('PATCH', `/locks/${house.lockId('Front door')}/locking`, {
    body: { locked_state: 'unlocked' },
  });
  expect([opened.status, opened.text]).toEqual([200, expect.any(String)]);
  await page.getByRole('button', { name: 'Back to real time' }).click();
  await page.getByText('(moved by you)').waitFor({ state: 'detached' });

  await page.getByRole('button', { name: /^Ground floor hub/ }).click();
  await page.getByRole('button', { name: 'Pull the plug' }).click();
  await page.getByRole('button', { name: 'Ground floor hub No power' }).waitFor();
  await page.getByRole('button', { name: 'Plug it in' }).click();
  await page.getByRole('button', { name: 'Ground floor hub Has power' }).waitFor();
});

it('a guest of one’s own is played by the PIN that was shown once, and the tour counts it', async () => {
  const { page, house, server, owner } = board;
  const site = `//v1.2/sites/${house.collectionId}`;
  const ask = async (method: 'POST' | 'PATCH' | 'PUT', path: string, body: unknown) => {
    const answer = await server.ask(method, site + path, { token: owner.token, body });
    expect(answer.status).toBeLessThan(300);
    return answer.json;
  };
  const guest = (await ask('POST', '/guests', { alias: 'Plumber' })) as {
    readonly id: string;
    readonly user: { readonly id: string };
  };
  const at = `/users/${guest.id}`;
  await ask('PATCH', at, { use_pin: true });
  await ask('POST', `/access_groups/${nora.groupId}/users`, { user_id: guest.user.id });
  await board.open('simulator', 'Simulator');
  await page.getByRole('button', { name: /^Front door/ }).click();
  await page.getByLabel('You are').selectOption({ label: 'Plumber' });
  await page.getByText('This person has no PIN yet.').waitFor();
  expect(await page.getByRole('button', { name: 'Hold the tag to the reader' }).isDisabled()).toBe(
    true,
  );
  const pin = String(await ask('PUT', `${at}/pin`, {}));
  await page.reload();
  await page.getByRole('button', { name: /^Front door/ }).click();
  await page.getByLabel('You are').selectOption({ label: 'Plumber' });
  await page.getByText('This person has a PIN: the one that was shown once.').waitFor();
  await page.getByLabel('PIN', { exact: true }).fill(pin);
  const door = page.getByRole('log', { name: 'What you did, and what the door did' });
  // Typed when the hub knows it: five wrong PINs shut a keypad for 30 s.
  await untilSynced(server);
  // Until the page hears of it: it listens a moment after it was loaded.
  await expect
    .poll(async () => {
      await page.getByRole('button', { name: 'Type the PIN' }).click();
      return page.getByText('Front door opened for Plumber').count();
    }, patient)
    .toBe(1);
  await door.getByText('Plumber types a PIN at Front door. It opens.').first().waitFor();
});

it('the tour is ticked by what really happens, up to the door that goes on without its hub', async () => {
  const { page, house, server } = board;
  await board.open('simulator', 'Simulator');
  const lock = `/locks/${house.lockId('Front door')}`;
  const placed = await server.ask('PATCH', `${lock}/offline_keys`, {
    body: { add_ids: [nora.keyId] },
  });
  expect(placed.status).toBe(204);
  await until(() => house.simulated.lock('Front door').offlineKeys > 0, {
    what: 'the lock holds the tag',
  });
  const tour = page.getByRole('region', { name: 'Five minutes with your doors' });
  const ticks = (count: number) =>
    expect.poll(() => tour.getByLabel('Done', { exact: true }).count(), patient).toBe(count);
  const show = () => tour.getByRole('button', { name: 'Show me where' }).click();
  const tap = () => page.getByRole('button', { name: 'Hold the tag to the reader' }).click();
  await show();
  // Until the page hears of it: it listens a moment after it was loaded.
  await expect
    .poll(async () => {
      await tap();
      return tour.getByText('Front door opened for Nora Visser').count();
    }, patient)
    .toBe(1);
  await page.getByRole('button', { name: 'To 23:00' }).click();
  await ticks(2);
  await show();
  await page.getByRole('button', { name: 'Type the PIN' }).click();
  await ticks(3);
  await show();
  await page.getByRole('button', { name: 'Pull the plug' }).click();
  await page.getByRole('button', { name: 'Ground floor hub No power' }).waitFor();
  await page.getByRole('button', { name: /^Front door/ }).click();
  await tap();
  await ticks(4);
  await show();
  await page.getByRole('button', { name: 'Plug it in' }).click();
  await ticks(5);
  await tour.getByText('Nothing was lost').waitFor();
  await board.check('simulator-tour');
  await page.getByRole('button', { name: 'Back to real time' }).click();
});

it('nobody plays but an owner, and only what the page offers', async () => {
  const { server, house, owner } = board;
  const siteId = house.collectionId;
  const admin = await addPerson(server, { siteId, role: 'site_admin' });
  const elsewhere = await addSite(server);
  const stranger = await addPerson(server, { siteId: elsewhere, role: 'owner' });
  const ask = async (token: string | null, path = 'building', site = siteId) => {
    const method = path === 'building' ? 'GET' : 'POST';
    const answer = await server.ask(method, `//demo/sites/${site}/simulator/${path}`, { token });
    return answer.status;
  };
  expect(await ask(owner.token)).toBe(200);
  expect(await ask(null)).toBe(401);
  expect(await ask(admin.token)).toBe(403);
  expect(await ask(stranger.token)).toBe(404);
  expect(await ask(stranger.token, 'building', elsewhere)).toBe(404);
  expect(await ask(owner.token, 'locks/Front%20door/reset')).toBe(404);
  expect(await ask(owner.token, 'locks/No%20such%20door/handle')).toBe(400);
  expect(await ask(owner.token, 'locks/Front%20door/..%2f..%2fclock')).toBe(404);
  // A server without a demo has no such address.
  const bare = Fastify();
  const { database, cardea } = server;
  const parts = { database, sitePlaces: cardea.domain.sitePlaces, checkToken: unasked };
  const config = {
    demo: 'none' as const,
    roles: ['http' as const, 'gateway' as const],
    simulatorPort: 1,
  };
  expect(registerSimulatorPanel(bare, { ...parts, config })).toBe(false);
  expect((await bare.inject(`/demo/sites/${siteId}/simulator/building`)).statusCode).toBe(404);
  await bare.close();
});

const unasked = () => Promise.reject(new Error('nobody is asked'));
