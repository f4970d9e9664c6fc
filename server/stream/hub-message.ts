/** The messages of the SignalR hub protocol as values, and what an encoding of them is (streaming.md 5). */

/** A message from a client may hold so much. */
export const largestMessageBytes = 32 * 1024;

export type ClientMessage =
  | { readonly kind: 'ping' }
  | { readonly kind: 'close' }
  /** A call of a hub method; without invocationId nobody waits for the answer. */
  | {
      readonly kind: 'call';
      readonly target: string;
      readonly invocationId: string | null;
      readonly given: readonly unknown[];
      /** A stream invocation: this hub has no streams. */
      readonly isStream: boolean;
    }
  | { readonly kind: 'ignored' }
  | { readonly kind: 'unreadable' };

export type ServerMessage =
  /** `ReceiveMessage` with one argument: a string that holds JSON (streaming.md 6). */
  | { readonly kind: 'event'; readonly text: string }
  | { readonly kind: 'result'; readonly invocationId: string; readonly result: boolean }
  | { readonly kind: 'error'; readonly invocationId: string; readonly error: string }
  | { readonly kind: 'ping' }
  | { readonly kind: 'close'; readonly error: string | null; readonly allowReconnect: boolean };

/** Whole messages and the unfinished rest; null = the bytes cannot be read, or a message is over the limit. */
export type Split = { readonly messages: readonly Buffer[]; readonly rest: Buffer } | null;

export type HubProtocol = {
  readonly name: 'json' | 'messagepack';
  readonly isBinary: boolean;
  split(bytes: Buffer): Split;
  /** What a client sent; messages that mean nothing here are `ignored`. */
  read(message: Buffer): ClientMessage;
  write(message: ServerMessage): Buffer;
};
