import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '#test/kit/ports';
import { createReceivers, type Receivers } from './receiver.ts';

const never = new AbortController().signal;
const message = { body: '{"a":"ü"}', headers: { 'content-type': 'application/json' } };

/** What a receiver was sent. */
type Heard = { readonly path: string; readonly host: string; readonly body: string };

let server: Server;
let origin: string;
let allowed: Receivers;
const heard: Heard[] = [];
/** How the receiver answers, by path. */
const answers: Readonly<Record<string, (response: ServerResponse) => void>> = {
  '/ok': (response) => response.writeHead(204).end(),
  '/busy': (response) => response.writeHead(503, { 'retry-after': '7' }).end('later'),
  '/away': (response) => response.writeHead(302, { location: '/ok' }).end(),
  '/silent': () => undefined,
  '/torn': (response) => response.destroy(),
  '/endless': (response) => {
    response.writeHead(200);
    const more = (): void => {
      if (!response.destroyed) response.write('x'.repeat(16_384), () => setImmediate(more));
    };
    more();
  },
};

beforeAll(async () => {
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (part: Buffer) => (body += part.toString()));
    request.on('end', () => {
      heard.push({ path: request.url ?? '', host: request.headers.host ?? '', body });
      answers[request.url ?? '']?.(response);
    });
  });
  server.listen(await freePort(), '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  origin = `http://127.0.0.1:${String(port)}`;
  allowed = createReceivers({ allowed: [`127.0.0.1:${String(port)}`] });
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

const post = (path: string) => allowed.post(origin + path, { ...message, signal: never });

describe('a receiver that the operator allows', () => {
  it('gets the body over plain http', async () => {
    expect(await post('/ok')).toEqual({ status: 204, retryAfter: null });
    expect(heard.at(-1)).toEqual({
      path: '/ok',
      host: new URL(origin).host,
      body: message.body,
    });
  });

  it('may ask for a later attempt', async () => {
    expect(await post('/busy')).toEqual({ status: 503, retryAfter: '7' });
  });

  it('is not followed elsewhere', async () => {
    const before = heard.length;
    expect(await post('/away')).toEqual({ status: 302, retryAfter: null });
    expect(heard.slice(before).map(({ path }) => path)).toEqual(['/away']);
  });

  it('is not listened to without end', async () => {
    expect(await post('/endless')).toEqual({ status: 200, retryAfter: null });
  });

  it('is told from one that is torn or silent', async () => {
    expect(await post('/torn')).toEqual({ fault: 'connection_failed' });
    const signal = AbortSignal.timeout(300);
    expect(await allowed.post(`${origin}/silent`, { ...message, signal })).toEqual({
      fault: 'timeout',
    });
  });

  it('is allowed at its port alone', async () => {
    const other = `http://127.0.0.1:${String(await freePort())}/ok`;
    expect(await allowed.findFault(other)).toBe('https_required');
    expect(await allowed.findFault(`${origin}/ok`)).toBeNull();
    const anyPort = createReceivers({ allowed: ['127.0.0.1'] });
    expect(await anyPort.findFault(other)).toBeNull();
    expect(await anyPort.post(other, { ...message, signal: never })).toEqual({
      fault: 'connection_refused',
    });
  });
});

describe('a name', () => {
  const url = 'https://hooks.example.test/in';
  const resolving = (...answers: string[][]) =>
    createReceivers({ allowed: [], resolve: async () => answers.shift() ?? [] });

  it('that leads inside is refused, also beside an address outside', async () => {
    for (const addresses of [['10.0.0.1'], ['8.8.8.8', '::1'], ['::ffff:8.8.8.8']])
      expect(await resolving(addresses).findFault(url)).toBe('address_refused');
  });

  it('that nobody knows is no fault until it is posted to', async () => {
    expect(await resolving([]).findFault(url)).toBeNull();
    expect(await resolving([]).post(url, { ...message, signal: never })).toEqual({
      fault: 'name_not_found',
    });
  });

  it('that means something else at the attempt is asked again then, and refused', async () => {
    const before = heard.length;
    const receivers = resolving(['8.8.8.8'], ['127.0.0.1']);
    expect(await receivers.findFault(url)).toBeNull();
    expect(await receivers.post(url, { ...message, signal: never })).toEqual({
      fault: 'address_refused',
    });
    expect(heard.length).toBe(before);
  });

  it('is resolved once an attempt: the connection goes to the address that was checked', async () => {
    const { port } = new URL(origin);
    let asked = 0;
    const receivers = createReceivers({
      allowed: ['hooks.example.test'],
      resolveAllowed: async () => {
        asked += 1;
        return asked === 1 ? ['127.0.0.1'] : ['127.0.0.2'];
      },
    });
    const answer = await receivers.post(`http://hooks.example.test:${port}/ok`, {
      ...message,
      signal: never,
    });
    expect([answer, asked]).toEqual([{ status: 204, retryAfter: null }, 1]);
    expect(heard.at(-1)?.host).toBe(`hooks.example.test:${port}`);
  });

  it('that is searched for without end costs no more than the attempt', async () => {
    const receivers = createReceivers({ allowed: [], resolve: () => new Promise(() => undefined) });
    const signal = AbortSignal.timeout(200);
    expect(await receivers.post(url, { ...message, signal })).toEqual({ fault: 'timeout' });
  });
});

describe('a URL', () => {
  const outside = createReceivers({ allowed: [], resolve: async () => ['8.8.8.8'] });

  it.each([
    ['https://hooks.example.test/in', null],
    ['https://hooks.example.test:8443/in?x=1', null],
    ['https://8.8.8.8/in', null],
    ['http://hooks.example.test/in', 'https_required'],
    ['http://127.0.0.1/in', 'https_required'],
    ['https://127.0.0.1/in', 'address_refused'],
    ['https://localhost/in', 'address_refused'],
    ['https://LOCALHOST./in', 'address_refused'],
    ['https://a.localhost/in', 'address_refused'],
    ['https://notlocalhost/in', null],
    ['https://127.1/in', 'address_refused'],
    ['https://2130706433/in', 'address_refused'],
    ['https://0x7f000001/in', 'address_refused'],
    ['https://0177.0.0.1/in', 'address_refused'],
    ['https://[::1]/in', 'address_refused'],
    ['https://[::ffff:127.0.0.1]/in', 'address_refused'],
    ['https://[64:ff9b::7f00:1]/in', 'address_refused'],
    ['https://169.254.169.254/latest/meta-data', 'address_refused'],
    ['https://user:secret@hooks.example.test/', 'url_invalid'],
    ['https://hooks.example.test/#part', 'url_invalid'],
    ['https://hooks.example.test:0/', 'url_invalid'],
    ['ftp://hooks.example.test/', 'url_invalid'],
    ['file:///etc/passwd', 'url_invalid'],
    ['hooks.example.test', 'url_invalid'],
    ['', 'url_invalid'],
    [`https://hooks.example.test/${'x'.repeat(2_048)}`, 'url_invalid'],
  ])('%s: %s', async (url, fault) => {
    expect(await outside.findFault(url)).toBe(fault);
    const answer = fault === null ? null : await outside.post(url, { ...message, signal: never });
    expect(answer).toEqual(fault === null ? null : { fault });
  });
});

it('a certificate that nobody vouches for is not trusted', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'cardea-receiver-'));
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const kind = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const files = ['-keyout', key, '-out', cert, '-subj', '/CN=localhost', '-days', '2'];
  execFileSync('openssl', kind.concat(files), { stdio: 'ignore' });
  let requests = 0;
  const tls = createTlsServer({ key: await readFile(key), cert: await readFile(cert) }, () => {
    requests += 1;
  });
  tls.listen(await freePort(), '127.0.0.1');
  await once(tls, 'listening');
  const { port } = tls.address() as AddressInfo;
  try {
    const receivers = createReceivers({ allowed: ['127.0.0.1'] });
    const url = `https://127.0.0.1:${String(port)}/`;
    const answer = await receivers.post(url, { ...message, signal: never });
    expect([answer, requests]).toEqual([{ fault: 'tls_failed' }, 0]);
  } finally {
    tls.close();
    await rm(folder, { recursive: true });
  }
});
