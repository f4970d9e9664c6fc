import { createServer, type IncomingMessage } from 'node:http';
import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { freePort } from './ports.ts';

/** A vault with a transit engine as its makers describe it: keys with versions, and the version in front of a signature. */
export type OutsideVault = {
  readonly url: string;
  readonly roleId: string;
  readonly secretId: string;
  /** Versions of a key; 0 = there is none of that name. */
  versions(key: string): number;
  /** Signs as the vault's own clients would. */
  sign(key: string, input: string): string;
  stop(): Promise<void>;
};

export async function startOutsideVault(): Promise<OutsideVault> {
  const keys = new Map<string, { privateKey: KeyObject; publicKey: KeyObject }[]>();
  const [roleId, secretId, token] = [crypto.randomUUID(), crypto.randomUUID(), 'hvs.a-token'];
  const make = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });

  function signed(name: string, input: string): string {
    const versions = keys.get(name) ?? [];
    const newest = versions.at(-1);
    if (newest === undefined) throw new Error(`the vault has no key ${name}`);
    const signature = sign('sha256', Buffer.from(input, 'base64'), newest.privateKey);
    return `vault:v${String(versions.length)}:${signature.toString('base64')}`;
  }

  function answer(path: string, method: string, body: Record<string, unknown>): object | null {
    const [, name = '', act = ''] = /^\/v1\/transit\/keys\/([^/]+)(?:\/(\w+))?$/.exec(path) ?? [];
    const [, signer] = /^\/v1\/transit\/sign\/([^/]+)\/sha2-256$/.exec(path) ?? [];
    if (signer !== undefined) return { data: { signature: signed(signer, String(body['input'])) } };
    if (name === '') return null;
    const versions = keys.get(name) ?? [];
    if (method === 'POST' && (act === 'rotate' || versions.length === 0))
      keys.set(name, [...versions, make()]);
    const listed = Object.fromEntries(
      (keys.get(name) ?? []).map(({ publicKey }, index) => [
        String(index + 1),
        { public_key: publicKey.export({ format: 'pem', type: 'spki' }) },
      ]),
    );
    return { data: { latest_version: keys.get(name)?.length ?? 0, keys: listed } };
  }

  const server = createServer((request, response) => {
    void read(request).then((body) => {
      const path = (request.url ?? '').replace(/^\/prefix/, '');
      const isLogin = path === '/v1/auth/approle/login';
      const isRight = body['role_id'] === roleId && body['secret_id'] === secretId;
      const isKnown = isLogin ? isRight : request.headers['x-vault-token'] === token;
      const found = isLogin
        ? { auth: { client_token: token, lease_duration: 3600 } }
        : answer(path, request.method ?? 'GET', body);
      response.writeHead(isKnown ? (found === null ? 404 : 200) : 403);
      response.end(JSON.stringify(isKnown ? found : { errors: ['permission denied'] }));
    });
  });
  const port = await freePort();
  await new Promise<void>((listening) => server.listen(port, '127.0.0.1', listening));
  return {
    url: `http://127.0.0.1:${String(port)}/prefix`,
    roleId,
    secretId,
    versions: (key) => keys.get(key)?.length ?? 0,
    sign: signed,
    stop: () =>
      new Promise((stopped) => {
        server.closeAllConnections();
        server.close(() => stopped());
      }),
  };
}

async function read(request: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString('utf8');
  return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
}
