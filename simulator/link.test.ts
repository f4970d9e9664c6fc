import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { freePort } from '#test/kit/ports';
import { until } from '#test/kit/wait';
import { createLink, type Link } from './link.ts';

type Line = { link: Link; hub: Socket; cloud: Socket; heard: () => string; hubHeard: () => string };

const closers: (() => Promise<unknown> | void)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function dial(link: Link): Promise<Socket> {
  const hub = connect({ port: link.port, host: '127.0.0.1' });
  hub.on('error', () => undefined);
  closers.push(() => void hub.destroy());
  await once(hub, 'connect');
  return hub;
}

async function openLine(): Promise<Line> {
  const port = await freePort();
  const arrived: Socket[] = [];
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    arrived.push(socket);
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => {
    for (const socket of arrived) socket.destroy();
    server.close();
  });
  const link = await createLink({ host: '127.0.0.1', port });
  closers.push(() => link.stop());
  const hub = await dial(link);
  const cloud = await until(() => arrived[0], { what: 'the cloud has a connection' });
  return { link, hub, cloud, heard: collect(cloud), hubHeard: collect(hub) };
}

function collect(socket: Socket): () => string {
  let heard = '';
  socket.on('data', (chunk: Buffer) => {
    heard += chunk.toString('latin1');
  });
  return () => heard;
}

/** A TLS record with `text` in it. */
function record(text: string): Buffer {
  const header = Buffer.from([0x17, 3, 3, 0, text.length]);
  return Buffer.concat([header, Buffer.from(text)]);
}

/** What was sent before a marker in the other direction has gone both ways through the relay. */
async function exchange({ hub, cloud, heard, hubHeard }: Line, marker: string): Promise<void> {
  hub.write(record(marker));
  await until(() => heard().includes(marker), { what: `${marker} arrives at the cloud` });
  cloud.write(marker);
  await until(() => hubHeard().includes(marker), { what: `${marker} arrives at the hub` });
}

test('a line that is up passes both ways', async () => {
  await exchange(await openLine(), 'hello');
});

test('a cut line ends connections at both ends and turns others away until it is restored', async () => {
  const line = await openLine();
  await exchange(line, 'hello');
  const ended = [once(line.hub, 'close'), once(line.cloud, 'close')];
  line.link.cut();
  await Promise.all(ended);
  const turnedAway = await dial(line.link);
  await once(turnedAway, 'close');

  line.link.restore();
  const again = await dial(line.link);
  again.write('again');
  expect(line.link.state).toBe('up');
});

test('a half-open line passes nothing, hides the end of one side, and ends the other when it is restored', async () => {
  const line = await openLine();
  await exchange(line, 'hello');
  line.link.halfOpen();
  const hubClosed = once(line.hub, 'close');
  line.hub.write(record('lost in the air'));
  line.hub.destroy();
  await hubClosed;
  // A second connection through the same relay proves that it had its turn.
  const second = await dial(line.link);
  expect(line.cloud.destroyed).toBe(false);
  expect(line.heard()).not.toContain('lost in the air');
  second.destroy();

  const cloudClosed = once(line.cloud, 'close');
  line.link.restore();
  await cloudClosed;
});

test('what a half-open line held arrives when it is restored', async () => {
  const line = await openLine();
  await exchange(line, 'hello');
  line.link.halfOpen();
  line.hub.write(record('held'));
  line.cloud.write('answer');
  line.link.restore();
  await until(() => line.heard().includes('held') && line.hubHeard().includes('answer'), {
    what: 'both sides hear what was held',
  });
});

test('a mute hub hears but is not heard', async () => {
  const line = await openLine();
  await exchange(line, 'hello');
  line.link.mute();
  line.hub.write(record('unheard'));
  line.cloud.write('command');
  await until(() => line.hubHeard().includes('command'), { what: 'the hub hears' });
  expect(line.heard()).not.toContain('unheard');
});

test('a line dropped after two records delivers the second, not the third, and ends', async () => {
  const line = await openLine();
  await exchange(line, 'hello');
  line.link.dropAfter(2);
  const closed = Promise.all([once(line.hub, 'close'), once(line.cloud, 'close')]);
  const three = Buffer.concat([record('one'), record('two'), record('three')]);
  // Torn in the middle of a header, as TCP may.
  line.hub.write(three.subarray(0, 10));
  line.hub.write(three.subarray(10));
  await closed;
  expect(line.heard()).toContain('two');
  expect(line.heard()).not.toContain('three');

  const again = await dial(line.link);
  again.write('again');
  expect(line.link.state).toBe('up');
});
