/**
 * The SignalR hub protocol in JSON (streaming.md 5): text messages, each ended by the record separator 0x1E. Pure: texts in,
 * messages out.
 */
const separator = '\u001e';

/** Splits a payload into whole messages; what follows the last separator is unfinished. */
export function splitRecords(payload: string): { records: string[]; rest: string } {
  const parts = payload.split(separator);
  const rest = parts.pop() ?? '';
  return { records: parts, rest };
}

/** The first message of a client: null when the protocol is one this server speaks, else what is wrong. */
export function handshakeFault(record: string): string | null {
  const message = parseObject(record);
  if (message === null) return 'The handshake is not valid JSON.';
  const { protocol, version } = message;
  if (protocol !== 'json') return `The protocol '${String(protocol)}' is not supported.`;
  // Version 2 adds what this hub does not use; its clients understand version 1 (streaming.md 5).
  if (version !== 1 && version !== 2) return `The version ${String(version)} is not supported.`;
  return null;
}

export function handshakeAnswer(fault: string | null): string {
  return JSON.stringify(fault === null ? {} : { error: fault }) + separator;
}

export type ClientMessage =
  | { readonly kind: 'ping' }
  | { readonly kind: 'close' }
  /** A call of a hub method; without invocationId nobody waits for the answer. */
  | { readonly kind: 'call'; readonly target: string; readonly invocationId: string | null }
  | { readonly kind: 'ignored' }
  | { readonly kind: 'unreadable' };

/** What a client sent; messages that mean nothing here are `ignored`. */
export function readClientMessage(record: string): ClientMessage {
  const message = parseObject(record);
  if (message === null || typeof message['type'] !== 'number') return { kind: 'unreadable' };
  switch (message['type']) {
    case 6:
      return { kind: 'ping' };
    case 7:
      return { kind: 'close' };
    case 1:
    case 4: {
      const { target, invocationId } = message;
      if (typeof target !== 'string') return { kind: 'unreadable' };
      return {
        kind: 'call',
        target,
        invocationId: typeof invocationId === 'string' ? invocationId : null,
      };
    }
    default:
      return { kind: 'ignored' };
  }
}

function parseObject(record: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(record);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}

/** `ReceiveMessage` with one argument: a string that holds JSON (streaming.md 6). */
export function receiveMessage(json: string): string {
  return JSON.stringify({ type: 1, target: 'ReceiveMessage', arguments: [json] }) + separator;
}

export function completionError(invocationId: string, error: string): string {
  return JSON.stringify({ type: 3, invocationId, error }) + separator;
}

export const pingMessage = JSON.stringify({ type: 6 }) + separator;

export function closeMessage({
  error,
  allowReconnect,
}: {
  readonly error?: string;
  readonly allowReconnect: boolean;
}): string {
  const body = error === undefined ? { type: 7 } : { type: 7, error };
  return JSON.stringify({ ...body, allowReconnect }) + separator;
}
