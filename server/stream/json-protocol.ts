/** The hub protocol in JSON (streaming.md 5): UTF-8 texts, each ended by the record separator 0x1E. */
import {
  largestMessageBytes,
  type ClientMessage,
  type HubProtocol,
  type ServerMessage,
  type Split,
} from './hub-message.ts';

const separator = 0x1e;
const utf8 = new TextDecoder('utf-8', { fatal: true });

export const jsonProtocol: HubProtocol = {
  name: 'json',
  isBinary: false,
  split,
  read,
  write: (message) => Buffer.from(`${JSON.stringify(bodyOf(message))}\u001e`),
};

function split(bytes: Buffer): Split {
  const messages: Buffer[] = [];
  let from = 0;
  for (let end = bytes.indexOf(separator); end >= 0; end = bytes.indexOf(separator, from)) {
    messages.push(bytes.subarray(from, end));
    from = end + 1;
  }
  const rest = bytes.subarray(from);
  const isTooLong = [...messages, rest].some(({ length }) => length > largestMessageBytes);
  return isTooLong ? null : { messages, rest };
}

function read(bytes: Buffer): ClientMessage {
  const message = parse(bytes);
  if (message === null || typeof message['type'] !== 'number') return { kind: 'unreadable' };
  switch (message['type']) {
    case 6:
      return { kind: 'ping' };
    case 7:
      return { kind: 'close' };
    case 1:
    case 4: {
      const { target, invocationId, arguments: given } = message;
      if (typeof target !== 'string') return { kind: 'unreadable' };
      return {
        kind: 'call',
        target,
        invocationId: typeof invocationId === 'string' ? invocationId : null,
        given: Array.isArray(given) ? given : [],
        isStream: message['type'] === 4,
      };
    }
    default:
      return { kind: 'ignored' };
  }
}

function parse(bytes: Buffer): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(utf8.decode(bytes));
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}

function bodyOf(message: ServerMessage): unknown {
  switch (message.kind) {
    case 'event':
      return { type: 1, target: 'ReceiveMessage', arguments: [message.text] };
    case 'result':
      return { type: 3, invocationId: message.invocationId, result: message.result };
    case 'error':
      return { type: 3, invocationId: message.invocationId, error: message.error };
    case 'ping':
      return { type: 6 };
    case 'close': {
      const error = message.error === null ? {} : { error: message.error };
      return { type: 7, ...error, allowReconnect: message.allowReconnect };
    }
    default:
      return message satisfies never;
  }
}
