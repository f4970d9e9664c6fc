/** Floors and their plans in the dashboard: in a real Chromium, with doors that open meanwhile (docs/floors.md). */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { tag, untilSynced } from '#test/kit/building';
import { startTestDashboard, type TestDashboard } from '#test/kit/dashboard';
import { addPerson } from '#test/kit/people';
import { pngOf } from '#test/kit/pictures';
import { until } from '#test/kit/wait';
import { createOpenGroup } from '#test/kit/core';

let board: TestDashboard;
beforeAll(async () => {
  board = await startTestDashboard();
}, 180_000);
afterAll(() => board.stop());

const seen = (text: string | RegExp) => board.page.getByText(text).first().waitFor();
const press = (name: string | RegExp) =>
  board.page.getByRole('button', { name, exact: true }).click();
const inDialog = (name: string) =>
  board.page.getByRole('dialog').getByRole('button', { name, exact: true }).click();
const plan = (name: string) => board.page.getByRole('region', { name: `Plan of ${name}` });
const marker = (name: RegExp | string) => plan('Ground floor').getByRole('button', { name });

type Place = { readonly lock_id: string; readonly x: number; readonly y: number };

/** Where the server has a lock of the only floor. */
async function placeOf(lock: string): Promise<Place | undefined> {
  const { server, house, owner } = board;
  const site = `${house.collectionId}/floors`;
  const floors = await server.ask('GET', `//v1.2/sites/${site}`, { token: owner.token });
  const [floor] = (floors.json as { items: { id: string }[] }).items;
  const answer = await server.ask('GET', `//ext/v1/sites/${site}/${floor?.id ?? ''}/plan`, {
    token: owner.token,
  });
  const { locks } = answer.json as { locks: Place[] };
  return locks.find(({ lock_id: id }) => id === house.lockId(lock));
}

it('the owner adds a floor, brings locks and uploads its plan', async () => {
  const { page } = board;
  await board.open('floors', 'Floor plans');
  for (const button of await page.getByRole('button', { name: /^Remove / }).all()) {
    await button.click();
    await inDialog('Remove');
  }
  await seen('No floors yet');
  await board.check('floors-empty');
  await press('Add a floor');
  await page.getByLabel('Name').fill('Ground floor');
  await inDialog('Add a floor');
  await seen('This floor has no plan yet');
  await press('Bring locks here');
  await inDialog('Front door');
  await page.getByRole('dialog').getByRole('button', { name: 'Storage' }).click();
  await page.getByRole('dialog').getByText('Every lock of the site is on this floor.').waitFor();
  await inDialog('Close');
  await board.check('floors-new');
  const file = page.locator('input[type=file]');
  await file.setInputFiles({
    name: 'plan.png',
    mimeType: 'image/png',
    buffer: Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'),
  });
  await seen(/Send a PNG, JPEG or WebP picture/);
  await file.setInputFiles({
    name: 'plan.png',
    mimeType: 'image/png',
    buffer: pngOf({ width: 1200, height: 800 }),
  });
  await seen('The plan is there. Put the locks where their doors are.');
  await plan('Ground floor').locator('img').waitFor();
  const cut = `[...document.querySelectorAll('.plan-row p')]
    .filter(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth)
    .map(({ textContent }) => textContent)`;
  expect(await page.locator('.plan-row').count()).toBe(2);
  expect(await page.evaluate(cut)).toEqual([]);
});

