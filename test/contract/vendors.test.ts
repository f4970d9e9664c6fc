import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestServer, type TestServer } from '#test/kit/cardea';
import { itemsOf, refusal } from '#test/kit/core';

let cardea: TestServer;
beforeAll(async () => {
  cardea = await startTestServer();
});
afterAll(async () => {
  await cardea.stop();
});

const get = (path: string) => cardea.ask('GET', path);

describe('vendors', () => {
  it('are listed, the family of the simulated hardware among them', async () => {
    const [sallis] = await itemsOf(cardea, `/vendors?$filter=reference eq 'SALLIS'`);
    expect(sallis).toEqual({
      id: expect.any(String),
      reference: 'sallis',
      display_name: 'Sallis',
    });
    expect(await itemsOf(cardea, '/vendors')).toContainEqual(sallis);
  });

  it('are found by id and by reference in any letter case', async () => {
    const [vendor] = await itemsOf(cardea, '/vendors');
    for (const name of [vendor?.id, vendor?.id.toUpperCase(), 'sallis', 'SaLLiS']) {
      const answer = await get(`/vendors/${name}`);
      expect([answer.status, answer.json]).toEqual([200, vendor]);
    }
  });

  it('that nobody has are 404, by id and by reference', async () => {
    expect(refusal(await get(`/vendors/${randomUUID()}`))).toBe('404 1101');
    expect(refusal(await get('/vendors/nobody'))).toBe('404 1101');
  });
});
