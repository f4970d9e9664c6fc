/**
 * The hub protocol in MessagePack (streaming.md 5): arrays, each preceded by its length as a variable integer of at most
 * five bytes, seven bits a byte and the lowest first.
 */
import { decode, encode } from '@msgpack/msgpack';
import {
  largestMessageBytes,
  type ClientMessage,
  type HubProtocol,
  type ServerMessage,
  type Split,
} from './hub-message.ts';

const longestLengthBytes = 5;
/** Kinds of a completion: 2 would be one without a result. */
const failed = 1;
const succeeded = 3;

export const messagePackProtocol: HubProtocol = {
  name: 'messagepack',
  isBinary: true,
  split,
  read,
  write(message) {
    const body = encode(itemsOf(message));
    return Buffer.concat([lengthOf(body.byteLength), body]);
  },
};

function split(bytes: Buffer): Split {
  const messages: Buffer[] = [];
  let from = 0;
  for (;;) {
    const head = readLength(bytes, from);
    if (head === 'unfinished') break;
    if (head === null || head.length > largestMessageBytes) return null;
    const end = head.end + head.length;
    if (end > bytes.length) break;
    messages.push(bytes.subarray(head.end, end));
    from = end;
  }
  return { messages, rest: bytes.subarray(from) };
}

/** A length and where it ends; null = it is none. */
function readLength(
  bytes: Buffer,
  from: number,
): { readonly length: number; readonly end: number } | 'unfinished' | null {
  let length = 0;
  for (let place = 0; place < longestLengthBytes; place += 1) {
    const byte = bytes[from + place];
    if (byte === undefined) return 'unfinished';
    length += (byte & 0x7f) * 2 ** (7 * place);
    if (byte < 0x80) return { length, end: from + place + 1 };
  }
  return null;
}

function lengthOf(length: number): Buffer {
  const bytes: number[] = [];
  let left = length;
  for (; left >= 0x80; left = Math.floor(left / 0x80)) bytes.push((left % 0x80) | 0x80);
  return Buffer.from([...bytes, left]);
}

function read(bytes: Buffer): ClientMessage {
  const items = parse(bytes);
  const type = items?.[0];
  if (items === null || typeof type !== 'number') return { kind: 'unreadable' };
  switch (type) {
    case 6:
      return { kind: 'ping' };
    case 7:
      return { kind: 'close' };
    case 1:
    case 4: {
      const [, , invocationId, target, given] = items;
      if (typeof target !== 'string') return { kind: 'unreadable' };
      return {
        kind: 'call',
        target,
        invocationId: typeof invocationId === 'string' ? invocationId : null,
        given: Array.isArray(given) ? given : [],
        isStream: type === 4,
      };
    }
    default:
      return { kind: 'ignored' };
  }
}

function parse(bytes: Buffer): readonly unknown[] | null {
  try {
    const value = decode(bytes);
    return Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}

function itemsOf(message: ServerMessage): readonly unknown[] {
  switch (message.kind) {
    case 'event':
      return [1, {}, null, 'ReceiveMessage', [message.text], []];
    case 'result':
      return [3, {}, message.invocationId, succeeded, message.result];
    case 'error':
      return [3, {}, message.invocationId, failed, message.error];
    case 'ping':
      return [6];
    case 'close':
      return [7, message.error, message.allowReconnect];
    default:
      return message satisfies never;
  }
}
