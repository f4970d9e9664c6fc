/** A request of a program to the identity server: read, counted, and its client proven, before anything else looks at it. */
import type { IncomingMessage } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ActiveClient } from '#server/store/clients';
import { type Clients, isSecretRight } from './clients.ts';
import { errorBody } from './grant-errors.ts';
import type { Origin } from './sign-in-audit.ts';
import type { SignInLimits } from './sign-in-limits.ts';
import {
  type Credentials,
  readTokenRequest,
  type TokenFields,
  type TokenRequestFault,
} from './token-request.ts';

const LONGEST_BODY_BYTES = 32_768;

export type ProgramRequest = {
  readonly fields: TokenFields;
  readonly credentials: Credentials;
  readonly client: ActiveClient;
  readonly origin: Origin;
};

export type Refusal = {
  readonly status: 400 | 429 | 503;
  readonly error: string;
  readonly description?: string;
  readonly waitSeconds?: number;
};

export async function refuse(reply: FastifyReply, refusal: Refusal): Promise<void> {
  if (refusal.waitSeconds !== undefined) reply.header('Retry-After', String(refusal.waitSeconds));
  await reply.code(refusal.status).send(errorBody(refusal.error, refusal.description));
}

/** Reads the request, counts it, and finds out which client it is; a refusal in the words of identity.md 8 otherwise. */
export async function admitProgram(
  request: FastifyRequest,
  parts: {
    readonly clients: Clients;
    readonly limits: SignInLimits;
    readonly originOf: (request: FastifyRequest) => Origin;
  },
): Promise<ProgramRequest | Refusal> {
  const body = await readBody(request.raw);
  if (body === undefined)
    return refusal({ error: 'invalid_request', description: 'the body is too long' });
  const { 'content-type': contentType, authorization } = request.headers;
  const read = readTokenRequest({ contentType, authorization, body });
  if ('error' in read) return refusal(read);
  if (read.credentials.length === 0)
    return refusal({ error: 'invalid_request', description: 'client_id must be sent' });

  const candidates = await findCandidates(parts.clients, read.credentials);
  const origin = parts.originOf(request);
  const { network } = origin;
  const known = candidates.find(({ client }) => client !== undefined)?.client;
  const clientId = known?.id;
  const waitSeconds = await parts.limits.countRequest({ clientId, network });
  if (waitSeconds !== undefined)
    return { status: 429, error: 'temporarily_unavailable', waitSeconds };
  const proven = candidates.filter(isProven)[0];
  if (proven?.client === undefined) {
    const tenantId = known?.tenantId ?? null;
    await parts.limits.secretFailed({ clientId, tenantId, ...origin });
    return refusal({ error: 'invalid_client' });
  }
  const { client, credentials } = proven;
  return { fields: read.fields, credentials, client, origin };
}

/** The fields as the library likes them: one form, one way to authenticate. */
export function strictForm({ fields, credentials }: ProgramRequest): URLSearchParams {
  const { client_id: _id, client_secret: _secret, ...rest } = fields;
  const form = new URLSearchParams(rest);
  form.set('client_id', credentials.clientId);
  if (credentials.secret !== undefined) form.set('client_secret', credentials.secret);
  return form;
}

function refusal(fault: TokenRequestFault): Refusal {
  return { status: 400, ...fault };
}

type Candidate = { readonly credentials: Credentials; readonly client: ActiveClient | undefined };

async function findCandidates(
  clients: Clients,
  credentials: readonly Credentials[],
): Promise<Candidate[]> {
  return Promise.all(
    credentials.map(async (pair) => ({
      credentials: pair,
      client: isClientId(pair.clientId) ? await clients.findActive(pair.clientId) : undefined,
    })),
  );
}

function isClientId(text: string): boolean {
  return /^[\x21-\x7e]{1,255}$/.test(text);
}

/** The hashes of an unknown client are compared like those of a known one, so that time tells nothing. */
function isProven({ credentials, client }: Candidate): boolean {
  const isRight = isSecretRight(credentials.secret ?? '', client?.secretHashes ?? []);
  if (client?.kind === 'public') return credentials.secret === undefined;
  return client !== undefined && credentials.secret !== undefined && isRight;
}

/** The body, or undefined when it is longer than any honest one. */
export async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    // The rest is read and dropped, so that the client gets to see the answer.
    if (length <= LONGEST_BODY_BYTES) chunks.push(chunk);
  }
  return length <= LONGEST_BODY_BYTES ? Buffer.concat(chunks) : undefined;
}
