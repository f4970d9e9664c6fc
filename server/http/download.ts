/** Files that are made while they are sent (connect-api.md 4.10), so that their size costs no memory. */
import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';

export type Download = {
  /** As whoever saves it sees it; made safe by `safeFileName`. */
  readonly fileName: string;
  /** The file piece by piece; its `return` is called when nobody takes any more. */
  readonly text: AsyncIterable<string>;
};

/** Whoever takes nothing for so long has gone. */
const stalledAfterMs = 60_000;

/** Sends a CSV file. A fault half-way cuts the connection: a file that ends too early must not look whole. */
export function sendCsv(
  { request, reply }: { readonly request: FastifyRequest; readonly reply: FastifyReply },
  { fileName, text }: Download,
  stalledMs = stalledAfterMs,
): FastifyReply {
  const file = Readable.from(text, { objectMode: false });
  void reply
    .type('text/csv; charset=utf-8')
    .header('content-disposition', contentDisposition(fileName));
  if (request.method === 'HEAD') {
    file.destroy();
    return reply.send();
  }
  cutWhenStalled(reply, stalledMs);
  return reply.send(file);
}

/** What was written waits for so long: nobody takes it. With nothing written it is the file that takes its time. */
function cutWhenStalled({ raw }: FastifyReply, stalledMs: number): void {
  raw.on('timeout', () => {
    if (raw.writableLength > 0) raw.destroy();
    else raw.setTimeout(stalledMs);
  });
  // Every write begins the time anew.
  raw.setTimeout(stalledMs);
}

/** RFC 6266: plain ASCII for everybody, and the name itself in UTF-8. */
function contentDisposition(fileName: string): string {
  const plain = fileName.replaceAll(/[^\x20-\x7e]/g, '_').replaceAll(/["\\%]/g, '_');
  if (plain === fileName) return `attachment; filename="${plain}"`;
  const encoded = encodeURIComponent(fileName).replaceAll(
    /['()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`;
}

const longestName = 100;

/** A name for a file that is only a name: no folder, no control character, with its ending; null when nothing is left of it. */
export function safeFileName(sent: string, ending: `.${string}`): string | null {
  const bare = sent
    .replaceAll(/[\p{Cc}\p{Cf}\p{Cs}]/gu, '')
    .replaceAll(/[/\\:*?"<>|]/g, '_')
    .trim();
  const stem = bare.toLowerCase().endsWith(ending) ? bare.slice(0, -ending.length) : bare;
  const kept = Array.from(stem.replace(/^[. ]+/, ''))
    .slice(0, longestName)
    .join('')
    .trim();
  return kept === '' ? null : kept + ending;
}
