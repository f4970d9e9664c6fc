import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestServer, type Answer, type AskOptions, type TestServer } from '#test/kit/cardea';
import { requestText, sendRaw, type RawAnswer } from '#test/kit/raw-http';

let cardea: TestServer;
let token: string;
beforeAll(async () => {
  cardea = await startTestServer();
  token = await cardea.token('core_api.full');
});
afterAll(async () => {
  await cardea.stop();
});

const json = 'application/json';
const form = 'application/x-www-form-urlencoded';

const post = (body: unknown, type?: string): Promise<Answer> =>
  cardea.ask('POST', '/collections', {
    body,
    ...(type === undefined ? {} : { headers: { 'content-type': type } }),
  });

async function newId(): Promise<string> {
  return ((await post({})).json as { id: string }).id;
}

const patch = async (id: string, options: AskOptions): Promise<Answer> =>
  cardea.ask('PATCH', `/collections/${id}`, options);

/** Sends header lines no client would send, with a token. */
function raw(line: string, headers: readonly string[], body = ''): Promise<RawAnswer> {
  const length = `Content-Length: ${Buffer.byteLength(body)}`;
  return sendRaw(
    cardea.url,
    requestText(line, [`Authorization: Bearer ${token}`, length, ...headers], body),
  );
}

describe('content types (core-api.md 2)', () => {
  it.each([
    json,
    'APPLICATION/JSON',
    'application/json; charset=utf-8',
    'application/json;charset="UTF-8"; odata.metadata=minimal',
    'application/json;;',
    'application/json, application/json',
    'application/merge-patch+json',
    'application/vnd.cardea.v1+json; charset=utf-8',
  ])('a body of type %s is JSON', async (type) => {
    const answer = await post('{"customer_reference":"Harbour"}', type);
    expect(answer.status, answer.text).toBe(200);
    expect(answer.json).toMatchObject({ customer_reference: 'Harbour' });
  });

  it.each([form, 'text/plain', 'application/xml', 'image/png', 'nonsense', ';', '/', 'a/b/c', '@'])(
    'a body that begins with { is JSON, though its type says %s',
    async (type) => {
      const answer = await post(' \r\n{"customer_reference":"Harbour"}', type);
      expect(answer.status, answer.text).toBe(200);
      expect(answer.json).toMatchObject({ customer_reference: 'Harbour' });
    },
  );

  it('a body that begins with { is JSON without any type', async () => {
    const body = '{"customer_reference":"Harbour"}';
    const answer = await raw('POST /v1.2/collections', [], body);
    expect(answer.status, answer.body).toBe(200);
    expect((await raw('POST /v1.2/collections', ['Content-Type:'], body)).status).toBe(200);
  });

  it('the header may occur twice', async () => {
    const body = '{"customer_reference":"Harbour"}';
    const twice = ['Content-Type: application/json', 'Content-Type: application/json'];
    expect((await raw('POST /v1.2/collections', twice, body)).status).toBe(200);
  });

  it.each([
    'text/plain',
    'application/xml',
    'multipart/form-data; boundary=x',
    'nonsense',
    'a/b/c',
  ])('other bodies of type %s are 415 with code 1100', async (type) => {
    const answer = await post('customer_reference=Harbour', type);
    expect(answer.status).toBe(415);
    expect(answer.json).toMatchObject({ ErrorCode: '1100' });
  });

  it.each(['GET', 'DELETE', 'PATCH'])(
    'a JSON type without a body is allowed on %s',
    async (method) => {
      const id = await newId();
      const answer = await raw(`${method} /v1.2/collections/${id}`, [`Content-Type: ${json}`]);
      expect(answer.status, answer.body).toBe(method === 'DELETE' ? 204 : 200);
    },
  );

  it('a JSON type without a body is {} to a create', async () => {
    expect((await raw('POST /v1.2/collections', [`Content-Type: ${json}`])).status).toBe(200);
    const chunked = `POST /v1.2/collections HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: Bearer ${token}\r\nContent-Type: ${json}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`;
    expect((await sendRaw(cardea.url, chunked)).status).toBe(200);
  });

  it.each(['', ' \n ', 'null', ' null ', '{}'])('%j is an empty body to a create', async (body) => {
    const answer = await post(body, json);
    expect(answer.status, answer.text).toBe(200);
    expect(answer.json).toMatchObject({ customer_reference: null, sync_mkey: true });
  });
});

