import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestServer, type TestServer } from '#test/kit/cardea';

let cardea: TestServer;
beforeAll(async () => {
  cardea = await startTestServer();
});
afterAll(async () => {
  await cardea.stop();
});

const created = (id: string) => ({
  id,
  customer_reference: 'Harbour',
  country_code: 'NL',
  sync_mkey: true,
  masterkey_id: null,
  default_installer_id: null,
  default_installer_company_id: null,
  store_entry_events: true,
  store_incident_events: true,
  store_lam_audits: true,
  store_events_ttl: '90.00:00:00',
  vendors: [{ id: expect.any(String) as string, reference: 'sallis', display_name: 'Sallis' }],
  time_zone: 'Europe/Amsterdam',
});

describe('collections', () => {
  it('answers a create with the whole object and shows it at once', async () => {
    const id = randomUUID();
    const body = {
      id,
      Customer_Reference: 'Harbour',
      country_code: 'nl',
      time_zone: 'Europe/Amsterdam',
    };
    const answer = await cardea.ask('POST', '/collections', { body });
    expect(answer.status).toBe(200);
    expect(answer.json).toEqual(created(id));
    expect((await cardea.ask('GET', `/collections/${id.toUpperCase()}`)).json).toEqual(created(id));
    const list = await cardea.ask('GET', `/collections?$filter=id eq ${id}&$count=true`);
    expect(list.json).toEqual({ items: [created(id)], next_page_link: null, count: 1 });
  });

  it('creates from an empty body', async () => {
    const answer = await cardea.ask('POST', '/collections', { body: {} });
    expect(answer.status).toBe(200);
    expect(answer.json).toMatchObject({ customer_reference: null, time_zone: null });
  });

  it('refuses an id that is taken, in another tenant too', async () => {
    const id = randomUUID();
    await cardea.ask('POST', '/collections', { body: { id } });
    const other = await cardea.token('core_api.full', await cardea.addTenant('Other'));
    const answer = await cardea.ask('POST', '/collections', { body: { id }, token: other });
    expect(answer.status).toBe(400);
    expect(answer.json).toEqual({
      ErrorCode: '1101',
      Message: "Value of 'id' is invalid. It is taken.",
    });
    expect((await cardea.ask('GET', `/collections/${id}`, { token: other })).status).toBe(404);
  });

  it.each([
    ['country_code', 'XX'],
    ['country_code', 'NLD'],
    // Not assigned by ISO 3166 and withdrawn by it, though each has a name.
    ['country_code', 'UK'],
    ['country_code', 'YU'],
    ['time_zone', 'Europe/Atlantis'],
    ['time_zone', '+02:00'],
    ['store_events_ttl', '0.12:00:00'],
    ['store_events_ttl', '3651.00:00:00'],
    ['store_events_ttl', 'ninety days'],
    ['vendor_compatibility', ['acme']],
    ['masterkey_id', randomUUID()],
  ])('refuses %s = %s by name and changes nothing', async (name, value) => {
    const { id } = (await cardea.ask('POST', '/collections', { body: {} })).json as { id: string };
    const before = (await cardea.ask('GET', `/collections/${id}`)).json;
    const answer = await cardea.ask('PATCH', `/collections/${id}`, { body: { [name]: value } });
    expect(answer.status).toBe(400);
    expect(answer.json).toMatchObject({
      ErrorCode: '1101',
      Message: expect.stringContaining(`Value of '${name}' is invalid.`) as string,
    });
    expect((await cardea.ask('GET', `/collections/${id}`)).json).toEqual(before);
  });

  it.each(['GB', 'gf', 'ss', 'AX'])('takes the country %s', async (country) => {
    const answer = await cardea.ask('POST', '/collections', { body: { country_code: country } });
    expect(answer.json).toMatchObject({ country_code: country.toUpperCase() });
  });

  it('are told all their wrong values at once, each by name', async () => {
    const body = {
      country_code: 'XX',
      time_zone: 'Nowhere',
      store_events_ttl: '0.00:00:00',
      vendor_compatibility: ['acme'],
      masterkey_id: randomUUID(),
    };
    const answer = await cardea.ask('POST', '/collections', { body });
    const { ErrorCode: code, Message: message } = answer.json as Record<string, string>;
    expect([answer.status, code]).toEqual([400, '1101']);
    for (const name of Object.keys(body))
      expect(message).toContain(`Value of '${name}' is invalid`);
    expect(message).toMatch(/^Value of '/);
  });

  it('are told all their wrong options at once', async () => {
    const { id } = (await cardea.ask('POST', '/collections', { body: {} })).json as { id: string };
    const body = { otp_future_seconds: 181, door_left_open_seconds: 4, activity_log_days: 0 };
    const answer = await cardea.ask('PATCH', `/collections/${id}/options`, { body });
    expect(answer.json).toEqual({
      ErrorCode: '1101',
      Message: expect.stringMatching(/^Value of '/) as string,
    });
    for (const name of Object.keys(body))
      expect(answer.text).toContain(`Value of '${name}' is invalid. Allowed are `);
  });

  it('leaves absent and null members of a PATCH as they are and clears a text by ""', async () => {
    const body = { customer_reference: 'A', sync_mkey: false, time_zone: 'UTC' };
    const { id } = (await cardea.ask('POST', '/collections', { body })).json as { id: string };
    await cardea.ask('PATCH', `/collections/${id}`, { body: { sync_mkey: null } });
    const cleared = await cardea.ask('PATCH', `/collections/${id}`, { body: { time_zone: '' } });
    expect(cleared.json).toMatchObject({
      customer_reference: 'A',
      sync_mkey: false,
      time_zone: null,
    });
  });

  it('keeps a collection with an accessor in it unless forced', async () => {
    const { id } = (await cardea.ask('POST', '/collections', { body: {} })).json as { id: string };
    await cardea.database.pool.query(
      'insert into accessors (tenant_id, id, collection_id, created_at) values ($1, $2, $3, now())',
      [cardea.tenant.tenantId, randomUUID(), id],
    );
    const refused = await cardea.ask('DELETE', `/collections/${id}`);
    expect(refused.status).toBe(403);
    expect(refused.json).toMatchObject({ ErrorCode: '2203' });
    expect((await cardea.ask('DELETE', `/collections/${id}?force=true`)).status).toBe(204);
    expect((await cardea.ask('GET', `/collections/${id}`)).status).toBe(404);
  });
});
