/**
 * The handshake that picks the encoding of a connection (streaming.md 5): JSON ended by 0x1E, whatever the encoding. Pure:
 * bytes in, protocol out.
 */
import { largestMessageBytes, type HubProtocol } from './hub-message.ts';
import { jsonProtocol } from './json-protocol.ts';
import { messagePackProtocol } from './messagepack-protocol.ts';

const protocols: readonly HubProtocol[] = [jsonProtocol, messagePackProtocol];
const separator = 0x1e;

export type Handshake =
  | { readonly protocol: HubProtocol; readonly answer: Buffer; readonly rest: Buffer }
  | { readonly protocol: null; readonly answer: Buffer };

/** The handshake at the start of what a client has sent; null = it is not whole yet. */
export function readHandshake(
  bytes: Buffer,
  { takesBinary }: { readonly takesBinary: boolean },
): Handshake | null {
  const end = bytes.indexOf(separator);
  const length = end < 0 ? bytes.length : end;
  if (length > largestMessageBytes) return refused('The handshake is too long.');
  if (end < 0) return null;
  const message = parseObject(bytes.subarray(0, end).toString('utf8'));
  if (message === null) return refused('The handshake is not valid JSON.');
  const { protocol: name, version } = message;
  const protocol = protocols.find((known) => known.name === name);
  if (protocol === undefined) return refused(`The protocol '${String(name)}' is not supported.`);
  // Version 2 adds what this hub does not use; its clients understand version 1 (streaming.md 5).
  if (version !== 1 && version !== 2)
    return refused(`The version ${String(version)} is not supported.`);
  if (protocol.isBinary && !takesBinary)
    return refused(`The protocol '${protocol.name}' needs a transport that carries bytes.`);
  return { protocol, answer: handshakeAnswer({}), rest: bytes.subarray(end + 1) };
}

function refused(error: string): Handshake {
  return { protocol: null, answer: handshakeAnswer({ error }) };
}

function handshakeAnswer(body: { readonly error?: string }): Buffer {
  return Buffer.from(`${JSON.stringify(body)}\u001e`);
}

/** JSON text of an object; null when it is none. */
function parseObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}
