/** Files of another system: tags, groups with schedules, people (docs/csv-import.md). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { csvImportKinds, type CsvImportKind, type CsvImportResponse } from '#contract/csv-imports';
import { addPerson, addSite } from '#test/kit/people';
import { insertLock, insertTag } from '#test/kit/rows';
import { freshAddress, startSitePeople, type SitePeople } from '#test/kit/site-people';
import { until } from '#test/kit/wait';

let people: SitePeople;
beforeAll(async () => {
  people = await startSitePeople();
});
afterAll(() => people.stop());

const token = (): string => people.admin.token;

async function post(site: string, body: object) {
  return people.server.ask('POST', `//ext/v1/sites/${site}/csv_imports`, { token: token(), body });
}

async function send(
  site: string,
  kind: CsvImportKind,
  csv: string,
  more: object = {},
): Promise<CsvImportResponse> {
  const answer = await post(site, { kind, csv, ...more });
  expect([answer.status, answer.text]).toEqual([200, answer.text]);
  return answer.json as CsvImportResponse;
}

/** State, counts and, of each row, line, action and notes. */
function told({ state, created, updated, unchanged, failed, rows }: CsvImportResponse): unknown[] {
  const counts = [created, updated, unchanged, failed].join('/');
  return [state, counts, ...rows.map((row) => [row.line, row.action, ...row.notes].join(' '))];
}

/** Of each row at fault: line, column, code and message. */
function faults({ rows }: CsvImportResponse): unknown[] {
  return rows.flatMap(({ line, errors }) =>
    errors.map(({ column, code, message }) => [line, column, code, message]),
  );
}

/** A site with nothing in it where the admin may import, and a lock of a name. */
async function freshSite(): Promise<{ readonly siteId: string; readonly lockId: string }> {
  const { server, admin } = people;
  const siteId = await addSite(server);
  await server.database.pool.query('update collections set owner_user_id = $2 where id = $1', [
    siteId,
    admin.userId,
  ]);
  const lockId = await insertLock(server, { collection_id: siteId });
  await server.database.pool.query(
    `update locks set customer_reference = 'Front door' where id = $1`,
    [lockId],
  );
  return { siteId, lockId };
}

function itemsOf(
  siteId: string,
  path: string,
): Promise<readonly Readonly<Record<string, never>>[]> {
  return people.itemsOf(path, { site: siteId }) as Promise<never>;
}

async function actions(siteId: string): Promise<string[]> {
  const { rows } = await people.server.database.pool.query<{ action: string }>(
    'select action from audit_log where collection_id = $1 order by number',
    [siteId],
  );
  return rows.map(({ action }) => action);
}

/** What nobody else in these tests has. */
let numbered = 51_000_000;
const freshNumber = (): string => String((numbered += 1));

const groupsFile =
  'name,locks,days,start_time,end_time\nStaff,Front door,mon-fri,08:00,18:00\nStaff,,sat,09:00,13:00\nCleaners,Front door,all,,\n';

