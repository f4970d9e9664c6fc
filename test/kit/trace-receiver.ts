import { once } from 'node:events';
import { createServer } from 'node:http';
import { freePort } from './ports.ts';

/** A span as a collector got it, its attributes by name. */
export type ReceivedSpan = {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly name: string;
  readonly isFailed: boolean;
  readonly attributes: Readonly<Record<string, unknown>>;
};

export type TraceReceiver = {
  /** For `OTEL_EXPORTER_OTLP_ENDPOINT`. */
  readonly url: string;
  readonly spans: readonly ReceivedSpan[];
  /** Attributes of the service that sent last. */
  readonly resource: Readonly<Record<string, unknown>>;
  /** Everything that was sent, as it came. */
  text(): string;
  stop(): Promise<void>;
};

type Pair = {
  readonly key: string;
  readonly value: { readonly stringValue?: string; readonly intValue?: string | number };
};
type Sent = {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly Pair[] };
    readonly scopeSpans: readonly {
      readonly spans: readonly {
        readonly traceId: string;
        readonly spanId: string;
        readonly parentSpanId?: string;
        readonly name: string;
        readonly status?: { readonly code?: number };
        readonly attributes: readonly Pair[];
      }[];
    }[];
  }[];
};

const failed = 2;

/** A collector of traces on 127.0.0.1, which speaks OTLP over HTTP with JSON. */
export async function startTraceReceiver(): Promise<TraceReceiver> {
  const spans: ReceivedSpan[] = [];
  const texts: string[] = [];
  let resource: Readonly<Record<string, unknown>> = {};
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      if (request.url !== '/v1/traces') return response.writeHead(404).end();
      const text = Buffer.concat(parts).toString();
      texts.push(text);
      for (const one of (JSON.parse(text) as Sent).resourceSpans) {
        resource = byName(one.resource.attributes);
        for (const span of one.scopeSpans.flatMap((scope) => scope.spans))
          spans.push({
            traceId: span.traceId,
            spanId: span.spanId,
            parentSpanId: span.parentSpanId,
            name: span.name,
            isFailed: span.status?.code === failed,
            attributes: byName(span.attributes),
          });
      }
      return response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
  });
  const port = await freePort();
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${String(port)}`,
    spans,
    get resource() {
      return resource;
    },
    text: () => texts.join('\n'),
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function byName(pairs: readonly Pair[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    pairs.map(({ key, value }) => [key, value.stringValue ?? Number(value.intValue)]),
  );
}
