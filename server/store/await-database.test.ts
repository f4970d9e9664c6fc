import { connect, createServer, type Server, type Socket } from 'node:net';
import { expect, it } from 'vitest';
import { createTestDatabase, silentLog } from '#test/kit/database';
import { freePort } from '#test/kit/ports';
import { awaitDatabase, onceReachable } from './await-database.ts';
import { createDatabase } from './pool.ts';

const signal = new AbortController().signal;

it('a database that comes up later is waited for', async () => {
  const test = await createTestDatabase();
  const port = await freePort();
  const { host, port: behind, ...who } = addressOf(test.url);
  const database = createDatabase({
    config: { ...who, host: '127.0.0.1', port },
    log: silentLog(),
  });
  const sockets = new Set<Socket>();
  let door: Server | undefined;
  try {
    const up = awaitDatabase(database, { log: silentLog(), signal, withinMs: 30_000 });
    await expect(database.pool.query('select 1')).rejects.toThrow('ECONNREFUSED');
    door = createServer((socket) => {
      const to = host.startsWith('/')
        ? connect(`${host}/.s.PGSQL.${String(behind)}`)
        : connect(behind, host);
      for (const end of [socket, to]) sockets.add(end.on('error', () => undefined));
      socket.pipe(to).pipe(socket);
    }).listen(port, '127.0.0.1');
    await up;
  } finally {
    await database.close();
    for (const socket of sockets) socket.destroy();
    door?.close();
    await test.drop();
  }
});

it('a database that never comes is told, as is one that will not have us', async () => {
  const port = await freePort();
  const nobody = createDatabase({
    config: { host: '127.0.0.1', port, user: 'x', password: 'x', database: 'x' },
    log: silentLog(),
  });
  const log = silentLog();
  await expect(awaitDatabase(nobody, { log, signal, withinMs: 0 })).rejects.toMatchObject({
    fault: 'DATABASE_UNREACHABLE',
  });
  await nobody.close();
  const test = await createTestDatabase();
  const wrong = createDatabase({
    config: { ...addressOf(test.url), database: 'there_is_no_such' },
    log: silentLog(),
  });
  await expect(awaitDatabase(wrong, { log, signal, withinMs: 30_000 })).rejects.toMatchObject({
    fault: 'DATABASE_UNREACHABLE',
    message: expect.stringContaining('there_is_no_such') as string,
  });
  await wrong.close();
  await test.drop();
});

/** The members of a database URL; a folder as host is a Unix socket. */
function addressOf(url: string) {
  const { hostname, port, username, password, pathname } = new URL(url);
  return {
    host: decodeURIComponent(hostname),
    port: Number(port || 5432),
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    database: pathname.slice(1),
  };
}

it('a step of the start is done again when the database goes away in the middle, and only then', async () => {
  const patience = { log: silentLog(), signal, withinMs: 30_000 };
  let tries = 0;
  const cutOffTwice = async (): Promise<string> => {
    tries += 1;
    await Promise.resolve();
    if (tries === 1) throw Object.assign(new Error('write EPIPE'), { code: 'EPIPE' });
    if (tries === 2)
      throw new Error('Client has encountered a connection error and is not queryable');
    return 'done';
  };
  expect(await onceReachable(cutOffTwice, patience)).toBe('done');
  expect(tries).toBe(3);
  const broken = (): Promise<never> => Promise.reject(new Error('a fault of our own'));
  await expect(onceReachable(broken, patience)).rejects.toThrow('a fault of our own');
});
