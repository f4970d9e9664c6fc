/**
 * Upgrades of HTTP connections. Node hands every request with an `Upgrade` header to whoever listens for upgrades, also
 * those that offer HTTP/2 without TLS (Java's client does by default, curl with --http2): these are plain requests whose
 * offer is declined, so they are put back in front of the parser without it.
 */
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';

export type TakeUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/** Calls `take` for each WebSocket upgrade; all others are answered as requests. */
export function onWebSocketUpgrade(server: Server, take: TakeUpgrade): void {
  server.on('upgrade', (request, socket, head) => {
    if (request.headers.upgrade?.toLowerCase() === 'websocket') {
      take(request, socket, head);
      return;
    }
    socket.unshift(Buffer.concat([Buffer.from(withoutUpgrade(request), 'latin1'), head]));
    server.emit('connection', socket);
  });
}

const declined = new Set(['upgrade', 'http2-settings', 'connection']);

/** The head of the request as it came, without the offer. */
function withoutUpgrade({
  method,
  url,
  httpVersion,
  headers,
  rawHeaders,
}: IncomingMessage): string {
  const lines = [`${method ?? ''} ${url ?? ''} HTTP/${httpVersion}`];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? '';
    if (!declined.has(name.toLowerCase())) lines.push(`${name}: ${rawHeaders[at + 1] ?? ''}`);
  }
  if (/\bclose\b/i.test(headers.connection ?? '')) lines.push('Connection: close');
  return `${lines.join('\r\n')}\r\n\r\n`;
}