describe('a building', () => {
  it('is moved in by three files, once, however often they are sent', async () => {
    const { siteId } = await freshSite();
    const [first, second] = [freshNumber(), freshNumber()];
    const tags = `tag_number,rfid_uid,expires_at\n${first},04${first},2030-01-31\n${second},,\n`;
    expect(told(await send(siteId, 'tags', tags))).toEqual([
      'applied',
      '2/0/0/0',
      '2 created',
      '3 created',
    ]);
    expect(told(await send(siteId, 'groups', groupsFile))).toEqual([
      'applied',
      '2/1/0/0',
      '2 created',
      '3 updated',
      '4 created',
    ]);
    const email = freshAddress();
    const file =
      'email,alias,first_name,last_name,roles,groups,tags\r\n' +
      `${email},,Grace,Hopper,Site Super User|site_mobile_user,Staff|Cleaners,${first}\r\n` +
      `,Room 12,"Ben\r\nJan",Prins,,Staff,${second}\r\n` +
      ',Room 13,Cor,Smit,,,\r\n';
    const done = await send(siteId, 'people', file);
    expect(told(done)).toEqual(['applied', '3/0/0/0', '2 created', '3 created', '5 created']);

    const users = await people.itemsOf('/users', { site: siteId });
    expect(
      users.map(({ alias, user, roles }) => [
        alias,
        user['email'],
        user['tag_number'],
        roles.map(({ code }) => code),
      ]),
    ).toEqual([
      [null, email, first, ['site_super_user', 'site_mobile_user']],
      ['Room 12', null, second, ['site_user']],
      ['Room 13', null, null, ['site_user']],
    ]);
    expect(await itemsOf(siteId, '/access_groups')).toMatchObject([
      { customer_reference: 'Staff', lock_count: 1, user_count: 2 },
      { customer_reference: 'Cleaners', lock_count: 1, user_count: 1 },
    ]);
    const recorded = await actions(siteId);
    expect(recorded).toEqual(
      expect.arrayContaining([
        'tag.create',
        'access_group.create',
        'time_schedule.create',
        'site_user.create',
        'key.create',
        'access_group.update_accessors',
        'csv_import.apply',
      ]),
    );
    expect(recorded.filter((one) => one === 'access_group.update_accessors')).toHaveLength(2);

    expect(told(await send(siteId, 'tags', tags)).slice(0, 2)).toEqual(['applied', '0/0/2/0']);
    expect(told(await send(siteId, 'groups', groupsFile)).slice(0, 2)).toEqual([
      'applied',
      '0/0/3/0',
    ]);
    expect(told(await send(siteId, 'people', file)).slice(0, 2)).toEqual(['applied', '0/0/3/0']);
    expect(await actions(siteId)).toEqual(recorded);
    expect(people.mailsTo(email)).toEqual([]);
  });

  it('is imported once by two who send the same file at once', async () => {
    const { siteId } = await freshSite();
    const both = await Promise.all([
      send(siteId, 'groups', groupsFile),
      send(siteId, 'groups', groupsFile),
    ]);
    expect(new Set(both.map(({ created }) => created))).toEqual(new Set([0, 2]));
    expect(await itemsOf(siteId, '/access_groups')).toHaveLength(2);
  });
});

describe('a preview', () => {
  it('says what would be done and changes nothing', async () => {
    const { siteId } = await freshSite();
    const file = `email,first_name,last_name\n${freshAddress()},Grace,Hopper\n`;
    const preview = await send(siteId, 'people', file, { dry_run: true, invite: true });
    expect(told(preview)).toEqual(['preview', '1/0/0/0', '2 created']);
    expect(await itemsOf(siteId, '/users')).toEqual([]);
    expect(await actions(siteId)).toEqual([]);
    expect(told(await send(siteId, 'people', file))).toEqual(['applied', '1/0/0/0', '2 created']);
  });
});

