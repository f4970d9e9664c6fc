import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AccessorId } from '#contract/ids';
import { startTestServer, type Answer, type TestServer } from '#test/kit/cardea';
import { create as createObject, type CoreObject } from '#test/kit/core';
import { insertActivePin, insertIq, insertTag, joinPerson } from '#test/kit/rows';

let cardea: TestServer;
beforeAll(async () => {
  cardea = await startTestServer();
});
afterAll(async () => {
  await cardea.stop();
});

const create = (path: string, body: object = {}) => createObject(cardea, path, body);

const accessor = async () => (await create('/accessors')).id as AccessorId;
const code = ({ json }: Answer) => (json as { ErrorCode: string }).ErrorCode;

describe('accessors', () => {
  it('answers a create with the whole object, every flag false when absent', async () => {
    const id = randomUUID();
    const answer = await cardea.ask('POST', '/accessors', { body: { id: id.toUpperCase() } });
    expect(answer.status).toBe(200);
    expect(answer.json).toEqual({
      id,
      remote_access: false,
      blocked: false,
      override_privacy_mode: false,
      toggle_easy_office_mode: false,
      toggle_manual_office_mode: false,
      collection_id: null,
    });
    expect((await cardea.ask('GET', `/accessors/${id}`)).json).toEqual(answer.json);
  });

  it('refuses an id that is taken and a collection that does not exist', async () => {
    const id = await accessor();
    const taken = await cardea.ask('POST', '/accessors', { body: { id } });
    expect([taken.status, code(taken)]).toEqual([400, '1101']);
    const lost = await cardea.ask('POST', '/accessors', {
      body: { collection_id: randomUUID() },
    });
    expect(lost.status).toBe(400);
    expect(lost.json).toEqual({
      ErrorCode: '1101',
      Message: "Value of 'collection_id' is invalid. Nothing has this id.",
    });
  });

  it('of two creates of one id at the same time one wins and one is told', async () => {
    const id = randomUUID();
    const answers = await Promise.all(
      Array.from({ length: 6 }, () => cardea.ask('POST', '/accessors', { body: { id } })),
    );
    expect(answers.map((answer) => answer.status).sort((a, b) => a - b)).toEqual([
      200, 400, 400, 400, 400, 400,
    ]);
  });

  it('keeps a member that a change leaves out or sends as null', async () => {
    const { id } = await create('/accessors', { blocked: true, remote_access: 'true' });
    const answer = await cardea.ask('PATCH', `/accessors/${id}`, {
      body: { blocked: null, toggle_easy_office_mode: true },
    });
    expect(answer.json).toMatchObject({
      blocked: true,
      remote_access: true,
      toggle_easy_office_mode: true,
    });
  });

  it('clears the collection by the nil UUID', async () => {
    const { id: collection_id } = await create('/collections');
    const { id } = await create('/accessors', { collection_id });
    const kept = await cardea.ask('PATCH', `/accessors/${id}`, { body: { collection_id: null } });
    expect(kept.json).toMatchObject({ collection_id });
    const cleared = await cardea.ask('PATCH', `/accessors/${id}`, {
      body: { collection_id: '00000000-0000-0000-0000-000000000000' },
    });
    expect(cleared.json).toMatchObject({ collection_id: null });
  });

  it('lists by every member, in pages that show each row once', async () => {
    const { id: collection_id } = await create('/collections');
    const ids: string[] = [];
    for (let index = 0; index < 5; index += 1)
      ids.push((await create('/accessors', { collection_id, blocked: index % 2 === 0 })).id);
    const filter = `$filter=collection_id eq '${collection_id}'`;
    const seen: string[] = [];
    let url: string | null = `/accessors?${filter}&$top=2&$count=true`;
    while (url !== null) {
      const answer: Answer = await cardea.ask('GET', url);
      const page = answer.json as {
        items: CoreObject[];
        next_page_link: string | null;
        count: number;
      };
      expect(page.count).toBe(5);
      seen.push(...page.items.map((item) => item.id));
      url = page.next_page_link?.replace(/^.*\/v1\.2/, '') ?? null;
    }
    expect(seen).toEqual(ids);
    const blocked = await cardea.ask('GET', `/accessors?${filter} and blocked eq true`);
    expect((blocked.json as { items: unknown[] }).items).toHaveLength(3);
    const unknown = await cardea.ask('GET', '/accessors?$filter=user_id eq null');
    expect([unknown.status, code(unknown)]).toEqual([400, '1102']);
  });

  it('is not deleted while it has a tag or an active IQ PIN, unless forced; the tag survives', async () => {
    const withTag = await accessor();
    const tag = await insertTag(cardea);
    await create(`/accessors/${withTag}/keys`, { tag_id: tag.id });
    const withPin = await accessor();
    await insertActivePin(cardea, { accessor_id: withPin, iq_id: await insertIq(cardea) });
    for (const id of [withTag, withPin]) {
      const refused = await cardea.ask('DELETE', `/accessors/${id}`);
      expect([refused.status, code(refused)]).toEqual([403, '2203']);
      expect((await cardea.ask('DELETE', `/accessors/${id}?force=true`)).status).toBe(204);
      expect((await cardea.ask('GET', `/accessors/${id}`)).status).toBe(404);
    }
    expect((await cardea.ask('GET', `/tags/${tag.id}`)).json).toMatchObject({ accessor_id: null });
  });

  it('of the owner of a site is not deleted, by force neither', async () => {
    const { id: collection_id } = await create('/collections');
    const { id } = await create('/accessors', { collection_id });
    await joinPerson(cardea, [id]);
    await cardea.database.pool.query(
      `update collections c set owner_user_id = a.user_id from accessors a where a.id = $1 and c.id = $2`,
      [id, collection_id],
    );
    const refused = await cardea.ask('DELETE', `/accessors/${id}?force=true`);
    expect([refused.status, code(refused)]).toEqual([403, '2203']);
  });

  it('goes without force with its memberships', async () => {
    const id = await accessor();
    const group = await create('/access_groups');
    await cardea.ask('PUT', `/access_groups/${group.id}/accessors`, { body: { ids: [id] } });
    expect((await cardea.ask('DELETE', `/accessors/${id}`, { body: [] })).status).toBe(204);
    const members = await cardea.ask('GET', `/access_groups/${group.id}/accessors`);
    expect((members.json as { items: unknown[] }).items).toEqual([]);
  });

  it('of another tenant answers as if it did not exist', async () => {
    const token = await cardea.token('core_api.full', await cardea.addTenant('Stranger'));
    const id = await accessor();
    for (const [method, path] of [
      ['GET', `/accessors/${id}`],
      ['PATCH', `/accessors/${id}`],
      ['DELETE', `/accessors/${id}?force=true`],
      ['GET', `/accessors/${id}/keys`],
      ['GET', `/accessors/${id}/access_groups`],
    ] as const) {
      const answer = await cardea.ask(method, path, { token });
      expect([path, answer.status, code(answer)]).toEqual([path, 404, '1101']);
    }
    expect((await cardea.ask('GET', `/accessors/${id}`)).status).toBe(200);
  });

  it('tells a missing object before a bad body, and a bad id before both', async () => {
    const missing = await cardea.ask('PATCH', `/accessors/${randomUUID()}`, { body: '{' });
    expect([missing.status, code(missing)]).toEqual([404, '1101']);
    const malformed = await cardea.ask('PATCH', '/accessors/7', { body: '{' });
    expect([malformed.status, code(malformed)]).toEqual([400, '1100']);
  });
});

