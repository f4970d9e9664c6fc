/** The plan of a site ends: its doors go on, and what the plan paid for does not (connect-api.md 2.4, behaviour.md 15 and 21). */
import type { HubConnection } from '@microsoft/signalr';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  partOf,
  readBuilding,
  startTestBuilding,
  tag,
  untilSynced,
  type TestBuilding,
} from '#test/kit/building';
import { startTestServer, type TestServer } from '#test/kit/cardea';
import { refusal } from '#test/kit/core';
import { listenAsOwner, type HeardEvent } from '#test/kit/listener';
import { addPerson, type TestPerson } from '#test/kit/people';
import { atSite, type AtTestSite } from '#test/kit/site';
import { until } from '#test/kit/wait';

let cardea: TestServer;
let house: TestBuilding;
let siteId: string;
let owner: TestPerson;
let asOwner: AtTestSite;
let listener: HubConnection;
let hasListenerEnded = false;
const heard: HeardEvent[] = [];

beforeAll(async () => {
  cardea = await startTestServer();
  const building = partOf(await readBuilding('harbour'), {
    hubs: ['Ground floor hub'],
    locks: ['Front door'],
  });
  house = await startTestBuilding(cardea, { building });
  siteId = house.collectionId;
  listener = await listenAsOwner(cardea, siteId, heard);
  listener.onclose(() => {
    hasListenerEnded = true;
  });
  owner = await addPerson(cardea, { siteId, role: 'owner' });
  asOwner = atSite(cardea, { siteId, person: owner });
  await house.admit({ tagNumber: '00001001', locks: ['Front door'] });
  await untilSynced(cardea);
  await cardea.database.pool.query(
    `update collections set subscription_starts_at = now() - interval '1 month', subscription_ends_at = now() where id = $1`,
    [siteId],
  );
}, 120_000);
afterAll(async () => {
  await listener.stop();
  await house.stop();
  await cardea.stop();
});

const opened = (tagNumber: string) => house.simulated.lock('Front door').present(tag(tagNumber));

describe('after the end of the plan', () => {
  it('the site says so', async () => {
    expect(await asOwner.read('GET', '')).toMatchObject({ subscription_valid: false });
    expect(await asOwner.read('GET', '/subscription')).toMatchObject({ is_valid: false });
  });

  it('doors open for those who may, and for people who come later', async () => {
    expect(await opened('00001001')).toMatchObject({ did: 'opened' });
    const person = await asOwner.read('POST', '/users', { first_name: 'Late', last_name: 'Comer' });
    const guest = await house.admit({ tagNumber: '00001002', locks: ['Front door'] });
    await untilSynced(cardea);
    expect(await opened('00001002')).toMatchObject({ did: 'opened' });
    await cardea.ask('DELETE', `/access_groups/${guest.groupId}`);
    await untilSynced(cardea);
    expect(await opened('00001002')).toMatchObject({ did: 'refused' });
    expect((await asOwner.ask('PUT', `/users/${person.id}/pin`, {})).status).toBe(200);
    const body = { locked_state: 'unlocked' };
    const path = `/locks/${house.lockId('Front door')}/locking`;
    expect((await asOwner.ask('PATCH', path, body)).status).toBe(200);
  });

  it('groups, hardware and the log are read and written as before', async () => {
    const group = await asOwner.read('POST', '/access_groups', { customer_reference: 'Later' });
    const lock_id = house.lockId('Front door');
    await asOwner.read('POST', `/access_groups/${group.id}/locks`, { lock_id });
    await asOwner.read('PATCH', `/locks/${lock_id}`, { customer_reference: 'Main door' });
    await until(async () => (await asOwner.items('/entries')).length >= 3, {
      what: 'the entries are in the log',
      timeoutMs: 60_000,
    });
    for (const path of ['/iqs', '/locks', '/users', '/tags', '/incidents'])
      expect((await asOwner.ask('GET', path)).status).toBe(200);
  });

  it('listeners are sent away, and events are neither streamed nor pulled nor posted', async () => {
    await until(() => hasListenerEnded, { what: 'the listener is sent away', timeoutMs: 90_000 });
    const { token } = owner;
    const negotiated = await cardea.ask(
      'POST',
      `//v1/hub/entries/negotiate?site_id=${siteId}&negotiateVersion=1`,
      { token },
    );
    expect(refusal(negotiated)).toBe('403 2212');
    const pulled = await asOwner.askAt('ext', 'GET', '/events?stream=entries');
    expect(refusal(pulled)).toBe('403 2212');
    const webhook = await asOwner.askAt('ext', 'POST', '/webhooks', {
      token,
      body: { url: 'https://example.test/', events: ['entry'] },
    });
    expect(refusal(webhook)).toBe('403 2212');
    expect((await asOwner.askAt('ext', 'GET', '/webhooks')).status).toBe(200);
  }, 120_000);

  it('other paid calls are refused, each for want of the plan', async () => {
    const { id } = await asOwner.read('POST', '/users', { first_name: 'Pia', last_name: 'Nos' });
    for (const [method, path, body] of [
      ['PUT', `/users/${id}/pin/custom`, { pin: '82641937' }],
      ['GET', '/eloxx/lockers', undefined],
      ['POST', '/reports/timeattendance', {}],
    ] as const) {
      const answer = await asOwner.ask(method, path, body);
      expect([path, refusal(answer)]).toEqual([path, '403 2212']);
    }
  });
});
