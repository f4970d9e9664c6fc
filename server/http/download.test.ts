import { connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import Fastify from 'fastify';
import { expect, it } from 'vitest';
import { freePort } from '#test/kit/ports';
import { until } from '#test/kit/wait';
import { safeFileName, sendCsv } from './download.ts';

it('a file that nobody takes any more is given up, and so is one whose client has gone', async () => {
  let begun = 0;
  let ended = 0;
  /** A file without end. */
  const endless = (): AsyncIterable<string> => {
    begun += 1;
    return {
      [Symbol.asyncIterator]: () => ({
        next: () => Promise.resolve({ done: false, value: 'x'.repeat(64 * 1024) }),
        return: () => {
          ended += 1;
          return Promise.resolve({ done: true, value: undefined });
        },
      }),
    };
  };
  const app = Fastify();
  app.get('/', (request, reply) =>
    sendCsv({ request, reply }, { fileName: 'a.csv', text: endless() }, 500),
  );
  const port = await freePort();
  await app.listen({ host: '127.0.0.1', port });
  try {
    const stalled = connect(port, '127.0.0.1').pause();
    stalled.on('error', () => stalled.destroy());
    stalled.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await until(() => begun === 1 && ended === 1, { what: 'the stalled file was given up' });
    const gone = connect(port, '127.0.0.1');
    gone.on('error', () => gone.destroy());
    gone.on('data', () => gone.destroy());
    gone.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await until(() => begun === 2 && ended === 2, { what: 'the file of the gone was given up' });
    stalled.destroy();
  } finally {
    await app.close();
  }
});

it('a file that is slow to make is waited for', async () => {
  async function* slow(): AsyncIterable<string> {
    for (const piece of ['a;b\r\n', '1;2\r\n', '3;4\r\n']) {
      await wait(400);
      yield piece;
    }
  }
  const app = Fastify();
  app.get('/', (request, reply) =>
    sendCsv({ request, reply }, { fileName: 'a.csv', text: slow() }, 50),
  );
  const port = await freePort();
  await app.listen({ host: '127.0.0.1', port });
  try {
    const answer = await fetch(`http://127.0.0.1:${port}/`);
    expect(await answer.text()).toBe('a;b\r\n1;2\r\n3;4\r\n');
  } finally {
    await app.close();
  }
});

it.each([
  ['June', 'June.csv'],
  ['June.csv', 'June.csv'],
  [' June.CSV ', 'June.csv'],
  ['a/b\\c:d*e?f"g<h>i|j', 'a_b_c_d_e_f_g_h_i_j.csv'],
  ['..', null],
  ['.csv', null],
  ['', null],
  ['\u0000\u202e\ud800', null],
  ['é'.repeat(300), `${'é'.repeat(100)}.csv`],
])('the name %j becomes %j', (sent, expected) => {
  expect(safeFileName(sent, '.csv')).toBe(expected);
});