describe('a file with rows at fault', () => {
  it('of people changes nothing and tells them all, with line and column', async () => {
    const { siteId } = await freshSite();
    await send(siteId, 'groups', groupsFile);
    const taken = freshNumber();
    await send(siteId, 'tags', `tag_number\n${taken}\n`);
    const holder = freshAddress();
    await send(siteId, 'people', `email,first_name,last_name,tags\n${holder},Eve,Bos,${taken}\n`);
    const stranger = await insertTag(people.server, { collection_id: people.siteId });
    const before = await actions(siteId);
    const file = [
      'email,alias,first_name,last_name,roles,groups,tags',
      `${freshAddress()},,Grace,Hopper,,Staff,`,
      `${freshAddress()},,"Grace\nBrewster",,,,`,
      `${freshAddress()},,Grace,Hopper,owner,Night|Staff,${stranger.tag_number}`,
      `${freshAddress()},,Grace,Hopper,site_guest,,`,
      `${freshAddress()},,Grace,Hopper,,,${taken}`,
      'nobody,,Grace,Hopper,,,',
      `${holder},,,,,,`,
    ].join('\n');
    const refused = await send(siteId, 'people', file);
    expect(told(refused).slice(0, 2)).toEqual(['refused', '1/0/1/5']);
    expect(faults(refused)).toEqual([
      [3, 'last_name', 1101, "Value of 'last_name' is invalid. Somebody new needs it."],
      [5, 'groups', 1101, expect.stringContaining('The site has no group "Night"')],
      [5, 'tags', 1101, expect.stringContaining(`The site has no tag ${stranger.tag_number}`)],
      [5, 'roles', 1101, expect.stringContaining('There is no role "owner"')],
      [6, 'roles', 1101, expect.stringContaining('comes with a pod or a guest only')],
      [7, 'tags', 1101, expect.stringContaining('another person’s')],
      [8, 'email', 1101, "Value of 'email' is invalid. It is no e-mail address."],
    ]);
    expect(await itemsOf(siteId, '/users')).toHaveLength(1);
    expect(await actions(siteId)).toEqual(before);
  });

  it('of groups names locks that are unknown or not the only one', async () => {
    const { siteId, lockId } = await freshSite();
    await send(siteId, 'groups', 'name\nStaff\n');
    await people.ask('POST', '/access_groups', {
      site: siteId,
      body: { customer_reference: 'Twice' },
    });
    await people.ask('POST', '/access_groups', {
      site: siteId,
      body: { customer_reference: 'Twice' },
    });
    const other = await insertLock(people.server, { collection_id: siteId });
    await people.server.database.pool.query(
      `update locks set customer_reference = 'Front door' where id = $1`,
      [other],
    );
    const refused = await send(
      siteId,
      'groups',
      'name,locks,days,start_date,end_date\nStaff,Front door,,,\nStaff,Cellar,,,\nTwice,,,,\nStaff,,mon,2027-02-01,2027-01-01\n',
    );
    expect(faults(refused)).toEqual([
      [2, 'locks', 1101, expect.stringContaining('name it by its id')],
      [3, 'locks', 1101, expect.stringContaining('no lock "Cellar"')],
      [4, 'name', 1101, expect.stringContaining('Several groups have this name')],
      [5, 'end_date', 1101, expect.stringContaining('before start_date')],
    ]);
    const byId = await send(siteId, 'groups', `name,locks\nStaff,${lockId.toUpperCase()}\n`);
    expect(told(byId)).toEqual(['applied', '0/1/0/0', '2 updated no_time_schedule']);
  });

  it('of tags takes none of another site or tenant, and no chip twice', async () => {
    const { siteId } = await freshSite();
    const other = await insertTag(people.server, { collection_id: people.siteId });
    const tenant = await people.server.addTenant(`Second ${siteId}`);
    const foreign = await insertTag({ ...people.server, tenant });
    const free = await insertTag(people.server);
    const [own, chip] = [freshNumber(), freshNumber()];
    await send(siteId, 'tags', `tag_number,rfid_uid\n${own},04${own}\n`);
    const refused = await send(
      siteId,
      'tags',
      `tag_number,rfid_uid\n${other.tag_number},\n${foreign.tag_number},\n${chip},04${own}\n${free.tag_number},\n`,
    );
    expect(faults(refused)).toEqual([
      [2, 'tag_number', 1101, expect.stringContaining('another site')],
      [3, 'tag_number', 1101, expect.stringContaining('belongs to somebody else')],
      [4, 'rfid_uid', 1101, expect.stringContaining('Another tag has this chip')],
    ]);
    const adopted = `tag_number,expires_at\n${free.tag_number},2031-01-01\n`;
    expect(told(await send(siteId, 'tags', adopted))).toEqual(['applied', '0/1/0/0', '2 updated']);
    expect(told(await send(siteId, 'tags', adopted))).toEqual([
      'applied',
      '0/0/1/0',
      '2 unchanged',
    ]);
    expect(await itemsOf(siteId, '/tags?$orderby=tag_number')).toMatchObject(
      [own, free.tag_number].sort().map((number) => ({ tag_number: number })),
    );
  });

  it('cannot be read at all: says so with 1101 or 1100', async () => {
    const { siteId } = people;
    for (const [body, code] of [
      [{ kind: 'doors', csv: 'a' }, '1101'],
      [{ kind: 'tags' }, '1100'],
      [{ kind: 'tags', csv: '' }, '1101'],
      [{ kind: 'tags', csv: 'tag_number\n"1' }, '1101'],
      [{ kind: 'tags', csv: 'name\n1' }, '1101'],
      [{ kind: 'tags', csv: 'x'.repeat(9 * 1024 * 1024) }, '1100'],
    ] as const) {
      const answer = await post(siteId, body);
      expect([answer.status, answer.json]).toMatchObject([
        code === '1100' && 'csv' in body ? 413 : 400,
        { ErrorCode: code },
      ]);
    }
  });
});