it('locks are placed by dragging and by the arrow keys', async () => {
  const { page } = board;
  await press('Put on the plan: Front door');
  await marker('Front door').waitFor();
  const box = await plan('Ground floor').locator('img').boundingBox();
  if (box === null) throw new Error('no plan is shown');
  await marker('Front door').hover();
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.3, box.y + box.height * 0.4, { steps: 5 });
  await page.mouse.move(box.x + box.width * 0.25, box.y + box.height * 0.75, { steps: 5 });
  await page.mouse.up();
  await until(
    async () => {
      const place = await placeOf('Front door');
      return place !== undefined && Math.hypot(place.x - 0.25, place.y - 0.75) < 0.01;
    },
    { what: 'the server has the place' },
  );
  await press('Put on the plan: Storage');
  await marker('Storage').focus();
  const before = await placeOf('Storage');
  for (const key of ['ArrowRight', 'ArrowRight', 'Shift+ArrowUp', 'ArrowLeft'])
    await page.keyboard.press(key);
  const expected = { x: (before?.x ?? 0) + 0.01, y: (before?.y ?? 0) - 0.05 };
  await until(
    async () => {
      const place = await placeOf('Storage');
      return place !== undefined && Math.hypot(place.x - expected.x, place.y - expected.y) < 0.0002;
    },
    { what: 'the keys have moved it' },
  );
  await board.check('floors-placing');
  await press('Done');
  expect(await page.getByRole('button', { name: /^Take off the plan/ }).count()).toBe(0);
});

it('a door that somebody opens shows it by itself, and then that it is locked', async () => {
  const { page, house, server } = board;
  await house.admit({ tagNumber: '00004711', locks: ['Front door'] });
  await untilSynced(server);
  await board.open('overview', 'Overview');
  await seen('Live');
  await page.getByRole('link', { name: 'Floor plans' }).click();
  await marker('Front door: Locked').waitFor();
  const colour = () =>
    page.evaluate(
      `getComputedStyle(document.querySelector('.plan-lock[aria-label^="Front door"]')).backgroundColor`,
    );
  const locked = await colour();
  await house.simulated.lock('Front door').present(tag('00004711'));
  await marker('Front door: Just opened').waitFor();
  expect(await colour()).not.toBe(locked);
  await marker('Front door: Locked').waitFor();
  expect(await colour()).toBe(locked);
  await marker(/^Front door/).click();
  await page.getByRole('region', { name: 'Front door', exact: true }).waitFor();
  await board.check('floors');
  await press('Open Front door');
  await inDialog('Open');
  await seen('Front door is open: the lock has confirmed it.');
});

it('on a phone the plan grows and a lock opens by two taps', async () => {
  const { page } = board;
  await page.setViewportSize({ width: 360, height: 740 });
  await board.open('floors', 'Floor plans');
  const width = async () => (await plan('Ground floor').locator('img').boundingBox())?.width ?? 0;
  const small = await width();
  await press('Larger');
  expect(await width()).toBeGreaterThan(small * 1.4);
  await press('Smaller');
  await marker(/^Storage/).click();
  await press('Open Storage');
  await inDialog('Open');
  await seen('Storage is open: the lock has confirmed it.');
  await page.setViewportSize({ width: 1440, height: 900 });
});

it('whoever may only open sees the doors in reach, and changes nothing', async () => {
  const { page, server, house } = board;
  const person = await addPerson(server, { siteId: house.collectionId, role: 'site_user' });
  await createOpenGroup(server, {
    accessors: [person.accessorId ?? ''],
    locks: [house.lockId('Storage')],
  });
  await board.signIn(person);
  await board.open('floors', 'Floor plans');
  await marker(/^Storage/).waitFor();
  expect(await marker(/^Front door/).count()).toBe(0);
  for (const name of ['Add a floor', 'Place locks', 'Remove the plan', 'Bring locks here'])
    expect(await page.getByRole('button', { name }).count()).toBe(0);
  await board.signIn(board.owner);
});

it('a plan and a floor are removed after their effect is said', async () => {
  await board.open('floors', 'Floor plans');
  await press('Rename Ground floor');
  await board.page.getByRole('dialog').getByLabel('Name').fill('Lobby');
  await inDialog('Save');
  await plan('Lobby').waitFor();
  await press('Remove the plan');
  await inDialog('Remove the plan');
  await seen('This floor has no plan yet');
  await press('Remove Lobby');
  await seen(/Its 2 locks stay/);
  await inDialog('Remove');
  await seen('No floors yet');
});
