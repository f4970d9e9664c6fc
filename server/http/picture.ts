/** Pictures that belong to somebody: kept by the browser of whoever may see them, and by nobody on the way. */
import type { FastifyReply, FastifyRequest } from 'fastify';

export type Picture = {
  readonly mediaType: string;
  /** SHA-256 (hex) of the bytes. */
  readonly digest: string;
  readonly bytes: Buffer;
};

/** Sends a picture, or 304 to who has it (RFC 9110, 13.1.2). Asked for anew each time, since the right to see it may end. */
export function sendPicture(
  { request, reply }: { readonly request: FastifyRequest; readonly reply: FastifyReply },
  { mediaType, digest, bytes }: Picture,
): FastifyReply {
  const etag = `"${digest}"`;
  void reply.headers({
    etag,
    'cache-control': 'private, no-cache',
    // Opened by itself it runs nothing, whatever a browser takes it for.
    'content-security-policy': "default-src 'none'; sandbox",
    'content-disposition': 'inline',
  });
  const known = (request.headers['if-none-match'] ?? '').split(',').map((tag) => tag.trim());
  if (known.some((tag) => tag === '*' || tag.replace(/^W\//, '') === etag))
    return reply.code(304).send();
  return reply.type(mediaType).send(bytes);
}
