/**
 * The cookie of a session. `__Host-` binds it to this host, its whole path and TLS; browsers take such a cookie from
 * http://localhost and http://127.0.0.1 too, as they trust the loopback. Lax: a link from another site still finds the person
 * signed in, a form of another site does not (identity.md 9).
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { REMEMBERED_MS } from './sessions.ts';

export const SESSION_COOKIE = '__Host-cardea-session';

const attributes = 'Path=/; HttpOnly; Secure; SameSite=Lax';

/** The value of a cookie of this request; the first of several with that name. */
export function readCookie(
  request: Pick<FastifyRequest, 'headers'>,
  name: string,
): string | undefined {
  const pairs = (request.headers.cookie ?? '').split(';').map((pair) => pair.trim());
  const found = pairs.find((pair) => pair.startsWith(`${name}=`));
  return found?.slice(name.length + 1);
}

/** The secret of the session that the browser carries, for `sessions.find`. */
export function readSessionSecret(request: Pick<FastifyRequest, 'headers'>): string | undefined {
  return readCookie(request, SESSION_COOKIE);
}

export type Cookie = {
  readonly name: string;
  readonly value: string;
  /** Absent = until the browser closes. */
  readonly maxAgeSeconds?: number;
};

/** A cookie as `Set-Cookie` has it. */
export function cookieText({ name, value, maxAgeSeconds }: Cookie): string {
  const age = maxAgeSeconds === undefined ? '' : `; Max-Age=${String(maxAgeSeconds)}`;
  return `${name}=${value}; ${attributes}${age}`;
}

/** Adds a cookie to the answer beside those set already. */
export function addCookie(reply: FastifyReply, cookie: Cookie): void {
  // fastify adds a further Set-Cookie to those that are there.
  reply.header('set-cookie', cookieText(cookie));
}

export function setSessionCookie(
  reply: FastifyReply,
  { secret, isRemembered }: { readonly secret: string; readonly isRemembered: boolean },
): void {
  const maxAgeSeconds = REMEMBERED_MS / 1000;
  addCookie(reply, {
    name: SESSION_COOKIE,
    value: secret,
    ...(isRemembered ? { maxAgeSeconds } : {}),
  });
}

export function clearSessionCookie(reply: FastifyReply): void {
  addCookie(reply, { name: SESSION_COOKIE, value: '', maxAgeSeconds: 0 });
}
