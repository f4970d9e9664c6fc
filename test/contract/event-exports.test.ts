import { randomUUID } from 'node:crypto';
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestServer, type Answer, type TestServer } from '#test/kit/cardea';
import { refusal } from '#test/kit/core';
import { addPerson, addSite, type TestPerson } from '#test/kit/people';
import { insertIq, insertLock } from '#test/kit/rows';
import { until } from '#test/kit/wait';

const now = new Date('2026-11-22T12:00:00Z');
const day = 86_400_000;
let server: TestServer;
let siteId: string;
let iqId: string;
let lockId: string;
let owner: TestPerson;
let ada: TestPerson;

type Row = {
  readonly at: string | Date;
  readonly category?: string;
  readonly detail?: string | null;
  readonly accessorId?: string | null;
  readonly by?: string;
  readonly accessDetail?: string;
  readonly lock?: string;
  readonly site?: string;
};

async function entry(of: Row): Promise<void> {
  await server.database.pool.query(
    `insert into entries (tenant_id, id, number, iq_id, boot, sequence, collection_id, event_category, event_detail, utc_date_time,
       local_date_time, lock_id, lock_customer_reference, lock_mac_address, iq_customer_reference, iq_mac_address, accessor_id,
       exit_requested, access_by, access_detail, stored_at)
     values ($1, gen_random_uuid(), nextval('event_numbers'), $2, 1, nextval('event_numbers'), $3, $4, $5, $6::timestamptz,
       $6::timestamptz at time zone 'Europe/Amsterdam', $7, $8, 'ABCDEF01234567', 'Hub', '0A.1B.2C', $9, $10, $11, $12, now())`,
    [
      server.tenant.tenantId,
      iqId,
      of.site ?? siteId,
      of.category ?? 'lock_opened',
      of.detail ?? null,
      of.at,
      lockId,
      of.lock ?? 'Front door',
      of.accessorId ?? null,
      of.by === 'inside_handle',
      of.by ?? 'tag',
      of.accessDetail ?? '00000042',
    ],
  );
}

const ask = (query = '', list = 'entries', site = siteId, token = owner.token): Promise<Answer> =>
  server.ask('GET', `//v1.1/sites/${site}/${list}/export${query}`, { token });

/** The file's lines behind its heading. */
async function lines(query = ''): Promise<string[]> {
  const answer = await ask(query);
  expect(answer.status, answer.text).toBe(200);
  return answer.text.split('\r\n').slice(1, -1);
}

beforeAll(async () => {
  server = await startTestServer({ clock: now });
  siteId = await addSite(server);
  iqId = await insertIq(server, { collection_id: siteId });
  lockId = await insertLock(server, { collection_id: siteId });
  owner = await addPerson(server, { siteId, role: 'owner' });
  ada = await addPerson(server, { siteId, role: 'site_user' });
  await server.database.pool.query(`update accessors set alias = '=cmd|calc' where id = $1`, [
    ada.accessorId,
  ]);
  await entry({ at: '2026-11-22T11:00:00.750Z', accessorId: ada.accessorId });
  await entry({
    at: '2026-11-22T10:00:00Z',
    category: 'lock_rejected',
    detail: 'no_access',
    accessDetail: '+31;"x"\n2',
    lock: 'Côté "jardin"; été',
  });
  await entry({ at: '2026-11-21T09:00:00Z', by: 'inside_handle', accessDetail: '' });
});
afterAll(() => server.stop());

