import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, it } from 'vitest';
import { freePort } from '#test/kit/ports';
import { silentLog } from '#test/kit/database';
import { createApp } from './app.ts';

it('a server that closes does not wait for a connection on which nothing was sent', async () => {
  const app = await createApp({ log: silentLog(), corsOrigins: [], version: '0.0.0' });
  const port = await freePort();
  await app.listen({ host: '127.0.0.1', port });
  const seen = once(app.server, 'connection');
  const socket = connect(port, '127.0.0.1');
  await seen;
  const closed = once(socket, 'close');
  await app.close();
  await closed;
  expect(socket.destroyed).toBe(true);
});
