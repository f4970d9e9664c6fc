/** What requests did, for metrics and traces. Labels are laid routes, never what a caller sent. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Metrics } from '#server/runtime/metrics';
import type { Span, Tracing } from '#server/runtime/tracing';

// Fewer than usual: each route has a series of its own for each bound.
const bounds = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 10];

export type RequestWatch = {
  /** Told of each failure by its code of the catalogue. */
  failed(code: number, request: FastifyRequest): void;
  /** Lays the hooks; before any route. */
  layOn(app: FastifyInstance): void;
};

/** Counts and times requests as `cardea_http_…`, failures as `cardea_failures_total`, and traces both. */
export function createRequestWatch({
  metrics,
  tracing,
}: {
  readonly metrics: Metrics;
  readonly tracing: Tracing | null;
}): RequestWatch {
  const failures = metrics.counter('cardea_failures_total', 'Failed requests by code.');
  const requests = metrics.counter('cardea_http_requests_total', 'Requests answered.');
  const seconds = metrics.histogram(
    'cardea_http_request_seconds',
    'Time from the head of a request to the end of its answer.',
    bounds,
  );
  let underway = 0;
  metrics.gauge('cardea_http_requests_underway', 'Requests not answered yet.', () => underway);
  const spans = new WeakMap<FastifyRequest, Span>();

  return {
    failed(code, request) {
      failures.add({ code: String(code) });
      const span = spans.get(request);
      span?.note({ 'cardea.error_code': code });
    },

    layOn(app) {
      app.addHook('onRequest', (request, _reply, done) => {
        underway += 1;
        if (tracing === null) return done();
        const span = tracing.beginRequest(request.headers, {
          'http.request.method': request.method,
          'http.route': routeOf(request),
          'cardea.request_id': request.id,
        });
        spans.set(request, span);
        span.run(done);
      });
      // A body comes by events of the connection, which know nothing of the span they belong to.
      if (tracing !== null)
        app.addHook('preValidation', (request, _reply, done) => {
          const span = spans.get(request);
          if (span === undefined) done();
          else span.run(done);
        });
      app.addHook('onResponse', (request, reply, done) => {
        underway -= 1;
        const labels = { method: request.method, route: routeOf(request) };
        const { statusCode } = reply;
        requests.add({ ...labels, status: String(statusCode) });
        seconds.observe(reply.elapsedTime / 1000, labels);
        const span = spans.get(request);
        span?.note({ 'http.response.status_code': statusCode });
        if (statusCode >= 500) span?.fail(String(statusCode));
        span?.end();
        done();
      });
    },
  };
}

function routeOf(request: FastifyRequest): string {
  return request.routeOptions.url ?? 'none';
}
