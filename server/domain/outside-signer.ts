/** A signer outside (behaviour.md 11): the transit engine of a vault, with one P-256 key per tenant. */
import { createPublicKey } from 'node:crypto';
import { Type, type Static, type TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { ApiError } from '#contract/api-error';
import type { TenantId } from '#contract/ids';
import { signerKeyName, type FreshKey, type KeySmith, type TenantSigner } from './signers.ts';

export type OutsideSigner = {
  /** Up to the part before `/v1`. */
  readonly url: string;
  readonly roleId: string;
  readonly secretId: string;
  readonly mount: string;
};

export type OutsideKeys = KeySmith & TenantSigner;

const withinMs = 5_000;

const Login = Type.Object({ auth: Type.Object({ client_token: Type.String() }) });
const Keys = Type.Object({
  data: Type.Object({
    latest_version: Type.Integer(),
    keys: Type.Record(Type.String(), Type.Object({ public_key: Type.String() })),
  }),
});
const Signature = Type.Object({ data: Type.Object({ signature: Type.String() }) });

/** Keys of tenants in an outside signer; it must let the role create, read, rotate and use `tenant-*`. */
export function createOutsideKeys(signer: OutsideSigner): OutsideKeys {
  const base = `${signer.url.replace(/\/+$/, '')}/v1`;

  async function ask(path: string, request: RequestInit): Promise<unknown> {
    try {
      const answer = await fetch(`${base}/${path}`, {
        ...request,
        signal: AbortSignal.timeout(withinMs),
      });
      const text = await answer.text();
      if (!answer.ok) throw new Error(`the signer answered ${answer.status} to ${path}`);
      return text === '' ? null : JSON.parse(text);
    } catch (cause) {
      throw new ApiError('REQUEST_FAILED', { cause });
    }
  }

  const post = (path: string, body: unknown, token?: string): Promise<unknown> =>
    ask(path, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: {
        'content-type': 'application/json',
        ...(token === undefined ? {} : { 'x-vault-token': token }),
      },
    });

  async function login(): Promise<string> {
    const body = { role_id: signer.roleId, secret_id: signer.secretId };
    return parse(Login, await post('auth/approle/login', body)).auth.client_token;
  }

  async function newestKey(tenantId: TenantId, token: string): Promise<FreshKey> {
    const name = signerKeyName(tenantId);
    const found = await ask(`${signer.mount}/keys/${name}`, {
      headers: { 'x-vault-token': token },
    });
    const { latest_version, keys } = parse(Keys, found).data;
    return {
      privateSealed: null,
      publicKey: spkiOf(keys[String(latest_version)]?.public_key ?? ''),
      async sign(data) {
        const body = { input: data.toString('base64') };
        const answer = await post(`${signer.mount}/sign/${name}/sha2-256`, body, token);
        const { signature } = parse(Signature, answer).data;
        return Buffer.from(signature.replace(/^vault:v\d+:/, ''), 'base64');
      },
    };
  }

  return {
    async first(tenantId) {
      const token = await login();
      // A key that is there stays as it is.
      await post(`${signer.mount}/keys/${signerKeyName(tenantId)}`, { type: 'ecdsa-p256' }, token);
      return newestKey(tenantId, token);
    },
    async sign(tenantId, data) {
      return (await newestKey(tenantId, await login())).sign(data);
    },
    async next(tenantId) {
      const token = await login();
      await post(`${signer.mount}/keys/${signerKeyName(tenantId)}/rotate`, {}, token);
      return newestKey(tenantId, token);
    },
  };
}

function parse<S extends TSchema>(schema: S, answer: unknown): Static<S> {
  if (Value.Check(schema, answer)) return answer;
  throw new ApiError('REQUEST_FAILED', { cause: new Error('the signer answered something else') });
}

function spkiOf(pem: string): Buffer {
  try {
    return createPublicKey(pem).export({ format: 'der', type: 'spki' });
  } catch (cause) {
    throw new ApiError('REQUEST_FAILED', { cause });
  }
}
