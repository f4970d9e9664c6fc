/** Hands messages that are due to their providers, at least once each; the right to know is asked again (design.md law 6). */
import { writtenLanguage } from '#contract/languages';
import { triedForMs } from '#server/domain/notices';
import type { Log } from '#server/runtime/log';
import type { Senders } from '#server/runtime/sender';
import {
  claimMessages,
  endAttempt,
  type ClaimedMessage,
  type MessageOutcome,
} from '#server/store/messages';
import type { Database } from '#server/store/pool';
import { readScope } from '#server/store/scope';
import { findSitePlace } from '#server/store/site-people';
import { mayKnow } from './make-messages.ts';

const minuteMs = 60_000;
/** Waits before the next attempt; the last one counts on, until the message is given up. */
const waitsMs = [1, 5, 15, 30, 60, 120, 240].map((minutes) => minutes * minuteMs);
/** Longer than any provider may take: a process that still holds a message after that has died. */
export const claimMs = 3 * minuteMs;
const atOnce = 8;

type Parts = {
  readonly database: Database;
  readonly senders: Senders;
  readonly clock: { now(): Date };
  readonly log: Log;
};

/** Sends a few messages that are due; tells whether there may be more. */
export async function deliverMessages(parts: Parts): Promise<boolean> {
  const { database, clock, log } = parts;
  const now = clock.now();
  const until = new Date(now.getTime() + claimMs);
  const claimed = await claimMessages(database, { now, until, limit: atOnce });
  await Promise.all(
    claimed.map(async (message) => {
      const outcome = await attempt(message, parts);
      await endAttempt(readScope(database, message.tenant_id), message.id, outcome);
      if (outcome.error !== null)
        log.warn(
          { messageId: message.id, channel: message.channel, fault: outcome.error },
          'a message was not delivered',
        );
    }),
  );
  return claimed.length === atOnce;
}

async function attempt(message: ClaimedMessage, parts: Parts): Promise<MessageOutcome> {
  const ended = { nextAttemptAt: null, deliveredAt: null } as const;
  if (!(await isAllowed(message, parts.database)))
    return { ...ended, state: 'withheld', error: 'may_not_know' };
  const to = addressOf(message);
  if (to === null) return { ...ended, state: 'withheld', error: 'no_address' };
  const sender = parts.senders[message.channel];
  if (sender === null) return { ...ended, state: 'outbox', error: null };
  const { id, subject, body: text } = message;
  const language = writtenLanguage(message.language);
  const error = await sender.send({ id, to, subject, text, language });
  const now = parts.clock.now();
  if (error === null) return { ...ended, state: 'delivered', error, deliveredAt: now };
  const nextAttemptAt = nextAttempt(message, now);
  return { ...ended, state: nextAttemptAt === null ? 'failed' : 'waiting', error, nextAttemptAt };
}

/** When a message that was not taken over is tried again, at the latest when it is given up; null = never. */
export function nextAttempt(
  { attempts, give_up_at: giveUpAt }: Pick<ClaimedMessage, 'attempts' | 'give_up_at'>,
  now: Date,
): Date | null {
  if (now >= giveUpAt) return null;
  const wait = waitsMs[Math.min(attempts, waitsMs.length) - 1] ?? triedForMs;
  return new Date(Math.min(now.getTime() + wait, giveUpAt.getTime()));
}

async function isAllowed(message: ClaimedMessage, database: Database): Promise<boolean> {
  const { kind, collection_id: siteId, user_id: userId } = message;
  if (kind === 'notice') return true;
  if (siteId === null) return false;
  const scope = readScope(database, message.tenant_id);
  const place = await findSitePlace(scope, { siteId, userId });
  return mayKnow(place, { kind, eventUserId: message.event_user_id, userId });
}

function addressOf({ channel, email, phone, user_id: userId }: ClaimedMessage): string | null {
  if (channel === 'mail') return email;
  return channel === 'sms' ? phone : userId;
}
