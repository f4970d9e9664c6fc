import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  partOf,
  readBuilding,
  startTestBuilding,
  tag,
  untilSynced,
  type TestBuilding,
} from '#test/kit/building';
import { startTestServer, type TestServer } from '#test/kit/cardea';
import { create } from '#test/kit/core';
import { mailSettings, startMailServer, type TestMailServer } from '#test/kit/mail-server';
import { addPerson, type TestPerson } from '#test/kit/people';
import { until } from '#test/kit/wait';

let mail: TestMailServer;
let cardea: TestServer;
let house: TestBuilding;
let owner: TestPerson;

beforeAll(async () => {
  mail = await startMailServer();
  const { smtpUrl, mailFrom } = mailSettings(mail.url);
  cardea = await startTestServer({
    settings: { CARDEA_SMTP_URL: smtpUrl, CARDEA_MAIL_FROM: mailFrom },
  });
  const building = partOf(await readBuilding('harbour'), {
    hubs: ['Ground floor hub'],
    locks: ['Front door'],
  });
  house = await startTestBuilding(cardea, { building });
  owner = await addPerson(cardea, { siteId: house.collectionId, role: 'owner' });
}, 120_000);

afterAll(async () => {
  await house.stop();
  await cardea.stop();
  await mail.stop();
});

function untilMailed(subject: string): Promise<string> {
  return until(
    () =>
      mail.mails.find(
        (message) => message.subject === subject && message.envelopeTo.includes(owner.email),
      )?.text,
    { what: `a mail says ${subject}`, timeoutMs: 60_000 },
  );
}

it('somebody who is given a tag is told so', async () => {
  const tagId = randomUUID();
  await cardea.database.pool.query(
    `insert into tags (tenant_id, id, tag_number, collection_id, added_date, registration_date, created_at)
     values ($1, $2, '00007527', $3, now(), now(), now())`,
    [cardea.tenant.tenantId, tagId, house.collectionId],
  );
  await create(cardea, `/accessors/${owner.accessorId ?? ''}/keys`, { tag_id: tagId });
  expect(await untilMailed('A tag was given to you')).toContain('The tag 00007527 opens doors');
  await untilSynced(cardea);
}, 120_000);

it('a door that refuses somebody is told of by mail within moments', async () => {
  const answer = await cardea.ask('POST', `//v1.1/sites/${house.collectionId}/entry_message_rule`, {
    token: owner.token,
    body: { customer_reference: 'Refusals', type: 'rejected', mail: true },
  });
  expect(answer.status).toBe(200);
  const door = house.simulated.lock('Front door');
  const shown = await door.present(tag('00007527'));
  expect(shown).toMatchObject({ did: 'refused' });
  const text = await untilMailed('Front door: refused');
  expect(text).toContain(
    'Front door refused Ada Visser with a tag: the person has no access to this door.',
  );
  expect(text).toContain('Hub: Ground floor hub');
}, 120_000);

it('a hub that falls silent is told of without any rule being made', async () => {
  house.simulated.hub('Ground floor hub').goSilent();
  await untilMailed('Ground floor hub: hub offline');
}, 120_000);
