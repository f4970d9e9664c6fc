/** What the server says about itself, without a token: the API description, the error reference, health and metrics. */
import type { FastifyInstance } from 'fastify';
import type { Metrics } from '#server/runtime/metrics';
import { errorReferenceHtml, raisedBy, type Description } from './error-reference.ts';

export type Health = () => Promise<{
  readonly isReady: boolean;
  readonly parts: Record<string, string>;
}>;

/** Lays `/openapi.json`, `/docs/errors`, `/health` and `/metrics`. */
export function registerPages(
  app: FastifyInstance,
  { metrics, health }: { readonly metrics: Metrics; readonly health: Health },
): void {
  const hide = { schema: { hide: true } };
  app.get('/openapi.json', hide, () => app.swagger());
  app.get('/docs/errors', hide, (_request, reply) =>
    reply
      .type('text/html; charset=utf-8')
      .send(errorReferenceHtml(raisedBy(app.swagger() as Description))),
  );
  app.get('/health', hide, async (_request, reply) => {
    const { isReady, parts } = await health();
    if (!isReady) void reply.header('retry-after', '5');
    return reply.code(isReady ? 200 : 503).send({ ready: isReady, parts });
  });
  app.get('/metrics', hide, (_request, reply) =>
    reply.type('text/plain; version=0.0.4; charset=utf-8').send(metrics.text()),
  );
}
