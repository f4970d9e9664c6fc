/** What the server says about itself: the API description, health, readiness and metrics. */
import type { FastifyInstance } from 'fastify';
import type { MetricsAccess } from './metrics-access.ts';

export type Readiness = {
  readonly ready: boolean;
  /** A word for each part: `up`, or what keeps it from work. */
  readonly parts: Readonly<Record<string, string>>;
};

export type PageParts = {
  readonly readiness: () => Promise<Readiness>;
  readonly metricsText: () => Promise<string>;
  readonly metricsAccess: MetricsAccess;
  readonly version: string;
};

const refusals = {
  not_here: 'Metrics are for this machine. Set CARDEA_METRICS_TOKEN to read them from elsewhere.\n',
  unknown_token: 'Metrics need the token of CARDEA_METRICS_TOKEN.\n',
};

/** Lays `/openapi.json`, `/health`, `/ready` and `/metrics`. */
export function registerPages(
  app: FastifyInstance,
  { readiness, metricsText, metricsAccess, version }: PageParts,
): void {
  const hide = { schema: { hide: true } };
  app.get('/openapi.json', hide, () => app.swagger());
  // Whoever restarts what does not answer must not restart a server whose database is away.
  app.get('/health', hide, () => ({ status: 'up', version }));
  app.get('/ready', hide, async (_request, reply) => {
    const answer = await readiness();
    if (!answer.ready) void reply.header('retry-after', '5');
    return reply.code(answer.ready ? 200 : 503).send(answer);
  });
  app.get('/metrics', hide, async (request, reply) => {
    const { headers, socket } = request.raw;
    const access = metricsAccess({ headers, remoteAddress: socket.remoteAddress });
    if (access === 'unknown_token') void reply.header('www-authenticate', 'Bearer');
    if (access !== 'allowed')
      return reply
        .code(access === 'not_here' ? 403 : 401)
        .type('text/plain; charset=utf-8')
        .send(refusals[access]);
    return reply.type('text/plain; version=0.0.4; charset=utf-8').send(await metricsText());
  });
}
