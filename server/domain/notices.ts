/** What people are told of what concerns themselves or their site (behaviour.md 15, 18; streaming.md 8): a mail, made with the change. */
import type { CollectionId, UserId } from '#contract/ids';
import { writtenLanguage, type Words } from '#contract/languages';
import type { NoticeWord } from '#contract/messages';
import type { Ids } from '#server/runtime/ids';
import type { Bus } from '#server/store/bus';
import { findOwner } from '#server/store/collections';
import { insertMessages, messagesTopic } from '#server/store/messages';
import { readLanguages } from '#server/store/people';
import type { WriteScope } from '#server/store/scope';
import { paragraphs, type MessageText } from './message-text.ts';

export type Notice = {
  readonly word: NoticeWord;
  /** The site it is about; its name need not be in the text. */
  readonly siteId: CollectionId | null;
  /** Who is told; nobody twice. */
  readonly userIds: readonly (UserId | null)[];
  /** Whether the owner of the site is told as well. */
  readonly tellsOwner?: boolean;
  /** What it says, to each in their language. Never a PIN or secret. */
  readonly texts: Words<MessageText>;
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
    async tell(scope, { word, siteId, userIds, tellsOwner = false, texts }) {
      const owner = tellsOwner && siteId !== null ? await findOwner(scope, siteId) : null;
      const told = new Set([...userIds, owner].filter((id) => id !== null));
      if (told.size === 0) return;
      const languages = await readLanguages(scope, [...told]);
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
          ...texts[writtenLanguage(languages.get(userId) ?? null)],
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
  notice: Pick<Notice, 'word' | 'texts'>,
): Notice {
  return { ...notice, siteId, userIds: [userId] };
}

const unexpected: Words<string> = {
  en: 'If you did not expect this, tell the people who look after your site.',
  de: 'Wenn Sie das nicht erwartet haben, sagen Sie es den Menschen, die sich um Ihren Standort kümmern.',
};

/** behaviour.md 18: a tag was given to the person. */
export function tagGiven(person: Person, tagNumber: string | null): Notice {
  const number = tagNumber === null ? '' : ` ${tagNumber}`;
  return personal(person, {
    word: 'tag_given',
    texts: {
      en: {
        subject: 'A tag was given to you',
        text: paragraphs(`The tag${number} opens doors in your name.`, unexpected.en),
      },
      de: {
        subject: 'Sie haben einen Transponder bekommen',
        text: paragraphs(`Der Transponder${number} öffnet Türen in Ihrem Namen.`, unexpected.de),
      },
    },
  });
}

/** behaviour.md 18: the PIN of the person is another one, or gone. The PIN itself is never in it. */
export function pinChanged(person: Person, change: 'changed' | 'removed'): Notice {
  const changed: Words<string> = { en: change, de: change === 'changed' ? 'geändert' : 'entfernt' };
  return personal(person, {
    word: 'pin_changed',
    texts: {
      en: {
        subject: `Your PIN was ${changed.en}`,
        text: paragraphs(
          `Your PIN for keypads was ${changed.en}; the former one opens no door any more.`,
          unexpected.en,
        ),
      },
      de: {
        subject: `Ihre PIN wurde ${changed.de}`,
        text: paragraphs(
          `Ihre PIN für Tastaturen wurde ${changed.de}; die bisherige öffnet keine Tür mehr.`,
          unexpected.de,
        ),
      },
    },
  });
}

/** behaviour.md 18: the person must activate one-time codes anew at a hub. */
export function otpReset(person: Person): Notice {
  return personal(person, {
    word: 'otp_reset',
    texts: {
      en: {
        subject: 'Your one-time codes were reset',
        text: paragraphs(
          'Your activation of one-time codes at a hub was reset. Activate them again before you next open a door from afar.',
          unexpected.en,
        ),
      },
      de: {
        subject: 'Ihre Einmalcodes wurden zurückgesetzt',
        text: paragraphs(
          'Ihre Aktivierung von Einmalcodes an einem Hub wurde zurückgesetzt. Aktivieren Sie sie wieder, bevor Sie das nächste Mal eine Tür aus der Ferne öffnen.',
          unexpected.de,
        ),
      },
    },
  });
}
