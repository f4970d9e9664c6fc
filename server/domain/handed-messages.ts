/** Messages that a request waits for: it fails when nobody takes them over (connect-api.md 4.2, 4.6, 4.11). */
import type { CollectionId, TenantId, UserId } from '#contract/ids';
import { writtenLanguage, type Words } from '#contract/languages';
import type { MessageChannel, NoticeWord } from '#contract/messages';
import type { Ids } from '#server/runtime/ids';
import type { Senders } from '#server/runtime/sender';
import { insertHandedMessage } from '#server/store/messages';
import type { Scope } from '#server/store/scope';
import type { MessageText } from './message-text.ts';

export type HandedMessage = {
  readonly tenantId: TenantId;
  readonly siteId: CollectionId | null;
  readonly userId: UserId;
  readonly channel: Exclude<MessageChannel, 'push'>;
  /** An e-mail address, or a phone number in international form. */
  readonly to: string;
  readonly word: NoticeWord;
  readonly texts: Words<MessageText>;
  /** That of the person, as they or their sites have it. */
  readonly language: string | null;
  readonly attachment?: { readonly name: string; readonly type: string; readonly content: string };
};

/** taken: the provider has it; kept: there is no provider, and it is read in the outbox of the site; else why not, in a word. */
export type HandOver =
  { readonly state: 'taken' | 'kept' } | { readonly state: 'refused'; readonly fault: string };

export type HandedMessages = {
  /**
   * Hands a message over, never inside a transaction: a provider may take 10 s. `record` then writes its delivery record, which
   * the outbox shows; of what was taken without the text, as that may hold a secret.
   */
  hand(message: HandedMessage): Promise<HandOver & { record(scope: Scope): Promise<void> }>;
};

export function createHandedMessages({
  senders,
  clock,
  ids,
}: {
  readonly senders: Senders;
  readonly clock: { now(): Date };
  readonly ids: Ids;
}): HandedMessages {
  return {
    async hand(message) {
      const { siteId: collectionId, channel, to, attachment, texts, ...rest } = message;
      const language = writtenLanguage(message.language);
      const { subject, text } = texts[language];
      const id = ids.next<string>();
      const sender = senders[channel];
      const fault =
        sender === null
          ? null
          : await sender.send({
              id,
              to,
              subject,
              text,
              language,
              ...(attachment === undefined ? {} : { attachment }),
            });
      if (fault !== null) return { state: 'refused', fault, record: () => Promise.resolve() };
      const isTaken = sender !== null;
      return {
        state: isTaken ? 'taken' : 'kept',
        record: (scope) =>
          insertHandedMessage(scope, {
            ...rest,
            id,
            collectionId,
            channel,
            subject,
            text: isTaken ? '' : [text, attachment?.content].filter(Boolean).join('\n\n'),
            state: isTaken ? 'delivered' : 'outbox',
            createdAt: clock.now(),
          }),
      };
    },
  };
}
