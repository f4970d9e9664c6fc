/** Files whose address holds their hash, so that browsers keep them for good. */
import { hash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { FastifyInstance } from 'fastify';

const compress = promisify(gzip);

export type Asset = { readonly address: string };

/** Lays a file on an address of its own. */
export function layAsset(
  app: FastifyInstance,
  { name, type, text }: { readonly name: string; readonly type: string; readonly text: string },
): Asset {
  const [, stem = name, ending = ''] = /^(.*)\.(\w+)$/.exec(name) ?? [];
  const address = `/docs/assets/${stem}-${hash('sha256', text, 'hex').slice(0, 12)}.${ending}`;
  let compressed: Promise<Buffer> | undefined;
  app.get(address, { schema: { hide: true } }, async (request, reply) => {
    void reply.headers({
      'cache-control': 'public, max-age=31536000, immutable',
      vary: 'accept-encoding',
    });
    void reply.type(type);
    const takesGzip = /\bgzip\b/.test(request.headers['accept-encoding'] ?? '');
    if (!takesGzip) return reply.send(text);
    compressed ??= compress(text);
    return reply.header('content-encoding', 'gzip').send(await compressed);
  });
  return { address };
}
