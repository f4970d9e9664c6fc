/** The one interface of all providers. */
export type OutgoingMessage = {
  /** The same at every attempt, so that a receiver can tell a repetition. */
  readonly id: string;
  /** An address, a phone number, or the id of a person: whatever the channel reaches people by. */
  readonly to: string;
  readonly subject: string;
  readonly text: string;
};

/** null = taken over. Else why not, in a word that names nobody. */
export type SendFault = string | null;

export type Sender = {
  send(message: OutgoingMessage): Promise<SendFault>;
  /** Gives up what it holds. */
  close(): void;
};
