import type { ServerResponse } from 'node:http';
import { createBacklog } from './backlog.ts';
import type { Channel } from './channel.ts';

/** What a stream of events or a poll is answered with beside the headers of every answer. */
export const unbuffered: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'x-accel-buffering': 'no',
};

/** A connection over server-sent events, text only; the client's own messages come by POST. */
export function openServerSentEvents(
  response: ServerResponse,
  { headers, gone }: { readonly headers: Record<string, string>; readonly gone: () => void },
): Channel {
  const backlog = createBacklog();
  response.on('close', () => {
    backlog.release();
    gone();
  });
  response.on('error', gone);
  response.writeHead(200, { ...headers, ...unbuffered, 'content-type': 'text/event-stream' });
  // A first comment, so that proxies and clients see the stream before its first message.
  response.write(':\r\n\r\n');
  return {
    takesBinary: false,
    hasPings: true,
    backlog,
    write(payload) {
      const text = eventText(payload.toString('utf8'));
      response.write(text, backlog.add(Buffer.byteLength(text)));
    },
    close(reason) {
      backlog.release();
      if (reason === 'client_gone') response.destroy();
      else response.end();
    },
    cut: () => response.destroy(),
  };
}

/** A payload as one event: a `data:` line for each of its lines, and a blank one. */
function eventText(payload: string): string {
  const lines = payload.split(/\r\n|\r|\n/).map((line) => `data: ${line}\r\n`);
  return `${lines.join('')}\r\n`;
}
