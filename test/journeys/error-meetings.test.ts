/** Every way to meet an error that the reference tells is gone, step by step, against a building like that of the demo. */
import { readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { assertNever } from '#contract/assert-never';
import { errorNames, errorRow, type ErrorName } from '#contract/errors';
import { meetings, type MeetingStep } from '#server/http/error-meetings';
import { layDemoCatalogue } from '#server/jobs/demo-catalogue';
import { createControl } from '#simulator/control';
import {
  readBuilding,
  startTestBuilding,
  untilCalledHome,
  untilSynced,
  type TestBuilding,
} from '#test/kit/building';
import { startTestServer, type Answer, type TestServer } from '#test/kit/cardea';
import { create } from '#test/kit/core';
import { freePort } from '#test/kit/ports';
import { until } from '#test/kit/wait';

let cardea: TestServer;
let house: TestBuilding;
let control: ReturnType<typeof createControl>;
let simulatorUrl: string;
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
  const { id: nora } = await create(cardea, '/accessors', { remote_access: true });
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
    PIOTR: piotr,
  });
  await untilSynced(cardea);
}, 120_000);
afterAll(async () => {
  await control.close();
  await house.stop();
  await cardea.stop();
});

const filled = (text: string): string =>
  text.replaceAll(/\$([A-Z]+)/g, (all, name: string) => names[name] ?? all);

/** Does one step; the answer of a call of the API. */
async function take(step: MeetingStep): Promise<Answer | undefined> {
  switch (step.on) {
    case 'api':
      return ask(step.method, step.path, step.body);
    case 'simulator':
    case 'spares': {
      const body = JSON.stringify(step.body);
      const answer = await fetch(simulatorUrl + step.path, { method: 'POST', body });
      expect([answer.status, await answer.text()]).toEqual([200, expect.any(String)]);
      return undefined;
    }
    case 'wait':
      await until(async () => (await ask('GET', step.path)).text.includes(step.text), {
        timeoutMs: 60_000,
        what: `${step.path} shows ${step.text}`,
      });
      return undefined;
    case 'keep': {
      const answer = await ask(step.body === undefined ? 'GET' : 'POST', step.path, step.body);
      const [, id = 'none'] = /"id":"([^"]*)"/.exec(answer.text) ?? [];
      names[step.name] = id;
      return undefined;
    }
    case 'database':
      await cardea.database.pool.query(step.sql);
      return undefined;
    case 'files':
      await rename(join(cardea.dataDir, step.from), join(cardea.dataDir, step.to));
      return undefined;
    default:
      return assertNever(step);
  }
}

function ask(method: string, path: string, body?: object): Promise<Answer> {
  const sent =
    body === undefined ? {} : { body: JSON.parse(filled(JSON.stringify(body))) as object };
  return cardea.ask(method, filled(path), sent);
}

/** The errors that take hardware, time or a fault, and a successful answer that carries one. */
const told: readonly ErrorName[] = errorNames.filter((name) =>
  [
    1501, 2202, 2203, 2204, 2205, 2206, 2207, 2208, 2209, 2211, 3010, 3101, 3102, 3103, 3104, 3105,
    3201,
  ].includes(errorRow(name).code),
);

describe('the reference of errors', () => {
  it('tells how to meet each that takes hardware or a fault', () => {
    expect(told).toHaveLength(17);
    expect(told.filter((name) => meetings[name] === undefined)).toEqual([]);
  });

  it.each(Object.entries(meetings))(
    'tells how to meet %s',
    async (name, { steps, after }) => {
      const row = errorRow(name as ErrorName);
      const answers: (Answer | undefined)[] = [];
      try {
        for (const step of steps) answers.push(await take(step));
        const last = answers.at(-1);
        expect(row.statuses, last?.text).toContain(last?.status);
        expect(last?.text).toContain(`"ErrorCode":"${row.code}"`);
        // The steps before only lead there.
        for (const earlier of answers.slice(0, -1))
          if (earlier !== undefined) expect([200, 204], earlier.text).toContain(earlier.status);
      } finally {
        for (const step of after) {
          const answer = await take(step);
          if (answer !== undefined) expect([200, 204], answer.text).toContain(answer.status);
        }
      }
    },
    120_000,
  );
});
