/**
 * Requests of listeners that reached another process than the one that holds their connection, and the answers to them. A row
 * carries what was sent; the bus only says that there is some (streaming.md 4, design.md "Past one machine").
 */
import type { Database } from './pool.ts';

/** Bus topic that says a process has mail; the payload is empty. */
export function mailTopic(processId: string): string {
  return `stream-mail:${processId}`;
}

export type RequestKind = 'poll' | 'send' | 'end';

export type Mail = {
  readonly senderId: string;
  readonly requestId: string;
  /** cancel: nobody waits for the answer of that request any more. */
  readonly kind: RequestKind | 'cancel' | 'answer';
  /** The connection; empty in answers. */
  readonly tokenHash: string;
  /** Of an answer; null in requests. */
  readonly status: number | null;
  readonly isBinary: boolean;
  readonly body: Buffer;
};

export async function sendMail(
  database: Database,
  {
    recipientId,
    mail,
    now,
  }: { readonly recipientId: string; readonly mail: Mail; readonly now: Date },
): Promise<void> {
  const { senderId, requestId, kind, tokenHash, status, isBinary, body } = mail;
  await database.pool.query({
    name: 'stream_mail_send',
    text: `insert into stream_mail (recipient_id, sender_id, request_id, kind, token_hash, status, is_binary, body, sent_at)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    values: [recipientId, senderId, requestId, kind, tokenHash, status, isBinary, body, now],
  });
}

/** Takes all mail of a process, in the order of sending. */
export async function takeMail(database: Database, recipientId: string): Promise<readonly Mail[]> {
  const { rows } = await database.pool.query<Mail>({
    name: 'stream_mail_take',
    text: `with taken as (
             delete from stream_mail where recipient_id = $1
             returning number, sender_id as "senderId", request_id as "requestId", kind, token_hash as "tokenHash", status,
               is_binary as "isBinary", body)
           select * from taken order by number`,
    values: [recipientId],
  });
  return rows;
}
