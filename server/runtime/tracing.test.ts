import { Session } from 'node:inspector';
import { expect, it } from 'vitest';
import { silentLog } from '#test/kit/database';
import { openTracing, wantsTraces } from './tracing.ts';

/** The OpenTelemetry files that this process has loaded, as its engine knows them. */
function loadedFiles(): string[] {
  const session = new Session();
  const urls: string[] = [];
  session.connect();
  session.on('Debugger.scriptParsed', ({ params }) => urls.push(params.url));
  session.post('Debugger.enable');
  session.disconnect();
  return urls.filter((url) => url.includes('@opentelemetry/sdk-trace'));
}

it('OpenTelemetry is loaded only where the variables name a receiver', async () => {
  await import('#server/wire');
  const given = { version: '0.0.0', log: silentLog() };
  expect(await openTracing({}, given)).toBeNull();
  expect(loadedFiles()).toEqual([]);
  const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' };
  const tracing = await openTracing(endpoint, given);
  expect(loadedFiles()).not.toEqual([]);
  await tracing?.stop();
}, 60_000);

it.each([
  [{}, false],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: '' }, false],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' }, true],
  [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://collector:4318/v1/traces' }, true],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318', OTEL_SDK_DISABLED: 'true' }, false],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318', OTEL_TRACES_EXPORTER: 'none' }, false],
  [{ OTEL_SERVICE_NAME: 'doors' }, false],
])('%j asks for traces: %s', (environment, isWanted) => {
  expect(wantsTraces(environment)).toBe(isWanted);
});
