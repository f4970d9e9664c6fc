/** Every way to meet an error that the reference tells is gone, step by step, against a building like that of the demo. */
import { readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { assertNever } from '#contract/assert-never';
import { errorRow, type ErrorName } from '#contract/errors';
import { meetings, type ApiStep, type MeetingStep } from '#server/http/error-meetings';
import { layDemoCatalogue } from '#server/jobs/demo-catalogue';
import { createControl } from '#simulator/control';
import {
  readBuilding,
  readObject,
  startTestBuilding,
  untilCalledHome,
  untilSynced,
  type TestBuilding,
} from '#test/kit/building';
import { startTestServer, type Answer, type TestServer } from '#test/kit/cardea';
import { create } from '#test/kit/core';
import { addPerson } from '#test/kit/people';
import { freePort } from '#test/kit/ports';
import { insertTag } from '#test/kit/rows';
import { until } from '#test/kit/wait';

let cardea: TestServer;
let house: TestBuilding;
let control: ReturnType<typeof createControl>;
let simulatorUrl: string;
let ownerToken: string;
const names: Record<string, string> = {};

beforeAll(async () => {
  cardea = await startTestServer();
  const building = await readBuilding('harbour');
  const keyPath = await layDemoCatalogue(cardea.dataDir, { building, now: new Date() });
  const firmwareKey = await readFile(keyPath, 'utf8');
  const spares = await readBuilding('spare');
  house = await startTestBuilding(cardea, { building, spares, firmwareKey });
  await untilCalledHome(cardea, spares.hubs[0]?.code ?? '');
  control = createControl(house.simulated);
  simulatorUrl = await control.listen({ port: await freePort(), host: '127.0.0.1' });
  const siteId = house.collectionId;
  ({ token: ownerToken } = await addPerson(cardea, { siteId, role: 'owner' }));
  const { accessorId: nora } = await addPerson(cardea, { siteId, role: 'site_user' });
  const { accessorId: daan } = await addPerson(cardea, { siteId, role: 'site_user' });
  await cardea.database.pool.query('update accessors set remote_access = true where id = $1', [
    nora,
  ]);
  await insertTag(cardea, { collection_id: siteId });
  const { id: piotr } = await create(cardea, '/accessors');
  await create(cardea, `/accessors/${piotr}/collection_settings`, {
    collection_id: house.collectionId,
    suspended: true,
  });
  await cardea.ask('PATCH', `/iqs/${house.iqId('Upstairs hub')}`, { body: { otp_enabled: true } });
  Object.assign(names, {
    HUB: house.iqId('Ground floor hub'),
    UPSTAIRS: house.iqId('Upstairs hub'),
    FRONT: house.lockId('Front door'),
    ROOF: house.lockId('Roof terrace'),
    NORA: nora,
    DAAN: daan,
    SITE: siteId,
    PIOTR: piotr,
  });
  await untilSynced(cardea);
}, 120_000);
afterAll(async () => {
  await control.close();
  await house.stop();
  await cardea.stop();
});

// The meeting before may have taken a hub away; its locks are heard a moment after it.
beforeEach(async () => {
  for (const name of ['Front door', 'Roof terrace'])
    await until(
      async () => (await readObject(cardea, `/locks/${house.lockId(name)}`))['online'] === true,
      { what: `${name} is online` },
    );
});

const filled = (text: string): string =>
  text.replaceAll(/\$([A-Z]+)/g, (all, name: string) => names[name] ?? all);

/** Does one step; the answer of a call of the API. */
async function take(step: MeetingStep): Promise<Answer | undefined> {
  switch (step.on) {
    case 'api':
      return ask(step);
    case 'simulator':
    case 'spares': {
      const body = JSON.stringify(step.body);
      const answer = await fetch(simulatorUrl + step.path, { method: 'POST', body });
      expect([answer.status, await answer.text()]).toEqual([200, expect.any(String)]);
      return undefined;
    }
    case 'wait':
      await until(async () => (await ask(read(step.path))).text.includes(step.text), {
        timeoutMs: 60_000,
        what: `${step.path} shows ${step.text}`,
      });
      return undefined;
    case 'keep': {
      const answer = await ask(step.call);
      const [, id = 'none'] = /"id":"([^"]*)"/.exec(answer.text) ?? [];
      names[step.name] = id;
      return undefined;
    }
    case 'database':
      await cardea.database.pool.query(filled(step.sql));
      return undefined;
    case 'files':
      await rename(join(cardea.dataDir, step.from), join(cardea.dataDir, step.to));
      return undefined;
    default:
      return assertNever(step);
  }
}

const read = (path: string): ApiStep => ({ on: 'api', by: 'program', method: 'GET', path });

function ask({ by, method, path, body }: ApiStep): Promise<Answer> {
  const sent =
    body === undefined ? {} : { body: JSON.parse(filled(JSON.stringify(body))) as object };
  const whom = { program: {}, owner: { token: ownerToken }, nobody: { token: null } }[by];
  // A whole path begins with the server's root.
  return cardea.ask(method, filled(by === 'owner' ? `/${path}` : path), { ...sent, ...whom });
}

describe('the reference of errors', () => {
  it.each(Object.entries(meetings))(
    'tells how to meet %s',
    async (name, { steps, after }) => {
      const row = errorRow(name as ErrorName);
      const answers: (Answer | undefined)[] = [];
      try {
        for (const step of steps) answers.push(await take(step));
        const last = answers.at(-1);
        expect(row.statuses, last?.text).toContain(last?.status);
        if (name === 'UNAUTHORIZED') expect(last?.text).toBe('');
        else expect(last?.text).toContain(`"ErrorCode":"${row.code}"`);
        // The steps before only lead there.
        for (const earlier of answers.slice(0, -1))
          if (earlier !== undefined) expect([200, 204], earlier.text).toContain(earlier.status);
      } finally {
        for (const step of after) {
          const answer = await take(step);
          if (answer !== undefined) expect([200, 202, 204], answer.text).toContain(answer.status);
        }
      }
    },
    120_000,
  );
});
