import { randomBytes, randomUUID } from 'node:crypto';
import type { LoginId, UserId } from '#contract/ids';
import { builtInRoles, findBuiltInRole, type BuiltInRoleCode } from '#contract/roles';
import { opensFromAfar } from '#server/domain/permissions';
import type { TestServer, TestTenant } from './cardea.ts';

export type TestPerson = {
  readonly loginId: LoginId;
  readonly userId: UserId;
  /** The person as the hardware of the site sees them; null for somebody without a role there. */
  readonly accessorId: string | null;
  readonly token: string;
  readonly email: string;
  readonly password: string;
};

/** A collection of the tenant, as a site. */
export async function addSite(
  { database, tenant }: TestServer,
  of: TestTenant = tenant,
): Promise<string> {
  const id = randomUUID();
  await database.pool.query(
    'insert into collections (tenant_id, id, customer_reference, created_at) values ($1, $2, $3, now())',
    [of.tenantId, id, 'Harbour'],
  );
  return id;
}

/** Somebody who can sign in, with a role in a site or none, and a token of the Connect face. */
export async function addPerson(
  server: TestServer,
  {
    siteId,
    role,
    tenant = server.tenant,
    language = null,
  }: {
    readonly siteId: string;
    readonly role: BuiltInRoleCode | readonly BuiltInRoleCode[] | 'owner' | null;
    readonly tenant?: TestTenant;
    readonly language?: string | null;
  },
): Promise<TestPerson> {
  const { logins } = server.cardea.identity;
  const email = `ada+${randomBytes(6).toString('hex')}@example.test`;
  const password = randomBytes(12).toString('base64url');
  const person = { email, password, firstName: 'Ada', lastName: 'Visser', isEmailVerified: true };
  const made = await logins.createLogin(person);
  if ('fault' in made) throw new Error(made.fault);
  const { loginId } = made;
  if (language !== null)
    await server.database.pool.query('update logins set language = $2 where id = $1', [
      loginId,
      language,
    ]);
  const userId = await logins.joinTenant({ loginId, tenantId: tenant.tenantId });
  const accessorId = role === null ? null : randomUUID();
  if (accessorId !== null)
    await server.database.pool.query(
      `insert into accessors (tenant_id, id, user_id, collection_id, role_ids, remote_access, created_at)
       values ($1, $2, $3, $4, $5, $6, now())`,
      [
        tenant.tenantId,
        accessorId,
        userId,
        siteId,
        roleIdsOf(role),
        opensFromAfar(roleIdsOf(role).flatMap((id) => findBuiltInRole(id) ?? [])),
      ],
    );
  if (role === 'owner')
    await server.database.pool.query('update collections set owner_user_id = $2 where id = $1', [
      siteId,
      userId,
    ]);
  const token = await personToken(server, { tenant, email, password });
  return { loginId, userId, accessorId, token, email, password };
}

function roleIdsOf(role: BuiltInRoleCode | readonly BuiltInRoleCode[] | 'owner' | null): string[] {
  if (role === null) return [];
  const codes = typeof role === 'string' ? [role === 'owner' ? 'site_admin' : role] : role;
  return codes.map((code) => builtInRoles[code].id);
}

async function personToken(
  { url }: TestServer,
  { tenant, email, password }: { tenant: TestTenant; email: string; password: string },
): Promise<string> {
  const response = await fetch(`${url}/connect/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'password',
      client_id: tenant.clientId,
      client_secret: tenant.clientSecret,
      username: email,
      password,
      scope: 'user_api.full_access',
    }),
  });
  const body = (await response.json()) as { access_token?: string };
  if (body.access_token === undefined) throw new Error(`no token: ${JSON.stringify(body)}`);
  return body.access_token;
}
