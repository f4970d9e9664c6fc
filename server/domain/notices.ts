/** What people are told of what concerns themselves or their site (behaviour.md 15, 18; streaming.md 8): a mail, made with the change. */
import type { CollectionId, UserId } from '#contract/ids';
import type { NoticeWord } from '#contract/messages';
import type { Ids } from '#server/runtime/ids';
import type { Bus } from '#server/store/bus';
import { findOwner } from '#server/store/collections';
import { insertMessages, messagesTopic } from '#server/store/messages';
import type { WriteScope } from '#server/store/scope';

export type Notice = {
  readonly word: NoticeWord;
  /** The site it is about; its name need not be in the text. */
  readonly siteId: CollectionId | null;
  /** Who is told; nobody twice. */
  readonly userIds: readonly (UserId | null)[];
  /** Whether the owner of the site is told as well. */
  readonly tellsOwner?: boolean;
  /** One line, in English. Never a PIN or secret. */
  readonly subject: string;
  /** Paragraphs, divided by an empty line. */
  readonly text: string;
};

export type Notices = {
  /** Leaves a mail for each person; it is sent when the transaction has landed. */
  tell(scope: WriteScope, notice: Notice): Promise<void>;
};

/** For how long a message that cannot be handed over is tried again (behaviour.md 18). */
export const triedForMs = 24 * 3_600_000;

export function createNotices({
  bus,
  clock,
  ids,
}: {
  readonly bus: Bus;
  readonly clock: { now(): Date };
  readonly ids: Ids;
}): Notices {
  return {
    async tell(scope, { word, siteId, userIds, tellsOwner = false, subject, text }) {
      const owner = tellsOwner && siteId !== null ? await findOwner(scope, siteId) : null;
      const told = new Set([...userIds, owner].filter((id) => id !== null));
      if (told.size === 0) return;
      const now = clock.now();
      await insertMessages(
        scope,
        [...told].map((userId) => ({
          id: ids.next<string>(),
          collectionId: siteId,
          kind: 'notice',
          word,
          ruleId: null,
          eventId: null,
          eventUserId: null,
          userId,
          channel: 'mail',
          subject,
          text,
          sendAt: now,
          giveUpAt: new Date(now.getTime() + triedForMs),
          createdAt: now,
        })),
      );
      scope.afterCommit(() => bus.publish(messagesTopic, ''));
    },
  };
}

/** A person and the site in which something of theirs changed. */
type Person = {
  readonly user_id: UserId | null;
  readonly collection_id: CollectionId | null;
};

function personal(
  { user_id: userId, collection_id: siteId }: Person,
  notice: Pick<Notice, 'word' | 'subject' | 'text'>,
): Notice {
  return { ...notice, siteId, userIds: [userId] };
}

const unexpected = 'If you did not expect this, tell the people who look after your site.';

/** behaviour.md 18: a tag was given to the person. */
export function tagGiven(person: Person, tagNumber: string | null): Notice {
  return personal(person, {
    word: 'tag_given',
    subject: 'A tag was given to you',
    text: `The tag${tagNumber === null ? '' : ` ${tagNumber}`} opens doors in your name.\n\n${unexpected}`,
  });
}

/** behaviour.md 18: the PIN of the person is another one, or gone. The PIN itself is never in it. */
export function pinChanged(person: Person, change: 'changed' | 'removed'): Notice {
  return personal(person, {
    word: 'pin_changed',
    subject: `Your PIN was ${change}`,
    text: `Your PIN for keypads was ${change}; the former one opens no door any more.\n\n${unexpected}`,
  });
}

/** behaviour.md 18: the person must activate one-time codes anew at a hub. */
export function otpReset(person: Person): Notice {
  return personal(person, {
    word: 'otp_reset',
    subject: 'Your one-time codes were reset',
    text: `Your activation of one-time codes at a hub was reset. Activate them again before you next open a door from afar.\n\n${unexpected}`,
  });
}