describe('somebody who is on the site', () => {
  it('gets what a row says and keeps what it does not say', async () => {
    const { siteId } = await freshSite();
    await send(siteId, 'groups', groupsFile);
    const [first, second] = [freshNumber(), freshNumber()];
    await send(siteId, 'tags', `tag_number\n${first}\n${second}\n`);
    const email = freshAddress();
    const header = 'email,alias,first_name,last_name,roles,groups,tags\n';
    await send(
      siteId,
      'people',
      `${header}${email},Desk 1,Grace,Hopper,site_super_user,Staff,${first}\n`,
    );
    const changed = `${header}${email.toUpperCase()},Desk 2,,Brewster,site_user,Cleaners,${second}\n`;
    expect(told(await send(siteId, 'people', changed))).toEqual([
      'applied',
      '0/1/0/0',
      '2 updated',
    ]);
    expect(told(await send(siteId, 'people', changed))).toEqual([
      'applied',
      '0/0/1/0',
      '2 unchanged',
    ]);
    const [user] = await people.itemsOf('/users', { site: siteId });
    expect(user).toMatchObject({
      alias: 'Desk 2',
      user: { first_name: 'Grace', last_name: 'Brewster', email },
      roles: [{ code: 'site_user' }],
    });
    const below = `/users/${user?.id ?? ''}`;
    expect(await itemsOf(siteId, `${below}/access_groups`)).toMatchObject([
      { customer_reference: 'Staff' },
      { customer_reference: 'Cleaners' },
    ]);
    expect(await itemsOf(siteId, `${below}/keys`)).toHaveLength(2);
    const mistaken = await send(
      siteId,
      'people',
      'email,alias,first_name,last_name\n,Room 1,Ada,Bos\n',
    );
    expect(mistaken.created).toBe(1);
    const twice = `email,alias,first_name,last_name\n${freshAddress()},Room 1,Ada,Bos\n`;
    expect(faults(await send(siteId, 'people', twice))).toEqual([
      [2, 'email', 1101, expect.stringContaining('has this alias')],
    ]);
  });

  it('keeps names of a profile, and whoever is known in the tenant comes with them', async () => {
    const { siteId } = await freshSite();
    const known = await addPerson(people.server, { siteId: people.siteId, role: 'site_user' });
    const file = `email,first_name,last_name\n${known.email},Adriana,Visser\n`;
    expect(told(await send(siteId, 'people', file))).toEqual([
      'applied',
      '1/0/0/0',
      '2 created names_stay',
    ]);
    expect(told(await send(siteId, 'people', file))).toEqual([
      'applied',
      '0/0/1/0',
      '2 unchanged names_stay',
    ]);
    const [user] = await people.itemsOf('/users', { site: siteId });
    expect(user?.user).toMatchObject({ id: known.userId, first_name: 'Ada' });
  });

  it('is suspended when no seat is free, as by POST users', async () => {
    const { siteId } = await freshSite();
    await people.server.database.pool.query(
      'update collections set user_amount = 1 where id = $1',
      [siteId],
    );
    const answer = await post(siteId, {
      kind: 'people',
      csv: 'alias,first_name,last_name\nRoom 1,Ada,Bos\nRoom 2,Ben,Bos\n',
    });
    expect(told(answer.json as CsvImportResponse)).toEqual([
      'applied',
      '2/0/0/0',
      '2 created',
      '3 created seat_limit_reached',
    ]);
    expect(answer.headers.get('clp-warning')).toContain('seat_limit_reached');
  });

  it('above the own level is not changed', async () => {
    const { siteId } = people;
    const file = `email,alias,first_name,last_name,roles\n${people.owner.email},Boss,,,\n`;
    expect(faults(await send(siteId, 'people', file))).toEqual([
      [2, null, 2203, expect.stringContaining('above your own level')],
    ]);
  });
});

