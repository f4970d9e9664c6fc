/**
 * A phone with a mobile key, as an app would be: a P-256 key pair that never leaves it, the HTTP flow that makes it a key
 * (behaviour.md 11), and its side of the challenge at a door.
 */
import { generateKeyPairSync, sign, X509Certificate, type KeyObject } from 'node:crypto';
import { compactDecrypt, decodeJwt, decodeProtectedHeader } from 'jose';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import type { PhoneAtDoor } from '#access/phones';
import type { DoorAnswer, SimulatedLock } from '#iq/drivers/simulated-lock';

/** The Core API as an integrator reaches it. */
export type PhoneApi = { readonly url: string; readonly token: string };

/** The tenant's signer, as demo.json names it. */
export type PhoneSigner = {
  readonly url: string;
  readonly role_id: string;
  readonly secret_id: string;
  readonly mount: string;
  readonly key: string;
};

/** An answer of the API or the signer that ends the flow; `status` and `text` are the answer's. */
export class PhoneFlowError extends Error {
  override readonly name = 'PhoneFlowError';
  readonly status: number;
  readonly text: string;

  constructor(what: string, answer: { readonly status: number; readonly text: string }) {
    super(`${what}: ${String(answer.status)} ${answer.text}`);
    this.status = answer.status;
    this.text = answer.text;
  }
}

type MobileKey = {
  readonly jws: string;
  /** The certificate that came with the key; null = the phone's own. */
  readonly certificate: string | null;
  readonly collectionId: string | null;
  readonly iqId: string | null;
};

const keyList = Type.Array(Type.String());

export class Phone {
  readonly name: string;
  readonly #privateKey: KeyObject;
  /** base64 of the DER SubjectPublicKeyInfo. */
  readonly publicKey: string;
  #certificate: string | null = null;
  #keys: readonly MobileKey[] = [];

  constructor(name: string) {
    this.name = name;
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    this.#privateKey = privateKey;
    this.publicKey = publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
  }

  get keyCount(): number {
    return this.#keys.length;
  }

  /** Its keys as the server signed them, each a compact JWS. */
  get keys(): readonly string[] {
    return this.#keys.map(({ jws }) => jws);
  }

  /** Keeps what the server made for it: `certificate` of the signed certificate, `mkey_data` of the mobile key. */
  async keep({
    certificate,
    mkeyData,
  }: {
    readonly certificate?: string;
    readonly mkeyData?: string;
  }): Promise<void> {
    if (mkeyData !== undefined) this.#keys = await this.#unseal(mkeyData);
    if (certificate !== undefined) this.#certificate = certificate;
  }

  /** Adds the phone to an accessor and fetches its certificate and key; gives the device's id. PhoneFlowError. */
  async enrol(order: {
    readonly api: PhoneApi;
    readonly signer: PhoneSigner;
    readonly accessorId: string;
    readonly expiryDate: string;
  }): Promise<string> {
    const devices = `/accessors/${order.accessorId}/devices`;
    const { id } = await ask(order.api, 'POST', devices, { customer_reference: this.name });
    await this.certify({ ...order, deviceId: String(id), method: 'POST' });
    return String(id);
  }

  /** Fetches a certificate for its key pair, the first by POST, a renewal by PUT, and a key under it. PhoneFlowError. */
  async certify(order: {
    readonly api: PhoneApi;
    readonly signer: PhoneSigner;
    readonly accessorId: string;
    readonly deviceId: string;
    readonly expiryDate: string;
    readonly method: 'POST' | 'PUT';
  }): Promise<void> {
    const { api, signer, method } = order;
    const path = `/accessors/${order.accessorId}/devices/${order.deviceId}`;
    const begun = await ask(api, method, `${path}/certificate`, {
      public_key: this.publicKey,
      expiry_date: order.expiryDate,
    });
    const signature = await signBy(signer, String(begun['certificate_data']));
    const { certificate } = await ask(api, 'PATCH', `${path}/certificate`, { signature });
    await this.keep({ certificate: String(certificate) });
    await this.fetchKey({ api, path });
  }

