/**
 * Forms of the pages: read with bounds, and proven to come from a page of ours. The proof is a token in the form that
 * follows from a cookie only we can set (`__Host-`): another site can neither read the cookie nor write the token, and with
 * SameSite=Lax its posts do not even carry the cookie.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { addCookie, readCookie } from '#server/identity/session-cookie';
import type { Ids } from '#server/runtime/ids';
import { markup, type Markup } from './page.ts';

const FORM_COOKIE = '__Host-cardea-form';
const TOKEN_FIELD = 'form_token';
/** No form of ours comes near. */
const MOST_FIELDS = 64;
export const LONGEST_FORM_BYTES = 32_768;

/** What somebody sent. */
export type Form = {
  /** A field as it was typed; empty when it is not there. */
  text(name: string): string;
  has(name: string): boolean;
  /** A chosen file of a `multipart/form-data` form; undefined when none was chosen. */
  file(name: string): File | undefined;
};

/** The form in a body; undefined when it is none, too large, doubles a field or holds a zero character. */
export async function readForm(request: FastifyRequest): Promise<Form | undefined> {
  const { body } = request;
  const type = contentTypeOf(request);
  const isForm = /^(application\/x-www-form-urlencoded|multipart\/form-data)\s*(;|$)/i.test(type);
  if (!isForm || !(body instanceof Buffer)) return undefined;
  const data = await new Response(new Uint8Array(body), { headers: { 'content-type': type } })
    .formData()
    .catch(() => undefined);
  if (data === undefined) return undefined;
  const entries = [...data.entries()];
  const names = new Set(entries.map(([name]) => name));
  const isOdd = entries.some(([, value]) => typeof value === 'string' && value.includes('\0'));
  if (names.size !== entries.length || entries.length > MOST_FIELDS || isOdd) return undefined;
  return {
    text(name) {
      const value = data.get(name);
      return typeof value === 'string' ? value : '';
    },
    has: (name) => data.has(name),
    file(name) {
      const value = data.get(name);
      return value !== null && typeof value !== 'string' && value.size > 0 ? value : undefined;
    },
  };
}

/** With its parameters, which the kernel takes off: a form of several parts says in one how they are divided. */
function contentTypeOf({ raw }: FastifyRequest): string {
  const index = raw.rawHeaders.findIndex((name) => name.toLowerCase() === 'content-type');
  return index < 0 ? '' : (raw.rawHeaders[index + 1] ?? '');
}

/** The secret of a browser's forms; made and set when there is none. */
export function formSecret(request: FastifyRequest, reply: FastifyReply, ids: Ids): string {
  const present = readCookie(request, FORM_COOKIE);
  if (present !== undefined && /^[\w-]{43}$/.test(present)) return present;
  const made = ids.bytes(32).toString('base64url');
  addCookie(reply, { name: FORM_COOKIE, value: made });
  return made;
}

/** The hidden field that every form of a page carries. */
export function formTokenField(secret: string): Markup {
  return markup`<input type="hidden" name="${TOKEN_FIELD}" value="${tokenOf(secret)}">`;
}

/** Whether a form was sent from a page of ours in the same browser. */
export function isOurForm(request: FastifyRequest, form: Form): boolean {
  const secret = readCookie(request, FORM_COOKIE);
  if (secret === undefined) return false;
  const [expected, sent] = [Buffer.from(tokenOf(secret)), Buffer.from(form.text(TOKEN_FIELD))];
  return expected.length === sent.length && timingSafeEqual(expected, sent);
}

function tokenOf(secret: string): string {
  return createHmac('sha256', secret).update('cardea form').digest('base64url');
}
