/** The one interface of all providers of messages. */
import type { Language } from '#contract/languages';
import type { MessageChannel } from '#contract/messages';

export type OutgoingMessage = {
  /** The same at every attempt, so that a receiver can tell a repetition. */
  readonly id: string;
  /** An address, a phone number, or the id of a person: whatever the channel reaches people by. */
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  /** That of subject and text; null = it is not known. */
  readonly language: Language | null;
  /** A file that goes with a mail; other channels leave it out. */
  readonly attachment?: { readonly name: string; readonly type: string; readonly content: string };
};

/** null = taken over. Else why not, in a word that names nobody. */
export type SendFault = string | null;

export type Sender = {
  send(message: OutgoingMessage): Promise<SendFault>;
  /** Gives up what it holds. */
  close(): void;
};

/** Who takes over the messages of each channel; null = nobody, they are read in the outbox. */
export type Senders = Readonly<Record<MessageChannel, Sender | null>>;

/** Lets go of all providers. */
export function closeSenders(senders: Senders): void {
  for (const sender of Object.values(senders)) sender?.close();
}
