/**
 * Traces of what a process does, as its parts see them. Nothing here knows OpenTelemetry: its packages are loaded by
 * `openTracing` only where the standard variables name a receiver, so that all others neither wait nor pay for them.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { Pool } from 'pg';
import type { Log } from './log.ts';

/** Words and numbers that say what happened; never a secret, a name, or a value of a statement. */
export type Attributes = Readonly<Record<string, string | number>>;

export type Span = {
  note(attributes: Attributes): void;
  /** Marks it as failed, by a word of ours. */
  fail(word: string): void;
  end(): void;
  /** Runs something inside it: spans that begin there lie below it. */
  run(act: () => void): void;
};

export type SpanKind = 'server' | 'client' | 'producer' | 'internal';

export type Tracing = {
  /** Begins the span of a request, below that of its caller where the headers name one (W3C Trace Context). */
  beginRequest(headers: IncomingHttpHeaders, attributes: Attributes): Span;
  /** Runs something in a span of its own; one that throws fails it. */
  within<T>(
    span: { readonly name: string; readonly kind: SpanKind; readonly attributes: Attributes },
    act: (span: Span) => Promise<T>,
  ): Promise<T>;
  /** Makes a span of each statement that runs below another span, by the statement's name. */
  watchPool(pool: Pool): void;
  /** Sends what is left and ends; at most some seconds. */
  stop(): Promise<void>;
};

type Environment = Readonly<Record<string, string | undefined>>;

/** Whether the standard variables ask for traces. */
export function wantsTraces(environment: Environment): boolean {
  const isSet = (name: string): boolean => (environment[name]?.trim() ?? '') !== '';
  if (environment['OTEL_SDK_DISABLED']?.trim().toLowerCase() === 'true') return false;
  if (environment['OTEL_TRACES_EXPORTER']?.trim().toLowerCase() === 'none') return false;
  return isSet('OTEL_EXPORTER_OTLP_ENDPOINT') || isSet('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT');
}

/** Traces to the receiver that the standard variables (`OTEL_…`) name; null = none is named. */
export async function openTracing(
  environment: Environment,
  { version, log }: { readonly version: string; readonly log: Log },
): Promise<Tracing | null> {
  if (!wantsTraces(environment)) return null;
  // OpenTelemetry reads the process's own environment; those of the file `.env` are put beside them.
  for (const [name, value] of Object.entries(environment))
    if (name.startsWith('OTEL_') && value !== undefined) process.env[name] ??= value;
  const { startOpenTelemetry } = await import('./open-telemetry.ts');
  const tracing = startOpenTelemetry({ version, log });
  log.info('traces are sent, as OTEL_EXPORTER_OTLP_ENDPOINT says');
  return tracing;
}