describe('tags and keys', () => {
  it('a tag given to an accessor shows on both sides', async () => {
    const accessor_id = await accessor();
    const tag = await insertTag(cardea);
    const key = await create(`/accessors/${accessor_id}/keys`, { tag_id: tag.id, blocked: 'TRUE' });
    const shown = {
      id: expect.any(String) as string,
      key_id: tag.id,
      key_number: tag.tag_number,
      key_type: 'tag',
      accessor_id,
      blocked: true,
      vendors: [{ id: expect.any(String) as string, reference: 'sallis', display_name: 'Sallis' }],
    };
    expect(key).toEqual(shown);
    expect((await cardea.ask('GET', `/keys/${key.id}`)).json).toEqual(shown);
    expect((await cardea.ask('GET', `/accessors/${accessor_id}/keys`)).json).toEqual({
      items: [shown],
      next_page_link: null,
      count: null,
    });
    const found = await cardea.ask(
      'GET',
      `/tags?$filter=tag_number eq '${tag.tag_number}' and accessor_id eq ${accessor_id}`,
    );
    expect((found.json as { items: unknown[] }).items).toEqual([
      {
        id: tag.id,
        source_iq_id: null,
        tag_number: tag.tag_number,
        rfid_uid: null,
        added_date: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/) as string,
        registration_date: expect.stringMatching(/Z$/) as string,
        collection_id: null,
        accessor_id,
        expiry_date: null,
        vendors: shown.vendors,
      },
    ]);
  });

  it('the same tag again gives the existing key, to somebody else it is refused', async () => {
    const [first, second] = [await accessor(), await accessor()];
    const tag = await insertTag(cardea);
    const key = await create(`/accessors/${first}/keys`, { tag_id: tag.id });
    expect(await create(`/accessors/${first}/keys`, { tag_id: tag.id, blocked: true })).toEqual(
      key,
    );
    const other = await cardea.ask('POST', `/accessors/${second}/keys`, {
      body: { tag_id: tag.id },
    });
    expect([other.status, code(other)]).toEqual([403, '2203']);
  });

  it('one person may hold a tag under each of the own accessors', async () => {
    const [first, second] = [await accessor(), await accessor()];
    await joinPerson(cardea, [first, second]);
    const tag = await insertTag(cardea);
    await create(`/accessors/${first}/keys`, { tag_id: tag.id });
    expect(await create(`/accessors/${second}/keys`, { tag_id: tag.id })).toMatchObject({
      accessor_id: second,
    });
  });

  it('two assignments of one tag at the same time end with one holder', async () => {
    const people = await Promise.all(Array.from({ length: 6 }, accessor));
    const tag = await insertTag(cardea);
    const answers = await Promise.all(
      people.map((id) => cardea.ask('POST', `/accessors/${id}/keys`, { body: { tag_id: tag.id } })),
    );
    expect(answers.map((answer) => answer.status).sort((a, b) => a - b)).toEqual([
      200, 403, 403, 403, 403, 403,
    ]);
  });

  it('refuses a key without tag, with an unknown one and with no UUID', async () => {
    const path = `/accessors/${await accessor()}/keys`;
    const none = await cardea.ask('POST', path, { body: {} });
    expect(none.status).toBe(400);
    expect(none.json).toMatchObject({ ErrorCode: '1100' });
    expect((none.json as { Message: string }).Message).toContain('The tag_id field is required.');
    const lost = await cardea.ask('POST', path, { body: { tag_id: randomUUID() } });
    expect([lost.status, lost.json]).toEqual([
      400,
      { ErrorCode: '1101', Message: "Value of 'tag_id' is invalid. Nothing has this id." },
    ]);
    expect(code(await cardea.ask('POST', path, { body: { tag_id: '7' } }))).toBe('1100');
  });

  it('a lost tag is swapped: the key keeps its id and the old tag is free', async () => {
    const id = await accessor();
    const [old, fresh] = [await insertTag(cardea), await insertTag(cardea)];
    const key = await create(`/accessors/${id}/keys`, { tag_id: old.id });
    const path = `/accessors/${id}/keys/${key.id}`;
    const swapped = await cardea.ask('PATCH', path, { body: { key_id: fresh.id } });
    expect(swapped.json).toEqual({ ...key, key_id: fresh.id, key_number: fresh.tag_number });
    expect((await cardea.ask('GET', `/tags/${old.id}`)).json).toMatchObject({ accessor_id: null });
    await create(`/accessors/${await accessor()}/keys`, { tag_id: old.id });
    const back = await cardea.ask('PATCH', path, { body: { key_id: old.id } });
    expect([back.status, code(back)]).toEqual([403, '2203']);
    const lost = await cardea.ask('PATCH', path, { body: { key_id: randomUUID() } });
    expect([lost.status, code(lost)]).toEqual([400, '1101']);
  });

  it('a key is found under its own accessor only, and un-assigning leaves the tag', async () => {
    const id = await accessor();
    const tag = await insertTag(cardea);
    const key = await create(`/accessors/${id}/keys`, { tag_id: tag.id });
    const elsewhere = `/accessors/${await accessor()}/keys/${key.id}`;
    expect((await cardea.ask('PATCH', elsewhere, { body: {} })).status).toBe(404);
    expect((await cardea.ask('DELETE', elsewhere)).status).toBe(404);
    expect((await cardea.ask('DELETE', `/accessors/${id}/keys/${key.id}`)).status).toBe(204);
    expect((await cardea.ask('GET', `/keys/${key.id}`)).status).toBe(404);
    expect((await cardea.ask('GET', `/tags/${tag.id}`)).status).toBe(200);
  });

  it('a tag changes expiry, collection and RFID number', async () => {
    const { id: collection_id } = await create('/collections');
    const tag = await insertTag(cardea);
    const body = { expiry_date: '2050-01-01', collection_id, rfid_uid: ' 04A1B2 ' };
    const answer = await cardea.ask('PATCH', `/tags/${tag.id}`, { body });
    expect(answer.json).toMatchObject({
      expiry_date: '2050-01-01T00:00:00Z',
      collection_id,
      rfid_uid: '04A1B2',
    });
    const cleared = await cardea.ask('PATCH', `/tags/${tag.id}`, {
      body: { expiry_date: '', collection_id: null, rfid_uid: '' },
    });
    expect(cleared.json).toMatchObject({ expiry_date: null, collection_id, rfid_uid: null });
    for (const wrong of [
      { expiry_date: 'soon' },
      { collection_id: randomUUID() },
      { rfid_uid: 'x'.repeat(65) },
    ])
      expect(code(await cardea.ask('PATCH', `/tags/${tag.id}`, { body: wrong }))).toBe('1101');
  });

  it('a tag with a key is deleted by force only, a master key never', async () => {
    const id = await accessor();
    const tag = await insertTag(cardea);
    const key = await create(`/accessors/${id}/keys`, { tag_id: tag.id });
    const refused = await cardea.ask('DELETE', `/tags/${tag.id}`);
    expect([refused.status, code(refused)]).toEqual([403, '2203']);
    const { id: collectionId } = await create('/collections', { masterkey_id: tag.id });
    const master = await cardea.ask('DELETE', `/tags/${tag.id}?force=true`);
    expect([master.status, code(master)]).toEqual([403, '2203']);
    await cardea.ask('DELETE', `/collections/${collectionId}`);
    expect((await cardea.ask('DELETE', `/tags/${tag.id}?force=true`)).status).toBe(204);
    expect((await cardea.ask('GET', `/keys/${key.id}`)).status).toBe(404);
    expect((await cardea.ask('GET', `/tags/${tag.id}`)).status).toBe(404);
  });

  it('the day-to-day scope writes people and keys, but no tags', async () => {
    const token = await cardea.token('core_api.standard');
    const { id } = await create('/accessors');
    const tag = await insertTag(cardea);
    const options = { token, body: { tag_id: tag.id } };
    expect((await cardea.ask('POST', `/accessors/${id}/keys`, options)).status).toBe(200);
    const refused = await cardea.ask('PATCH', `/tags/${tag.id}`, { token, body: {} });
    expect([refused.status, refused.text]).toEqual([403, '']);
  });
});