describe('bodies where none is read', () => {
  it.each(['[]', '{}', 'null', ' ', '', '{"force":false}', '{broken'])(
    'DELETE with the body %j works',
    async (body) => {
      const id = await newId();
      const headers = { 'content-type': json };
      const answer = await cardea.ask('DELETE', `/collections/${id}`, { body, headers });
      expect(answer.status, answer.text).toBe(204);
      expect((await cardea.ask('GET', `/collections/${id}`)).status).toBe(404);
    },
  );

  it('a body on GET is ignored', async () => {
    const id = await newId();
    const answer = await raw(`GET /v1.2/collections/${id}`, [`Content-Type: ${json}`], '{broken');
    expect(answer.status, answer.body).toBe(200);
  });
});

describe('members', () => {
  it('unknown members and parameters are ignored', async () => {
    const path = '/collections?$select=id&$expand=vendors&debug=1';
    const body = { customer_reference: 'A', extra: { deep: [1] } };
    const answer = await cardea.ask('POST', path, { body });
    expect(answer.json).toMatchObject({ customer_reference: 'A' });
    expect(answer.text).not.toContain('extra');
  });

  it('names are accepted in any letter case and sent in one', async () => {
    const answer = await post({ CUSTOMER_REFERENCE: 'A', Country_Code: 'nl', syncMkey: false });
    expect(answer.json).toMatchObject({
      customer_reference: 'A',
      country_code: 'NL',
      sync_mkey: true,
    });
  });

  it('the last one of a repeated member counts', async () => {
    const answer = await post('{"customer_reference":"A","customer_reference":"B"}', json);
    expect(answer.json).toMatchObject({ customer_reference: 'B' });
    const other = await post('customer_reference=A&customer_reference=B', form);
    expect(other.json).toMatchObject({ customer_reference: 'B' });
  });

  it.each([
    [false, false],
    ['false', false],
    [' TRUE ', true],
    ['', true],
    [null, true],
  ])('a boolean sent as %j is %j', async (sent, stored) => {
    expect((await post({ sync_mkey: sent })).json).toMatchObject({ sync_mkey: stored });
  });

  it.each([1, 0, 'yes', '1', {}, [], [[]]])('%j is no boolean', async (sent) => {
    const answer = await post({ sync_mkey: sent });
    expect(answer.status).toBe(400);
    expect(answer.json).toMatchObject({
      ErrorCode: '1100',
      Message: expect.stringContaining('sync_mkey') as string,
    });
  });

  it('ids are UUIDs of any version in any letter case, lower case out', async () => {
    const id = 'ABCDEF01-2345-F789-0ABC-DEF012345678';
    expect((await post({ id })).json).toMatchObject({ id: id.toLowerCase() });
    const lists = await cardea.ask('GET', `/collections?$filter=id eq ${id}`);
    expect(lists.json).toMatchObject({ items: [{ id: id.toLowerCase() }] });
  });

  it.each(['', '123', `{${randomUUID()}}`, randomUUID().replaceAll('-', ''), `${randomUUID()}0`])(
    'a body id %j that is no UUID is 1100',
    async (sent) => {
      const answer = await patch(await newId(), { body: { masterkey_id: sent } });
      expect(answer.status).toBe(400);
      expect(answer.json).toMatchObject({
        ErrorCode: '1100',
        Message: expect.stringContaining('masterkey_id') as string,
      });
    },
  );

  it('the nil UUID clears an id and "" clears a text', async () => {
    const { id } = (await post({ customer_reference: 'A' })).json as { id: string };
    const body = {
      masterkey_id: '00000000-0000-0000-0000-000000000000',
      customer_reference: '',
    };
    const answer = await patch(id, { body });
    expect(answer.status, answer.text).toBe(200);
    expect(answer.json).toMatchObject({ masterkey_id: null, customer_reference: null });
  });

  it('a customer reference keeps its blanks and holds 255 code points', async () => {
    const sent = ` ${'🔑'.repeat(253)} `;
    expect((await post({ customer_reference: sent })).json).toMatchObject({
      customer_reference: sent,
    });
    const answer = await post({ customer_reference: `${sent}x` });
    expect(answer.status).toBe(400);
    expect(answer.json).toMatchObject({ ErrorCode: '1101' });
  });

  it('all faults of a body are told at once, by member', async () => {
    const answer = await post({
      id: 'x',
      sync_mkey: 3,
      customer_reference: 4,
      vendor_compatibility: 'a',
    });
    expect(answer.status).toBe(400);
    for (const name of ['id', 'sync_mkey', 'customer_reference', 'vendor_compatibility'])
      expect(answer.json).toMatchObject({
        Message: expect.stringContaining(`The ${name} field`) as string,
      });
  });
});

