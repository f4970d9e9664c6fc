import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestServer, type Answer, type TestServer } from '#test/kit/cardea';
import { create, createOpenGroup } from '#test/kit/core';
import { insertIq, insertLock, insertTag } from '#test/kit/rows';

let cardea: TestServer;
beforeAll(async () => {
  cardea = await startTestServer();
});
afterAll(async () => {
  await cardea.stop();
});

/** Everything a small site is made of, so that each of its parts can be pulled away while others are changed. */
async function layOut() {
  const { id: collection } = await create(cardea, '/collections');
  const iq = await insertIq(cardea, { collection_id: collection });
  const lock = await insertLock(cardea, {
    collection_id: collection,
    iq_id: iq,
    iq_link_state: 'attached',
  });
  const person = (await create(cardea, '/accessors', { collection_id: collection })).id;
  const tag = await insertTag(cardea);
  const key = (await create(cardea, `/accessors/${person}/keys`, { tag_id: tag.id })).id;
  const setting = `/accessors/${person}/collection_settings/${collection}`;
  await create(cardea, `/accessors/${person}/collection_settings`, { collection_id: collection });
  const group = await createOpenGroup(cardea, { accessors: [person], locks: [lock] });
  const floor = (await create(cardea, `/collections/${collection}/floors`)).id;
  return { collection, lock, person, tag: tag.id, key, setting, group, floor };
}

type Site = Awaited<ReturnType<typeof layOut>>;
type Act = readonly [method: string, path: string, body?: object];

const changes = (site: Site): readonly Act[] => [
  ['POST', `${site.setting}/key_settings`, byAccess(site.key)],
  ['PATCH', `/locks/${site.lock}/offline_keys`, { add_ids: [site.key] }],
  ['PATCH', `/access_groups/${site.group}/accessors`, { remove_ids: [site.person] }],
  ['PUT', `/access_groups/${site.group}/accessors`, { ids: [site.person] }],
  ['POST', `/access_groups/${site.group}/time_schedules`, { monday: true }],
  ['PATCH', `/accessors/${site.person}`, { blocked: true }],
  ['PUT', `/accessors/${site.person}/pin`, {}],
  ['PUT', `/accessors/${site.person}/pin/custom`, { pin: '2580' }],
  ['POST', `/accessors/${site.person}/keys`, { tag_id: site.tag }],
  ['PATCH', `/tags/${site.tag}`, { collection_id: site.collection }],
  ['PATCH', `/collections/${site.collection}/options`, { custom_pin_enabled: false }],
  [
    'PATCH',
    `/collections/${site.collection}/floors/${site.floor}`,
    { lock_to_add_ids: [site.lock] },
  ],
  ['POST', '/access_groups', { collection_id: site.collection }],
  ['POST', '/accessors', { id: randomUUID(), collection_id: site.collection }],
];

const removals = (site: Site): readonly Act[] => [
  ['DELETE', `/tags/${site.tag}?force=true`],
  ['DELETE', `/accessors/${site.person}?force=true`],
  ['DELETE', `/access_groups/${site.group}`],
  ['DELETE', `/collections/${site.collection}?force=true`],
  ['DELETE', `${site.setting}?force=true`],
  ['DELETE', `/accessors/${site.person}/keys/${site.key}?force=true`],
  ['DELETE', `/collections/${site.collection}/floors/${site.floor}?force=true`],
];

function byAccess(accessor_key_id: string) {
  return { accessor_key_id, offline_access_type: 'by_access' };
}

const ask = ([method, path, body]: Act): Promise<Answer> =>
  cardea.ask(method, path, body === undefined ? {} : { body });

describe('a part of a site that is removed while everything is being changed', () => {
  it.each([0, 1, 2, 3, 4, 5, 6])(
    'ends each change as done or as a refusal (removal %i)',
    async (index) => {
      const site = await layOut();
      const removal = removals(site)[index];
      if (removal === undefined) throw new Error('no such removal');
      const acts = changes(site);
      const answers = await Promise.all(
        [...acts.slice(0, 7), removal, ...acts.slice(7)].map((act) => ask(act)),
      );
      const failed = answers.filter((answer) => answer.status >= 500).map((answer) => answer.text);
      expect(failed).toEqual([]);
      expect(answers[7]?.status).toBe(204);
    },
    120_000,
  );
});