describe('the file of entries (connect-api.md 4.10)', () => {
  it('is CSV with the exact headings, newest first, with CRLF and quotes where needed', async () => {
    const answer = await ask();
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('text/csv; charset=utf-8');
    expect(answer.headers.get('content-disposition')).toBe('attachment; filename="entries.csv"');
    expect(answer.text.split('\r\n')).toEqual([
      'Local Time;UTC Time;Event Category;Event Detail;Lock Name;Lock Mac;User First Name;User Last Name;User Alias;Access By;Access Detail;Exit Requested;IQ Name;IQ Mac',
      `11/22/2026 12:00:00;11/22/2026 11:00:00;lock_opened;;Front door;ABCDEF01234567;Ada;Visser;'=cmd|calc;tag;00000042;false;Hub;0A.1B.2C`,
      `11/22/2026 11:00:00;11/22/2026 10:00:00;lock_rejected;no_access;"Côté ""jardin""; été";ABCDEF01234567;;;;tag;"'+31;""x""\n2";false;Hub;0A.1B.2C`,
      '11/21/2026 10:00:00;11/21/2026 09:00:00;lock_opened;;Front door;ABCDEF01234567;;;;inside_handle;;true;Hub;0A.1B.2C',
      '',
    ]);
    expect(answer.text.charCodeAt(0)).not.toBe(0xfeff);
  });

  it('of incidents lacks the columns of persons and access', async () => {
    await server.database.pool.query(
      `insert into incidents (tenant_id, id, number, iq_id, boot, sequence, collection_id, event_category, event_detail, utc_date_time,
         local_date_time, lock_customer_reference, iq_customer_reference, stored_at)
       values ($1, gen_random_uuid(), nextval('event_numbers'), $2, 1, nextval('event_numbers'), $3, 'low_battery_warning', 'low',
         '2026-11-22T08:00:00Z', '2026-11-22T09:00:00', '@home', 'Hub', now())`,
      [server.tenant.tenantId, iqId, siteId],
    );
    const answer = await ask('', 'incidents');
    expect(answer.headers.get('content-disposition')).toBe('attachment; filename="incidents.csv"');
    expect(answer.text).toBe(
      'Local Time;UTC Time;Event Category;Event Detail;Lock Name;Lock Mac;IQ Name;IQ Mac\r\n' +
        `11/22/2026 09:00:00;11/22/2026 08:00:00;low_battery_warning;low;'@home;;Hub;\r\n`,
    );
    expect((await ask('?username=ada', 'incidents')).text.split('\r\n')).toHaveLength(2);
    expect((await ask('?lock_name=HOME', 'incidents')).text.split('\r\n')).toHaveLength(3);
  });

  it.each([
    ['?username=VISS', 1],
    ['?username=ada', 1],
    ['?username==CMD', 1],
    ['?username=nobody', 0],
    ['?lock_name=JARDIN', 1],
    ['?event_category=LOCK_rejected', 1],
    ['?event_category=lock', 0],
    ['?event_detail=No_Access', 1],
    ['?access_by=tag', 2],
    ['?access_detail=00000042', 1],
    ['?access_by=tag&event_category=lock_opened', 1],
    ['?from_date=2026-11-22', 2],
    ['?from_date=22-11-2026T10:30:00Z', 1],
    ['?to_date=2026-11-22T11:00:00Z', 3],
    ['?to_date=2026-11-22T10:59:59Z', 2],
    ['?from_date=2026-11-21T00:00:00Z&to_date=2026-11-21T23:59:59', 1],
    ['?username=&from_date=&to_date=', 3],
  ])('%s leaves %i rows', async (query, count) => {
    expect(await lines(query)).toHaveLength(count);
  });

  it.each([
    ['?export_file_name=June', 'attachment; filename="June.csv"'],
    ['?export_file_name=June.CSV', 'attachment; filename="June.csv"'],
    ['?export_file_name=../../etc/passwd', 'attachment; filename="_.._etc_passwd.csv"'],
    ['?export_file_name=a%22%0D%0Ab', 'attachment; filename="a_b.csv"'],
    ['?export_file_name=%20..%20', 'attachment; filename="entries.csv"'],
    [
      '?export_file_name=Juni%20%C3%A9',
      `attachment; filename="Juni _.csv"; filename*=UTF-8''Juni%20%C3%A9.csv`,
    ],
  ])('%s is named %s', async (query, expected) => {
    expect((await ask(query)).headers.get('content-disposition')).toBe(expected);
  });

  it.each([
    ['?from_date=yesterday', 'from_date'],
    ['?to_date=2026-13-01', 'to_date'],
    ['?from_date=2026-11-22&to_date=2026-11-21', 'to_date'],
  ])('%s is 1101', async (query, parameter) => {
    const answer = await ask(query);
    expect(refusal(answer)).toBe('400 1101');
    expect(answer.json).toMatchObject({ Message: expect.stringContaining(parameter) as string });
  });

  it('answers HEAD without making a file', async () => {
    const answer = await server.ask('HEAD', `//v1.1/sites/${siteId}/entries/export`, {
      token: owner.token,
    });
    expect([answer.status, answer.text]).toEqual([200, '']);
  });

  it('is empty but for its heading where nothing happened', async () => {
    const site = await addSite(server);
    const person = await addPerson(server, { siteId: site, role: 'owner' });
    const answer = await ask('', 'entries', site, person.token);
    expect(answer.text.split('\r\n')).toHaveLength(2);
  });
});

