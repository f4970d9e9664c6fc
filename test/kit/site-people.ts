import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import { builtInRoles, type BuiltInRoleCode } from '#contract/roles';
import { startTestServer, type Answer, type TestServer } from './cardea.ts';
import { startMailServer, type ReceivedMail, type TestMailServer } from './mail-server.ts';
import { addPerson, addSite, type TestPerson } from './people.ts';

/** A site user as an answer shows it. */
export type ShownUser = {
  readonly id: string;
  readonly user: { readonly id: string } & Readonly<Record<string, unknown>>;
  readonly roles: readonly { readonly code: string }[];
} & Readonly<Record<string, unknown>>;

export type AskOfSite = {
  /** Absent = the admin. */
  readonly as?: TestPerson;
  readonly body?: unknown;
  readonly version?: 'v1.1' | 'v1.2';
  /** Absent = the first site. */
  readonly site?: string;
};

/** A server with a mail server, two sites of one tenant and people of every level in the first. */
export type SitePeople = {
  readonly server: TestServer;
  readonly mails: TestMailServer;
  readonly siteId: string;
  /** Owner and admin are admins there, too. */
  readonly otherSiteId: string;
  readonly owner: TestPerson;
  readonly admin: TestPerson;
  readonly superUser: TestPerson;
  readonly user: TestPerson;
  /** Asks below the site: `/users`. */
  ask(method: string, path: string, options?: AskOfSite): Promise<Answer>;
  /** Adds a user with names. */
  add(more?: object, options?: AskOfSite): Promise<ShownUser>;
  itemsOf(path: string, options?: AskOfSite): Promise<ShownUser[]>;
  mailsTo(address: string): readonly ReceivedMail[];
  stop(): Promise<void>;
};

export const graceHopper = { first_name: 'Grace', last_name: 'Hopper' } as const;

export const freshAddress = (): string => `grace+${randomUUID()}@example.test`;

export const roleIds = (...codes: BuiltInRoleCode[]): string[] =>
  codes.map((code) => builtInRoles[code].id);

/** The site user of an answer; anything but 200 and 201 fails the test. */
export async function userOf(answer: Answer | Promise<Answer>): Promise<ShownUser> {
  const { status, text, json } = await answer;
  expect([status, text]).toEqual([expect.toBeOneOf([200, 201]), expect.any(String)]);
  return json as ShownUser;
}

export async function startSitePeople(
  options: { readonly clock?: Date } = {},
): Promise<SitePeople> {
  const mails = await startMailServer();
  const server = await startTestServer({
    ...options,
    settings: { CARDEA_SMTP_URL: mails.url, CARDEA_MAIL_FROM: 'Cardea <doors@harbour.example>' },
  });
  const [siteId, otherSiteId] = [await addSite(server), await addSite(server)];
  const owner = await addPerson(server, { siteId, role: 'owner' });
  const admin = await addPerson(server, { siteId, role: 'site_admin' });
  const superUser = await addPerson(server, { siteId, role: 'site_super_user' });
  const user = await addPerson(server, { siteId, role: 'site_user' });
  for (const { userId } of [owner, admin])
    await server.database.pool.query(
      `insert into accessors (tenant_id, id, user_id, collection_id, role_ids, created_at)
       values ($1, gen_random_uuid(), $2, $3, $4, now())`,
      [server.tenant.tenantId, userId, otherSiteId, roleIds('site_admin')],
    );
  const ask: SitePeople['ask'] = (
    method,
    path,
    { as = admin, body, version = 'v1.2', site = siteId } = {},
  ) =>
    server.ask(method, `//${version}/sites/${site}${path}`, {
      token: as.token,
      ...(body === undefined ? {} : { body }),
    });
  return {
    server,
    mails,
    siteId,
    otherSiteId,
    owner,
    admin,
    superUser,
    user,
    ask,
    add: (more = {}, asked = {}) =>
      userOf(ask('POST', '/users', { ...asked, body: { ...graceHopper, ...more } })),
    async itemsOf(path, asked) {
      const answer = await ask('GET', path, asked);
      expect([answer.status, answer.text]).toEqual([200, expect.any(String)]);
      return (answer.json as { items: ShownUser[] }).items;
    },
    mailsTo: (address) => mails.mails.filter(({ envelopeTo }) => envelopeTo.includes(address)),
    async stop() {
      await server.stop();
      await mails.stop();
    },
  };
}
