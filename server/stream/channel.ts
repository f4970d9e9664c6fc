import type { Backlog } from './backlog.ts';

export type ConnectionEnd =
  | 'client_closed'
  | 'client_gone'
  | 'handshake_failed'
  | 'silent'
  | 'too_slow'
  | 'unreadable'
  | 'rights_ended'
  | 'failed'
  | 'shutdown';

/** The way to one client, whatever the transport. */
export type Channel = {
  /** Whether it carries MessagePack. */
  readonly takesBinary: boolean;
  /** Whether both sides show by messages that they live; a long poll shows it by itself. */
  readonly hasPings: boolean;
  readonly backlog: Backlog;
  /** Whole hub messages, all text or all bytes. */
  write(payload: Buffer, isBinary: boolean): void;
  /** Nothing is written after it; what was written still goes out. */
  close(reason: ConnectionEnd): void;
  /** Ends it at once, whatever was written. */
  cut(): void;
};