describe('the history of the plan', () => {
  it('is free for 90 days when the subscription has ended, and further back 2212', async () => {
    const site = await addSite(server);
    const person = await addPerson(server, { siteId: site, role: 'owner' });
    const set = (columns: string): Promise<unknown> =>
      server.database.pool.query(`update collections set ${columns} where id = $1`, [site]);
    const from = (days: number): string =>
      `?from_date=${new Date(now.getTime() - days * day).toISOString()}`;
    const status = async (query: string): Promise<string> => {
      const answer = await ask(query, 'entries', site, person.token);
      return answer.status === 200 ? 'file' : refusal(answer);
    };
    await set('store_events_ttl_seconds = 400 * 86400');
    expect(await status(from(200))).toBe('file');
    await set(`subscription_ends_at = '2026-11-01T00:00:00Z'`);
    expect(await status(from(90))).toBe('file');
    expect(await status(from(92))).toBe('403 2212');
    expect(await status('')).toBe('403 2212');
    await set('store_events_ttl_seconds = 90 * 86400');
    expect(await status('')).toBe('file');
    expect(await status(from(400))).toBe('file');
    await set(
      `store_events_ttl_seconds = 400 * 86400, subscription_ends_at = null, features = '{pods}'`,
    );
    expect(await status('')).toBe('403 2212');
    await set(`features = '{events_storage}'`);
    expect(await status('')).toBe('file');
  });
});

it('a report that nobody mails is read in the outbox, with its file', async () => {
  const body = { from_date: '2026-11-01', to_date: now, lock_in_id: lockId, lock_out_id: lockId };
  const path = `//v1.1/sites/${siteId}/reports/timeattendance`;
  const answer = await server.ask('POST', path, { token: owner.token, body });
  expect(answer.status, answer.text).toBe(204);
  const { rows } = await server.database.pool.query<{ state: string; body: string }>(
    `select state, body from messages where word = 'report'`,
  );
  expect(rows).toEqual([{ state: 'outbox', body: expect.stringContaining('Check In;') as string }]);
  expect(rows[0]?.body).toContain('Ada;Visser;');
});

describe('many rows', () => {
  const count = 30_000;
  let site: string;
  let person: TestPerson;

  beforeAll(async () => {
    site = await addSite(server);
    person = await addPerson(server, { siteId: site, role: 'owner' });
    await server.database.pool.query(
      `insert into entries (tenant_id, id, number, iq_id, boot, sequence, collection_id, event_category, utc_date_time,
         local_date_time, lock_customer_reference, exit_requested, access_by, access_detail, stored_at)
       select $1, gen_random_uuid(), nextval('event_numbers'), $2, 2, i, $3, 'lock_opened', $4::timestamptz - (i / 10) * interval '1 second',
         $4, repeat('door', 60), false, 'tag', i::text, now() from generate_series(1, $5) i`,
      [server.tenant.tenantId, iqId, site, now, count],
    );
  });

  it('come whole, each once, in order', async () => {
    const answer = await ask('', 'entries', site, person.token);
    const rows = answer.text.split('\r\n').slice(1, -1);
    expect(rows).toHaveLength(count);
    expect(new Set(rows.map((row) => row.split(';')[10])).size).toBe(count);
    const times = rows.map((row) => row.split(';')[1] ?? '');
    expect(times).toEqual([...times].sort().reverse());
  });

  /** Begins an export and takes nothing of it but its head. */
  async function hold(): Promise<{
    readonly status: number;
    readonly body: string;
    readonly end: () => void;
    rest(): Promise<'whole' | 'cut'>;
  }> {
    return new Promise((resolve, reject) => {
      const sent = request(
        `${server.url}/v1.1/sites/${site}/entries/export?lock_name=door&export_file_name=${randomUUID()}`,
        { headers: { authorization: `Bearer ${person.token}` } },
        (answer) => {
          const status = answer.statusCode ?? 0;
          const end = (): void => void answer.destroy();
          const rest = (): Promise<'whole' | 'cut'> =>
            new Promise((ended) => {
              answer.on('end', () => ended('whole'));
              answer.on('error', () => ended('cut'));
              answer.resume();
            });
          if (status === 200) {
            resolve({ status, body: '', end, rest });
            return;
          }
          let body = '';
          answer.on('data', (part: Buffer) => (body += part.toString()));
          answer.on('end', () => resolve({ status, body, end, rest }));
        },
      );
      sent.on('error', reject);
      sent.end();
    });
  }

  it('are cut short, and do not look whole, when the event store fails half-way', async () => {
    expect(await (await hold()).rest()).toBe('whole');
    const held = await hold();
    await server.database.pool.query('alter table entries rename to entries_away');
    try {
      expect(await held.rest()).toBe('cut');
    } finally {
      await server.database.pool.query('alter table entries_away rename to entries');
    }
  });

  it('of too many files at once are refused with 3010, until one of them has ended', async () => {
    const held = [await hold(), await hold(), await hold(), await hold()];
    expect(held.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    const refused = await hold();
    expect(refused.status).toBe(500);
    expect(JSON.parse(refused.body)).toMatchObject({ ErrorCode: '3010' });
    for (const { end } of held) end();
    await until(async () => (await ask()).status === 200, { what: 'an export has ended' });
  });
});
