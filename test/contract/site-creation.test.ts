/** Who may make a site, and in which tenant: as the operator has set it (connect-api.md 4.1). */
import { expect, it } from 'vitest';
import { startTestServer, type TestServer } from '#test/kit/cardea';
import { addPerson, addSite } from '#test/kit/people';
import { appToken } from '#test/kit/phone-app';

const harbour = {
  customer_reference: 'Harbour',
  country_code: 'NL',
  time_zone: 'Europe/Amsterdam',
};

function make(server: TestServer, token: string) {
  return server.ask('POST', '//v1.2/sites', { token, body: harbour });
}

it('operators alone make sites where the operator wants it so', async () => {
  const server = await startTestServer({
    settings: { ROLES: 'http', CARDEA_SITE_CREATION: 'operators' },
  });
  try {
    const siteId = await addSite(server);
    const admin = await addPerson(server, { siteId, role: 'site_admin' });
    expect(await make(server, admin.token)).toMatchObject({ status: 403, text: '' });
    await server.database.pool.query('update logins set is_operator = true where id = $1', [
      admin.loginId,
    ]);
    expect((await make(server, admin.token)).status).toBe(200);
  } finally {
    await server.stop();
  }
});

it('our own app makes sites in the only tenant there is, and in none while there are several', async () => {
  const server = await startTestServer({ settings: { ROLES: 'http' } });
  try {
    const siteId = await addSite(server);
    const { loginId } = await addPerson(server, { siteId, role: 'site_user' });
    const token = await appToken(server, { loginId });
    const { status, json } = await make(server, token);
    expect(status).toBe(200);
    const { rows } = await server.database.pool.query(
      'select 1 from collections where id = $1 and tenant_id = $2',
      [(json as { id: string }).id, server.tenant.tenantId],
    );
    expect(rows).toHaveLength(1);
    await server.addTenant('Other');
    expect(await make(server, token)).toMatchObject({ status: 403, text: '' });
  } finally {
    await server.stop();
  }
});
