import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { wantsTraces } from './tracing.ts';

/** A process of its own: other tests of this one may have loaded it. Prints the files of it before and after it was asked for. */
const program = `
  import { Session } from 'node:inspector';
  import { createLog } from '#server/runtime/log';
  import { openTracing } from '#server/runtime/tracing';
  import '#server/wire';

  function loadedFiles() {
    const session = new Session();
    const urls = [];
    session.connect();
    session.on('Debugger.scriptParsed', ({ params }) => urls.push(params.url));
    session.post('Debugger.enable');
    session.disconnect();
    return urls.filter((url) => url.includes('@opentelemetry/sdk-trace')).length;
  }

  const given = { version: '0.0.0', log: createLog({ level: 'error', format: 'json' }) };
  const none = await openTracing({}, given);
  const before = loadedFiles();
  const tracing = await openTracing({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' }, given);
  console.log(JSON.stringify({ none, before, after: loadedFiles() }));
  await tracing.stop();
`;

it('OpenTelemetry is loaded only where the variables name a receiver', async () => {
  const options = ['--conditions=development', '--import=tsx', '--input-type=module'];
  const { stdout } = await promisify(execFile)(process.execPath, [...options, '-e', program], {
    cwd: fileURLToPath(new URL('../../', import.meta.url)),
  });
  const said = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Record<string, unknown>;
  expect(said).toMatchObject({ none: null, before: 0 });
  expect(said['after']).toBeGreaterThan(0);
}, 120_000);

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
