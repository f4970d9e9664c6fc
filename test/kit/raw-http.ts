import { connect } from 'node:net';
import { once } from 'node:events';

export type RawAnswer = {
  readonly status: number;
  /** Lower-case names; a repeated header's values joined by `, `. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
};

/**
 * Sends bytes as they are to the server of `url` and reads until it closes the connection, for what no HTTP client would
 * send. Well-formed requests should say `Connection: close`.
 */
export async function sendRaw(url: string, bytes: string | Buffer): Promise<RawAnswer> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  const parts: Buffer[] = [];
  socket.on('data', (part: Buffer) => parts.push(part));
  // The server may answer and close before it has read all that is sent.
  socket.on('error', () => socket.destroy());
  socket.setTimeout(20_000, () => socket.destroy());
  socket.write(bytes);
  await once(socket, 'close');
  return parseAnswer(Buffer.concat(parts).toString('utf8'));
}

/** A request text with the given lines after the request line, `Host` and `Connection: close` added. */
export function requestText(line: string, headers: readonly string[] = [], body = ''): string {
  return [`${line} HTTP/1.1`, 'Host: cardea.test', 'Connection: close', ...headers, '', body].join(
    '\r\n',
  );
}

function parseAnswer(text: string): RawAnswer {
  const cut = text.indexOf('\r\n\r\n');
  const [statusLine = '', ...lines] = text.slice(0, cut).split('\r\n');
  const headers = new Map<string, string>();
  for (const line of lines) {
    const at = line.indexOf(':');
    const name = line.slice(0, at).toLowerCase();
    const value = line.slice(at + 1).trim();
    const present = headers.get(name);
    headers.set(name, present === undefined ? value : `${present}, ${value}`);
  }
  return { status: Number(statusLine.split(' ')[1] ?? 0), headers, body: text.slice(cut + 4) };
}
