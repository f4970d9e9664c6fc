import { createHash } from 'node:crypto';
import type { TestServer } from './cardea.ts';
import type { TestPerson } from './people.ts';

/** An app that makes one-time codes for one person at one IQ (behaviour.md 6). */
export type OtpPhone = {
  readonly secret: string;
  readonly pin: string;
  /** The code of this moment. */
  code(): string;
};

export function otpPhone(secret: string, pin: string): OtpPhone {
  return {
    secret,
    pin,
    code() {
      const stamp = new Date().toISOString().slice(0, 19).replaceAll(/[-T:]/g, '');
      return createHash('md5')
        .update(stamp + secret + pin)
        .digest('hex')
        .slice(0, 5);
    },
  };
}

/** Goes the way of connect-api.md 4.6: the secret, the PIN by mail, and the change that activates both. */
export async function activatedPhone(
  server: TestServer,
  {
    siteId,
    iqId,
    person,
  }: { readonly siteId: string; readonly iqId: string; readonly person: TestPerson },
): Promise<OtpPhone> {
  const phone = await begunPhone(server, { siteId, iqId, person });
  const path = `//v1.2/sites/${siteId}/iqs/${iqId}/pin`;
  const body = { otp: phone.code(), delta: '0000' };
  const put = await server.ask('PUT', path, { token: person.token, body });
  if (put.status !== 204) throw new Error(`${path}: ${put.status} ${put.text}`);
  return phone;
}

/** The same up to the activation. Without a mail server the mail with the PIN stays in the outbox of the site. */
export async function begunPhone(
  server: TestServer,
  {
    siteId,
    iqId,
    person,
  }: { readonly siteId: string; readonly iqId: string; readonly person: TestPerson },
): Promise<OtpPhone> {
  const { token } = person;
  const base = `//v1.2/sites/${siteId}/iqs/${iqId}`;
  const { json, status, text } = await server.ask('GET', `${base}/secret`, { token });
  if (status !== 200) throw new Error(`${base}/secret: ${status} ${text}`);
  const sent = await server.ask('GET', `${base}/pin?send_email=true`, { token });
  if (sent.status !== 204) throw new Error(`${base}/pin: ${sent.status} ${sent.text}`);
  const { rows } = await server.database.pool.query<{ text: string }>(
    `select body as text from messages where collection_id = $1 and user_id = $2 and word = 'otp_pin'
     order by created_at desc limit 1`,
    [siteId, person.userId],
  );
  const pin = /\b\d{4}\b/.exec(rows[0]?.text ?? '')?.[0];
  if (pin === undefined) throw new Error('no PIN was sent');
  return otpPhone((json as { secret: string }).secret, pin);
}
