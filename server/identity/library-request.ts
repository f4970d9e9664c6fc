/**
 * Requests to the OpenID Connect library. It never sees what a stranger sent, but a request made anew from what was understood,
 * so that nothing it would also take (other credentials, other fields, cookies, proxy headers of strangers) ever reaches it.
 * What it may not read from there (who asks, from where) is noted beside the request.
 */
import { IncomingMessage } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Provider } from 'oidc-provider';
import type { SignInSession } from './sessions.ts';
import type { Origin } from './sign-in-audit.ts';

/** What is known of a request besides what it says. */
export type RequestFacts = Origin & {
  /** The session of the browser; undefined when nobody is signed in there, or where it does not matter. */
  readonly session?: SignInSession | undefined;
  /** The authorisation requests that wait in this browser, the latest first. */
  readonly waiting?: readonly string[];
};

/** One name for all our APIs: the library knows one audience per token, the claims know the real ones. */
export const API = 'urn:cardea:api';

/** Names of the library's own cookies, which never reach a browser. */
export const libraryCookies = {
  session: 'library_session',
  interaction: 'library_interaction',
  resume: 'library_resume',
} as const;

const known = new WeakMap<IncomingMessage, RequestFacts>();

/** What was noted of a request that the library works on. */
export function factsOf(request: IncomingMessage): RequestFacts {
  return known.get(request) ?? { network: '', requestId: null };
}

/** A request as the library likes it: our own origin, one form, no header of the sender's. */
export function libraryRequest(
  request: FastifyRequest,
  order: {
    readonly issuer: string;
    readonly method: 'GET' | 'POST';
    /** With its query. */
    readonly url: string;
    readonly form?: URLSearchParams;
    readonly cookies?: Readonly<Record<string, string>>;
    readonly facts: RequestFacts;
  },
): IncomingMessage {
  const { host, protocol } = new URL(order.issuer);
  const message = new IncomingMessage(request.raw.socket);
  message.method = order.method;
  message.url = order.url;
  message.headers = {
    host,
    'x-forwarded-proto': protocol.replace(':', ''),
    accept: 'application/json',
  };
  const cookies = Object.entries(order.cookies ?? {}).map(([name, value]) => `${name}=${value}`);
  if (cookies.length > 0) message.headers.cookie = cookies.join('; ');
  if (order.form !== undefined) {
    const body = Buffer.from(order.form.toString());
    message.headers['content-type'] = 'application/x-www-form-urlencoded';
    message.headers['content-length'] = String(body.length);
    message.push(body);
  }
  message.push(null);
  // It came whole; otherwise its end would count as a broken connection.
  message.complete = true;
  known.set(message, order.facts);
  return message;
}

/** Lets the library answer on the connection itself, with the headers that were set so far. */
export function handOver({
  provider,
  reply,
  message,
}: {
  readonly provider: Provider;
  readonly reply: FastifyReply;
  readonly message: IncomingMessage;
}): void {
  reply.hijack();
  for (const [name, value] of Object.entries(reply.getHeaders())) {
    if (value !== undefined) reply.raw.setHeader(name, value);
  }
  void provider.callback()(message, reply.raw);
}
