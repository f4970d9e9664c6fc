/** Traces by OpenTelemetry over OTLP/HTTP, set by the standard variables. Loaded by tracing.ts only where one is wanted. */
import {
  context,
  diag,
  DiagLogLevel,
  propagation,
  ROOT_CONTEXT,
  SpanKind as Kind,
  SpanStatusCode,
  trace,
  type Context,
  type Span as OtelSpan,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
} from '@opentelemetry/resources';
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import type { Pool, PoolClient } from 'pg';
import type { Log } from './log.ts';
import type { Span, SpanKind, Tracing } from './tracing.ts';

const kinds: Readonly<Record<SpanKind, Kind>> = {
  server: Kind.SERVER,
  client: Kind.CLIENT,
  producer: Kind.PRODUCER,
  internal: Kind.INTERNAL,
};

/** Longer is not waited for at the end of the process: the receiver may be gone. */
const endWithinMs = 3_000;

type Query = (this: unknown, ...given: unknown[]) => unknown;

export function startOpenTelemetry({
  version,
  log,
}: {
  readonly version: string;
  readonly log: Log;
}): Tracing {
  const say = (message: string): void => log.warn({ said: message }, 'traces are in trouble');
  const quiet = (): void => undefined;
  diag.setLogger(
    { error: say, warn: say, info: quiet, debug: quiet, verbose: quiet },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
  const own = resourceFromAttributes({ 'service.name': 'cardea', 'service.version': version });
  const provider = new NodeTracerProvider({
    // What the variables say of the service goes over what we say.
    resource: defaultResource()
      .merge(own)
      .merge(detectResources({ detectors: [envDetector] })),
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())],
  });
  provider.register();
  const tracer = provider.getTracer('cardea', version);

  function spanOf(span: OtelSpan, around: Context): Span {
    return {
      note: (attributes) => void span.setAttributes(attributes),
      fail: (word) => {
        span.setAttribute('error.type', word);
        span.setStatus({ code: SpanStatusCode.ERROR });
      },
      end: () => span.end(),
      run: (act) => context.with(around, act),
    };
  }

  const within: Tracing['within'] = async ({ name, kind, attributes }, act) => {
    const span = tracer.startSpan(name, { kind: kinds[kind], attributes });
    const around = trace.setSpan(context.active(), span);
    const own = spanOf(span, around);
    try {
      return await context.with(around, () => act(own));
    } catch (error) {
      own.fail(wordOf(error));
      throw error;
    } finally {
      span.end();
    }
  };

  /** Wraps `query` of a pool or a connection; calls with a callback are those of the pool itself, which has its span. */
  function watched(query: Query): Query {
    return function (this: unknown, ...given) {
      const isInner = given.some((one) => typeof one === 'function');
      if (isInner || trace.getActiveSpan() === undefined) return query.apply(this, given);
      const name = statementName(given[0]);
      const attributes = { 'db.system.name': 'postgresql', 'db.operation.name': name };
      return within(
        { name, kind: 'client', attributes },
        async () => query.apply(this, given) as Promise<unknown>,
      );
    };
  }

  return {
    beginRequest(headers, attributes) {
      const above = propagation.extract(ROOT_CONTEXT, headers);
      const { 'http.request.method': method, 'http.route': route } = attributes;
      const name = `${String(method)} ${String(route)}`;
      const span = tracer.startSpan(name, { kind: Kind.SERVER, attributes }, above);
      return spanOf(span, trace.setSpan(above, span));
    },
    within,
    watchPool(pool: Pool) {
      watchQueries(pool, watched);
      pool.on('connect', (client: PoolClient) => watchQueries(client, watched));
    },
    async stop() {
      const late = new Promise<void>((resolve) => {
        setTimeout(resolve, endWithinMs).unref();
      });
      await Promise.race([provider.shutdown().catch(quiet), late]);
      trace.disable();
      context.disable();
      propagation.disable();
      diag.disable();
    },
  };
}

function watchQueries(owner: Pool | PoolClient, watched: (query: Query) => Query): void {
  const query = Reflect.get(owner, 'query') as Query;
  Reflect.set(owner, 'query', watched(query));
}

/** The name of a prepared statement, else its first word: a text may hold what a person typed, its name never does. */
function statementName(statement: unknown): string {
  if (typeof statement === 'object' && statement !== null) {
    const { name, text } = statement as { readonly name?: unknown; readonly text?: unknown };
    if (typeof name === 'string') return name;
    return statementName(text);
  }
  const word = typeof statement === 'string' ? /^\s*([a-z]+)/i.exec(statement)?.[1] : undefined;
  return word?.toLowerCase() ?? 'query';
}

/** The kind of a failure, never its text: a database names the values of a row there. */
function wordOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return 'error';
  const { code, error: name } = error as { readonly code?: unknown; readonly error?: unknown };
  if (typeof name === 'string') return name;
  if (typeof code === 'string') return code;
  return error instanceof Error ? error.name : 'error';
}
