/**
 * The built-in signer over HTTP, as the transit engine of a vault speaks (behaviour.md 11): login by role, sign, verify.
 * Refusals are `{"errors": [...]}`, never a body of the error catalogue, so that vault clients understand them.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { TenantId } from '#contract/ids';
import {
  signerKeyName,
  signerMount,
  signerPrefix,
  signerTokenSeconds,
  type Signers,
} from '#server/domain/signers';
import type { Log } from '#server/runtime/log';

type Refusal = { readonly status: 400 | 403 | 404; readonly reason: string };
type Members = Readonly<Record<string, unknown>>;

const denied: Refusal = { status: 403, reason: 'permission denied' };
/** What is signed is a certificate without its signature; larger inputs are none. */
const longestInputBytes = 64 * 1_024;

export function registerSigner(
  app: FastifyInstance,
  { signers, log }: { readonly signers: Signers; readonly log: Log },
): void {
  const lay = (
    path: string,
    answer: (request: FastifyRequest, body: Members) => Promise<object | Refusal>,
  ): void => {
    app.post(`${signerPrefix}/v1/${path}`, { schema: { hide: true } }, async (request, reply) => {
      void reply.header('cache-control', 'no-store');
      try {
        const body = membersOf(request.body);
        if (body === null) return await refuse(reply, bad('error parsing JSON'));
        const answered = await answer(request, body);
        return await ('reason' in answered ? refuse(reply, answered) : reply.send(answered));
      } catch (error) {
        log.error({ err: error }, 'the signer could not answer');
        return reply.code(500).send({ errors: ['internal error'] });
      }
    });
  };

  async function tenantOf(request: FastifyRequest): Promise<TenantId | null> {
    const token = request.headers['x-vault-token'];
    const tenantId = typeof token === 'string' ? await signers.tenantOf(token) : null;
    const { mount, key } = request.params as Readonly<Record<'mount' | 'key', string>>;
    const isOwn = tenantId !== null && mount === signerMount && key === signerKeyName(tenantId);
    return isOwn ? tenantId : null;
  }

  lay('auth/approle/login', async (_request, { role_id, secret_id }) => {
    if (typeof role_id !== 'string' || typeof secret_id !== 'string')
      return bad('missing role_id or secret_id');
    const isForm = isUuidText(role_id);
    const token = isForm ? await signers.login(role_id, secret_id) : null;
    if (token === null) return bad('invalid role or secret ID');
    return { auth: { client_token: token, lease_duration: signerTokenSeconds, renewable: false } };
  });

  lay(':mount/sign/:key/sha2-256', async (request, { input }) => {
    const tenantId = await tenantOf(request);
    if (tenantId === null) return denied;
    const data = bytesOf(input);
    if (data === null) return bad('unable to decode input as base64');
    const signature = await signers.sign(tenantId, data);
    if (signature === null) return noKey;
    return { data: { signature: `vault:v1:${signature.toString('base64')}` } };
  });

  lay(':mount/verify/:key/sha2-256', async (request, { input, signature }) => {
    const tenantId = await tenantOf(request);
    if (tenantId === null) return denied;
    const data = bytesOf(input);
    const text = typeof signature === 'string' ? signature.replace(/^vault:v\d+:/, '') : null;
    const signed = bytesOf(text);
    if (data === null) return bad('unable to decode input as base64');
    if (signed === null) return bad('invalid signature');
    const valid = await signers.verify(tenantId, { data, signature: signed });
    return valid === null ? noKey : { data: { valid } };
  });
}

const noKey: Refusal = { status: 400, reason: 'signing key not found' };

function bad(reason: string): Refusal {
  return { status: 400, reason };
}

function refuse(reply: FastifyReply, { status, reason }: Refusal): FastifyReply {
  return reply.code(status).send({ errors: [reason] });
}

function isUuidText(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
}

/** The body's members, whatever its media type says; null = no JSON object. */
function membersOf(body: unknown): Members | null {
  if (!Buffer.isBuffer(body)) return {};
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Members) : null;
  } catch {
    return null;
  }
}

function bytesOf(base64: unknown): Buffer | null {
  if (typeof base64 !== 'string' || base64 === '') return null;
  const bytes = Buffer.from(base64, 'base64');
  const isBase64 = /^[A-Za-z0-9+/_-]+={0,2}$/.test(base64);
  return isBase64 && bytes.length > 0 && bytes.length <= longestInputBytes ? bytes : null;
}