describe('people with an address', () => {
  it('are invited and told of their tags when that is asked for, once', async () => {
    const { siteId } = await freshSite();
    const [first, second, number] = [freshAddress(), freshAddress(), freshNumber()];
    await send(siteId, 'tags', `tag_number\n${number}\n`);
    const file =
      'email,alias,first_name,last_name,tags\n' +
      `${first},,Grace,Hopper,\n${second},,Ada,Bos,\n,Room 1,Ben,Bos,\n`;
    people.mails.refuse(550);
    expect(told(await send(siteId, 'people', file, { invite: true }))).toEqual([
      'applied',
      '3/0/0/0',
      '2 created invite_failed',
      '3 created invite_failed',
      '4 created',
    ]);
    people.mails.refuse(null);
    expect(told(await send(siteId, 'people', file, { invite: true }))).toEqual([
      'applied',
      '0/0/3/0',
      '2 unchanged invited',
      '3 unchanged invited',
      '4 unchanged',
    ]);
    expect(told(await send(siteId, 'people', file, { invite: true })).slice(2)).toEqual([
      '2 unchanged',
      '3 unchanged',
      '4 unchanged',
    ]);
    const isInvitation = ({ text }: { readonly text?: string | undefined }): boolean =>
      text?.includes('/account/invitation/') ?? false;
    expect(people.mailsTo(second).filter(isInvitation)).toHaveLength(1);
    const given = file.replace('Hopper,', `Hopper,${number}`);
    expect((await send(siteId, 'people', given, { invite: true })).updated).toBe(1);
    await until(() => people.mailsTo(first).some(({ text }) => text?.includes(number)), {
      what: 'the person is told of the tag',
      timeoutMs: 60_000,
    });
  });
});

describe('a template', () => {
  it('of each kind can be sent as it is', async () => {
    const { siteId } = await freshSite();
    for (const kind of csvImportKinds) await fillIn(siteId, kind);
  });

  async function fillIn(siteId: string, kind: CsvImportKind): Promise<void> {
    const path = `//ext/v1/sites/${siteId}/csv_imports/template`;
    const { status, headers, text } = await people.server.ask('GET', `${path}?kind=${kind}`, {
      token: token(),
    });
    expect([status, headers.get('content-type')]).toEqual([200, 'text/csv; charset=utf-8']);
    expect(headers.get('content-disposition')).toContain(`${kind}.csv`);
    const sent = await send(siteId, kind, text);
    expect([sent.rows, sent.ignored_columns]).toEqual([[], []]);
  }

  it('is there for these kinds alone', async () => {
    const path = `//ext/v1/sites/${people.siteId}/csv_imports/template`;
    for (const [query, code] of [
      ['?kind=doors', '1101'],
      ['', '1100'],
    ] as const) {
      const answer = await people.server.ask('GET', path + query, { token: token() });
      expect([answer.status, answer.json]).toMatchObject([400, { ErrorCode: code }]);
    }
  });
});
