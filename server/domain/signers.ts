/**
 * The signer of tenants (behaviour.md 11): what keeps the private keys under which phone certificates stand. Built in, or an
 * outside one with the transit interface of a vault (outside-signer.ts).
 */
import {
  createHash,
  createPrivateKey,
  generateKeyPairSync,
  randomBytes,
  sign,
  timingSafeEqual,
} from 'node:crypto';
import { ApiError } from '#contract/api-error';
import type { TenantId } from '#contract/ids';
import type { Ids } from '#server/runtime/ids';
import type { Seal } from '#server/runtime/seal';
import type { Database } from '#server/store/pool';
import { readScope } from '#server/store/scope';
import {
  findSignerRole,
  findSignerToken,
  insertSignerToken,
  writeSignerRole,
} from '#server/store/signers';
import { listTrustedKeys, type TenantKey } from '#server/store/tenant-keys';
import { isSignedBy } from './x509.ts';

/** A key that has just come into being, before it is stored. */
export type FreshKey = Pick<TenantKey, 'privateSealed' | 'publicKey'> & {
  /** ECDSA with SHA-256, in DER. REQUEST_FAILED when the signer does not. */
  sign(data: Buffer): Promise<Buffer>;
};

/** Where the keys of tenants come from. Every call may raise REQUEST_FAILED. */
export type KeySmith = {
  /** The key a tenant begins with. */
  first(tenantId: TenantId): Promise<FreshKey>;
  /** A key in place of the one it has. */
  next(tenantId: TenantId): Promise<FreshKey>;
};

/** What signs for tenants by their newest key. */
export type TenantSigner = {
  /** ECDSA with SHA-256, in DER. REQUEST_FAILED when the signer does not. */
  sign(tenantId: TenantId, data: Buffer): Promise<Buffer>;
};

export function builtInTenantSigner(signers: Pick<Signers, 'sign'>): TenantSigner {
  return {
    async sign(tenantId, data) {
      const signature = await signers.sign(tenantId, data);
      if (signature === null) throw new ApiError('REQUEST_FAILED');
      return signature;
    },
  };
}

/** Makes keys of the built-in signer. */
export function createBuiltInKeys(seal: Seal): KeySmith {
  const make = async (): Promise<FreshKey> => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const pkcs8 = privateKey.export({ format: 'der', type: 'pkcs8' });
    return {
      privateSealed: seal.seal(pkcs8),
      publicKey: publicKey.export({ format: 'der', type: 'spki' }),
      sign: async (data) => sign('sha256', data, privateKey),
    };
  };
  return { first: make, next: make };
}

/** How an integrator reaches the signer of its tenant, as `demo.json` shows it. */
export type SignerCredentials = {
  readonly role_id: string;
  readonly secret_id: string;
  readonly mount: string;
  readonly key: string;
};

/** Where the built-in signer begins; what follows is the path of a vault. */
export const signerPrefix = '/signer';
export const signerMount = 'transit';
/** Seconds a token lives. */
export const signerTokenSeconds = 3_600;

/** The name of a tenant's key in its signer. */
export function signerKeyName(tenantId: TenantId): string {
  return `tenant-${tenantId}`;
}

export type Signers = {
  /** Makes a role for the tenant, or a new secret for the one it has; the secret is shown this once. */
  issueCredentials(tenantId: TenantId): Promise<SignerCredentials>;
  /** A token of 26 characters; null = the role or its secret is wrong. */
  login(roleId: string, secretId: string): Promise<string | null>;
  /** Whose a token is; null = unknown or over. */
  tenantOf(token: string): Promise<TenantId | null>;
  /** A signature in DER of 70 to 72 bytes by the newest key; null = the tenant has none here. */
  sign(tenantId: TenantId, data: Buffer): Promise<Buffer | null>;
  /** Whether any trusted key of the tenant made the signature; null = the tenant has none here. */
  verify(
    tenantId: TenantId,
    signed: { readonly data: Buffer; readonly signature: Buffer },
  ): Promise<boolean | null>;
};

const tokenAlphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const tokenLetters = 24;

/** The signer built into the server. */
export function createSigners({
  database,
  seal,
  clock,
  ids,
}: {
  readonly database: Database;
  readonly seal: Seal;
  readonly clock: { now(): Date };
  readonly ids: Ids;
}): Signers {
  const keysOf = (tenantId: TenantId): Promise<TenantKey[]> =>
    listTrustedKeys(readScope(database, tenantId), { purpose: 'certificate', now: clock.now() });
  return {
    async issueCredentials(tenantId) {
      const secretId = ids.next<string>();
      const roleId = await writeSignerRole(database, {
        tenantId,
        roleId: ids.next<string>(),
        secretHash: hashOf(secretId),
        now: clock.now(),
      });
      return {
        role_id: roleId,
        secret_id: secretId,
        mount: signerMount,
        key: signerKeyName(tenantId),
      };
    },

    async login(roleId, secretId) {
      const role = await findSignerRole(database, roleId);
      if (role === undefined || !isSame(role.secretHash, hashOf(secretId))) return null;
      const token = `s.${randomLetters(tokenLetters)}`;
      const now = clock.now();
      await insertSignerToken(database, {
        tokenHash: hashOf(token),
        tenantId: role.tenantId,
        expiresAt: new Date(now.getTime() + signerTokenSeconds * 1_000),
        now,
      });
      return token;
    },

    async tenantOf(token) {
      const found = await findSignerToken(database, {
        tokenHash: hashOf(token),
        now: clock.now(),
      });
      return found ?? null;
    },

    async sign(tenantId, data) {
      const [newest] = await keysOf(tenantId);
      const sealed = newest?.privateSealed ?? null;
      if (sealed === null) return null;
      const key = createPrivateKey({
        key: seal.open(sealed),
        format: 'der',
        type: 'pkcs8',
      });
      // Clients count on 105 characters: about one in 500 signatures is shorter and made again.
      for (;;) {
        const signature = sign('sha256', data, key);
        if (signature.length >= 70) return signature;
      }
    },

    async verify(tenantId, { data, signature }) {
      const keys = await keysOf(tenantId);
      if (keys.length === 0) return null;
      return keys.some(({ publicKey }) => isSignedBy(publicKey, { data, signature }));
    },
  };
}

function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

function isSame(a: string, b: string): boolean {
  return timingSafeEqual(Buffer.from(a), Buffer.from(b));
}

/** Letters and digits, each as likely as the other. */
function randomLetters(count: number): string {
  let text = '';
  while (text.length < count) {
    for (const byte of randomBytes(count)) {
      // 248 = 4 × 62: bytes above would favour the first letters.
      if (byte < 248 && text.length < count) text += tokenAlphabet[byte % 62] ?? '';
    }
  }
  return text;
}
