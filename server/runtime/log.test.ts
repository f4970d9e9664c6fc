import { expect, test } from 'vitest';
import { createLog } from './log.ts';

function capture(format: 'json' | 'lines') {
  const lines: string[] = [];
  const log = createLog({ level: 'info', format, target: { write: (line) => lines.push(line) } });
  return { log, lines };
}

test('a log line is one JSON object with an ISO time, a level and a message', () => {
  const { log, lines } = capture('json');
  log.info({ port: 8080 }, 'listening');
  expect(JSON.parse(lines.join(''))).toEqual({
    level: 'info',
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as unknown,
    port: 8080,
    msg: 'listening',
  });
});

test.each(['json', 'lines'] as const)(
  'secrets and names that slip into the fields are hidden (%s)',
  (format) => {
    const { log, lines } = capture(format);
    // Words that no path of a stack holds.
    log.info({ password: 'hush-one', user: { pin: 'hush-two', first_name: 'hush-three' } }, 'made');
    const detail = '(name)=(hush-four)';
    log.error({ err: Object.assign(new Error('duplicate'), { detail }) }, 'failed');
    expect(lines.join('')).not.toContain('hush');
    expect(lines.join('')).toContain('duplicate');
  },
);

test('a human line has the time, the message and the fields; lesser levels stay out', () => {
  const { log, lines } = capture('lines');
  log.debug('unheard');
  log.info({ port: 8080, part: 'the gateway' }, 'listening');
  log.warn('the disk is slow');
  expect(lines.map((line) => line.slice(9))).toEqual([
    'listening port=8080 part="the gateway"\n',
    'WARN the disk is slow\n',
  ]);
});