describe('forms', () => {
  it.each([
    ['vendor_compatibility=sallis', ['sallis']],
    ['vendor_compatibility=sallis&vendor_compatibility=SALLIS', ['sallis']],
    ['vendor_compatibility[]=sallis', ['sallis']],
    ['vendor_compatibility%5B%5D=sallis', ['sallis']],
    ['vendor_compatibility[0]=sallis&vendor_compatibility[1]=sallis', ['sallis']],
  ])('%s is a list', async (body, references) => {
    const answer = await post(body, form);
    expect(answer.status, answer.text).toBe(200);
    const { vendors } = answer.json as { vendors: { reference: string }[] };
    expect(vendors.map(({ reference }) => reference)).toEqual(references);
  });

  it('values have the types of their members, + and %20 are blanks', async () => {
    const body = 'Customer_Reference=Front+door%202&sync_mkey=FALSE&country_code=nl&';
    expect((await post(body, `${form}; charset=utf-8`)).json).toMatchObject({
      customer_reference: 'Front door 2',
      sync_mkey: false,
      country_code: 'NL',
    });
  });

  it('an empty value of a member that is no text is nothing', async () => {
    const { id } = (await post({ sync_mkey: false })).json as { id: string };
    const headers = { 'content-type': form };
    const answer = await patch(id, { body: 'sync_mkey=&masterkey_id=', headers });
    expect(answer.status, answer.text).toBe(200);
    expect(answer.json).toMatchObject({ sync_mkey: false, masterkey_id: null });
  });
});

describe('queries and paths', () => {
  it.each(['?', '?&', '?&&', '?&&$top=5&', '?=', '?=x&=', '/', '/?', '//', '///?$top=5'])(
    'a list is found with %j after its name',
    async (after) => {
      const answer = await cardea.ask('GET', `/collections${after}`);
      expect(answer.status, answer.text).toBe(200);
    },
  );

  it('repeated slashes and another letter case reach the same route', async () => {
    expect((await raw('GET //v1.2///collections//?$top=1', [])).status).toBe(200);
    expect((await raw('GET /V1.2/Collections', [])).status).toBe(200);
    const id = await newId();
    expect((await raw(`GET /v1.2//collections///${id}//`, [])).status).toBe(200);
  });

  it('option names are free in case and dollar, and the last one counts', async () => {
    await newId();
    const answer = await cardea.ask('GET', '/collections?TOP=7&%24Top=1&COUNT=true');
    const page = answer.json as { items: unknown[]; count: number };
    expect(page.items).toHaveLength(1);
    expect(page.count).toBeGreaterThan(0);
  });

  it('+ and %20 are blanks in a query, + is a plus in a path', async () => {
    const reference = `Quay ${randomUUID()}`;
    await post({ customer_reference: reference });
    const text = `customer_reference eq '${reference}'`;
    for (const query of [text.replaceAll(' ', '+'), text.replaceAll(' ', '%20')]) {
      const answer = await raw(`GET /v1.2/collections?$filter=${query}`, []);
      expect(answer.status, answer.body).toBe(200);
      expect(answer.body).toContain(reference);
    }
    expect((await raw('GET /v1.2/collections/a+b', [])).body).toContain('1100');
  });

  it.each(['TRUE', 'true', '1'])('force=%s is a yes', async (word) => {
    const id = await newId();
    expect((await cardea.ask('DELETE', `/collections/${id}?Force=${word}`)).status).toBe(204);
  });
});