  /** Fetches a new mobile key; `query` narrows it to a collection or an IQ. PhoneFlowError. */
  async fetchKey({
    api,
    path,
    query = '',
  }: {
    readonly api: PhoneApi;
    readonly path: string;
    readonly query?: string;
  }): Promise<void> {
    const { mkey_data } = await ask(api, 'GET', `${path}/mkey${query}`);
    await this.keep({ mkeyData: String(mkey_data) });
  }

  /** Its side of the challenge: shows nothing where it has no key for the place. */
  readonly answer: PhoneAtDoor = async ({ bytes, iqId, collectionId }) => {
    const key =
      this.#keys.find((one) => one.iqId === iqId) ??
      this.#keys.find((one) => one.iqId === null && one.collectionId === collectionId) ??
      this.#keys[0];
    if (key === undefined || this.#certificate === null) return null;
    return {
      certificate: certificateFor(key, this.#certificate),
      mobileKey: key.jws,
      signature: sign('sha256', bytes, this.#privateKey).toString('base64'),
    };
  };

  /** Is held to a lock. */
  showTo(lock: SimulatedLock): Promise<DoorAnswer> {
    return lock.presentPhone(this.answer);
  }

  async #unseal(mkeyData: string): Promise<MobileKey[]> {
    const jwe = Buffer.from(mkeyData, 'base64').toString('utf8');
    const { plaintext } = await compactDecrypt(jwe, this.#privateKey, {
      keyManagementAlgorithms: ['ECDH-ES'],
      contentEncryptionAlgorithms: ['A256GCM'],
    });
    const list: unknown = JSON.parse(Buffer.from(plaintext).toString('utf8'));
    return Value.Parse(keyList, list).map((jws) => {
      const claims = decodeJwt(jws);
      const [certificate] = decodeProtectedHeader(jws).x5c ?? [];
      return {
        jws,
        certificate: certificate ?? null,
        collectionId: textOrNull(claims['collection_id']),
        iqId: textOrNull(claims['iq_id']),
      };
    });
  }
}

/** Its own certificate, or where the key is of another tenant the one that came with it (behaviour.md 11). */
function certificateFor(key: MobileKey, own: string): string {
  if (key.certificate === null) return own;
  return issuerOf(key.certificate) === issuerOf(own) ? own : key.certificate;
}

function issuerOf(certificate: string): string {
  return new X509Certificate(Buffer.from(certificate, 'base64')).issuer;
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

type Members = Readonly<Record<string, unknown>>;

async function ask(
  { url, token }: PhoneApi,
  method: string,
  path: string,
  body?: Members,
): Promise<Members> {
  const answer = await fetch(`${url}/v1.2${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return membersOf(answer, `${method} ${path}`);
}

/** A signature of the tenant's signer over bytes in base64, as the signer gives it. PhoneFlowError. */
export async function signBy(signer: PhoneSigner, input: string): Promise<string> {
  const post = async (path: string, body: Members, token?: string): Promise<Members> => {
    const answer = await fetch(`${signer.url}/v1/${path}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(token === undefined ? {} : { 'x-vault-token': token }),
      },
      body: JSON.stringify(body),
    });
    return membersOf(answer, path);
  };
  const { role_id, secret_id, mount, key } = signer;
  const { auth } = await post('auth/approle/login', { role_id, secret_id });
  const token = String((auth as Members)['client_token']);
  const { data } = await post(`${mount}/sign/${key}/sha2-256`, { input }, token);
  return String((data as Members)['signature']);
}

async function membersOf(answer: Response, what: string): Promise<Members> {
  const text = await answer.text();
  if (!answer.ok) throw new PhoneFlowError(what, { status: answer.status, text });
  return JSON.parse(text) as Members;
}
