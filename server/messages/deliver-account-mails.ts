/** Hands account mails to their providers, at least once each (identity.md 9). */
import { languageOf } from '#contract/languages';
import type { Log } from '#server/runtime/log';
import type { Senders } from '#server/runtime/sender';
import {
  claimAccountMails,
  endAccountMail,
  type AccountMailOutcome,
  type ClaimedAccountMail,
} from '#server/store/account-mails';
import type { Database } from '#server/store/pool';
import { claimMs, nextAttempt } from './deliver-messages.ts';

const atOnce = 8;

type Parts = {
  readonly database: Database;
  readonly senders: Pick<Senders, 'mail' | 'sms'>;
  readonly clock: { now(): Date };
  readonly log: Log;
};

/** Sends a few mails that are due; tells whether there may be more. */
export async function deliverAccountMails(parts: Parts): Promise<boolean> {
  const { database, clock, log } = parts;
  const now = clock.now();
  const until = new Date(now.getTime() + claimMs);
  const claimed = await claimAccountMails(database, { now, until, limit: atOnce });
  await Promise.all(
    claimed.map(async (mail) => {
      const outcome = await attempt(mail, parts);
      await endAccountMail(database, mail.id, outcome);
      if (outcome.error !== null)
        log.warn({ mailId: mail.id, fault: outcome.error }, 'an account mail was not delivered');
    }),
  );
  return claimed.length === atOnce;
}

async function attempt(mail: ClaimedAccountMail, parts: Parts): Promise<AccountMailOutcome> {
  const ended = { nextAttemptAt: null, deliveredAt: null } as const;
  const { id, channel, address: to, subject, body: text } = mail;
  const sender = parts.senders[channel];
  if (sender === null) return { ...ended, state: 'outbox', error: null };
  const language = languageOf(mail.language ?? '') ?? null;
  const error = await sender.send({ id, to, subject, text, language });
  const now = parts.clock.now();
  if (error === null) return { ...ended, state: 'delivered', error, deliveredAt: now };
  const nextAttemptAt = nextAttempt(mail, now);
  return { ...ended, state: nextAttemptAt === null ? 'failed' : 'waiting', error, nextAttemptAt };
}