describe('hostile bodies are refused, never a server fault', () => {
  const big = 'x'.repeat(1024 * 1024);
  it.each([
    ['no JSON', '{"customer_reference":'],
    ['a trailing comma', '{"customer_reference":"A",}'],
    ['a text', '"text"'],
    ['a number', '12'],
    ['a list', '[]'],
    ['a list of an object', '[{"customer_reference":"A"}]'],
    ['open brackets without end', '['.repeat(500_000)],
    ['objects within objects', `${'{"id":'.repeat(100_000)}1${'}'.repeat(100_000)}`],
    ['half a surrogate pair', String.raw`{"customer_reference":"\ud83d"}`],
    ['a NUL', String.raw`{"customer_reference":"a\u0000b"}`],
    ['a NUL in a country', String.raw`{"country_code":"N\u0000"}`],
    ['a NUL in a zone', String.raw`{"time_zone":"\u0000"}`],
    ['a NUL in a list', String.raw`{"vendor_compatibility":["\u0000"]}`],
    ['a number too large', '{"customer_reference":1e999}'],
    ['a list with null', '{"vendor_compatibility":[null]}'],
    ['a list of lists', '{"vendor_compatibility":[[["sallis"]]]}'],
    ['an object for a text', '{"customer_reference":{"__proto__":"A"}}'],
    ['a form of a thousand levels', `a${'[b]'.repeat(1000)}=1`],
    ['a form with an object for a text', 'customer_reference[a]=1'],
    ['a form with a NUL', 'customer_reference=%00'],
    ['a very long zone', `{"time_zone":"${'A'.repeat(500_000)}"}`],
  ])('%s', async (name, body) => {
    const answer = await post(body, name.startsWith('a form') ? form : json);
    expect(answer.status, answer.text.slice(0, 200)).toBe(400);
    expect(['1100', '1101']).toContain((answer.json as { ErrorCode: string }).ErrorCode);
    expect(answer.text.length).toBeLessThan(20_000);
  });

  it('bytes that are no UTF-8', async () => {
    const response = await fetch(`${cardea.url}/v1.2/collections`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': json },
      body: Buffer.from('7b22637573746f6d65725f7265666572656e6365223a22ff227d', 'hex'),
    });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ ErrorCode: '1100' });
  });

  it('a list of half a million wrong items gets a short answer', async () => {
    const answer = await post(`{"vendor_compatibility":[${'0,'.repeat(400_000)}0]}`, json);
    expect(answer.status).toBe(400);
    expect(answer.text.length).toBeLessThan(10_000);
    expect(answer.text).toContain('There are 399901 more.');
  });

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'prototype'])(
    'a member called %s is a member like any unknown one',
    async (name) => {
      const answer = await post(`{"${name}":{"customer_reference":"A"},"sync_mkey":false}`, json);
      expect(answer.status, answer.text).toBe(200);
      expect(answer.json).toMatchObject({ customer_reference: null, sync_mkey: false });
      const asForm = await post(`${name}[customer_reference]=A&sync_mkey=false`, form);
      expect(asForm.json).toMatchObject({ customer_reference: null, sync_mkey: false });
      const query = await cardea.ask('GET', `/collections?${name}=1&$orderby=${name}`);
      expect(query.status).toBe(400);
      expect(query.json).toMatchObject({ ErrorCode: '1102' });
    },
  );

  it('a byte order mark is no part of the body', async () => {
    const answer = await post('\uFEFF{"customer_reference":"A"}', json);
    expect(answer.json).toMatchObject({ customer_reference: 'A' });
  });

  it('a body of 1 MiB is read, one byte more is 413', async () => {
    const padding = ' '.repeat(big.length - '{}'.length);
    expect((await post(`{}${padding}`, json)).status).toBe(200);
    const answer = await post(`{}${padding} `, json);
    expect(answer.status).toBe(413);
    expect(answer.json).toMatchObject({ ErrorCode: '1100' });
    expect(answer.headers.get('x-request-id')).not.toBeNull();
  });

  it.each(['Content-Length', 'chunks'])(
    'who listens only after the last byte of a far too large body hears 413 (%s)',
    async (kind) => {
      const { hostname, port } = new URL(cardea.url);
      const socket = connect(Number(port), hostname);
      const size = 24 * 1024 * 1024;
      const isChunked = kind === 'chunks';
      const length = isChunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${size}`;
      const part = Buffer.alloc(64 * 1024, 'x');
      const framed = Buffer.concat([Buffer.from('10000\r\n'), part, Buffer.from('\r\n')]);
      socket.write(
        `POST /v1.2/collections HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${token}\r\nContent-Type: ${json}\r\n${length}\r\n\r\n`,
      );
      for (let sent = 0; sent < size; sent += part.length)
        await promisify<Buffer, void>((bytes, done) => socket.write(bytes, (error) => done(error)))(
          isChunked ? framed : part,
        );
      if (isChunked) socket.write('0\r\n\r\n');
      const [answer] = (await once(socket, 'data')) as [Buffer];
      socket.destroy();
      expect(answer.toString()).toMatch(/^HTTP\/1\.1 413 /);
      expect(answer.toString()).toContain('at most 1048576 bytes');
    },
  );

  it('a chunked body over 1 MiB is 413', async () => {
    const head = `POST /v1.2/collections HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${token}\r\nConnection: close\r\nContent-Type: ${json}\r\nTransfer-Encoding: chunked\r\n\r\n`;
    const chunk = `${(64 * 1024).toString(16)}\r\n${'x'.repeat(64 * 1024)}\r\n`;
    const answer = await sendRaw(cardea.url, `${head}${chunk.repeat(17)}0\r\n\r\n`);
    expect(answer.status).toBe(413);
    expect(answer.body).toContain('1100');
  });

  it('the older filter forms are switched off by true or 1 in any letter case, and by nothing else', async () => {
    const filter = `id eq guid'${randomUUID()}'`;
    const statusOf = async (value: string) => {
      const headers = { 'CLP-disable-odata-v3-conversion': value };
      return (await cardea.ask('GET', `/collections?$filter=${filter}`, { headers })).status;
    };
    for (const value of ['true', 'True', 'TRUE', '1']) expect(await statusOf(value)).toBe(400);
    for (const value of ['false', '0', '']) expect(await statusOf(value)).toBe(200);
  });

  it.each([
    "customer_reference eq '%00'",
    "contains(customer_reference,'%00')",
    "customer_reference eq '%ff'",
    "customer_reference in ('%00')",
    "country_code eq '\\'",
    'sync_mkey eq 1e999',
    "id eq '%00'",
  ])('a filter %s is never a server fault', async (filter) => {
    const answer = await cardea.ask('GET', `/collections?$filter=${filter}`);
    expect([200, 400]).toContain(answer.status);
  });
});
