import { EventEmitter, once } from 'node:events';
import { expect, test, vi } from 'vitest';
import { createManualClock } from './clock.ts';
import { createLog } from './log.ts';
import { createShutdown } from './shutdown.ts';

function create() {
  const lines: string[] = [];
  const log = createLog({
    level: 'error',
    format: 'lines',
    target: { write: (line) => lines.push(line) },
  });
  const exit = vi.fn<(code: number) => void>();
  const clock = createManualClock(new Date('2026-03-29T00:00:00Z'));
  return { shutdown: createShutdown({ log, clock, exit }), lines, exit, clock };
}

test('parts stop one after the other, the last to start first', async () => {
  const { shutdown } = create();
  const stopped: string[] = [];
  for (const name of ['database', 'gateway', 'http']) {
    shutdown.register(name, async () => {
      stopped.push(`${name} begins`);
      await Promise.resolve();
      stopped.push(`${name} ends`);
    });
  }
  expect(await shutdown.run('test')).toBe(true);
  expect(stopped).toEqual([
    'http begins',
    'http ends',
    'gateway begins',
    'gateway ends',
    'database begins',
    'database ends',
  ]);
});

test('a part that hangs or fails is named, and the others stop all the same', async () => {
  const { shutdown, lines } = create();
  const stop = vi.fn<() => void>();
  shutdown.register('database', stop);
  shutdown.register('gateway', () => new Promise<void>(() => undefined), { timeoutMs: 20 });
  shutdown.register('http', () => {
    throw new Error('broken');
  });
  expect(await shutdown.run('test')).toBe(false);
  expect(stop).toHaveBeenCalledOnce();
  expect(lines.join('')).toMatch(/failed to stop part=http[^]*in time part=gateway/);
});

test('a second run waits for the first and stops nothing twice', async () => {
  const { shutdown } = create();
  const stop = vi.fn<() => void>();
  shutdown.register('http', stop);
  expect(await Promise.all([shutdown.run('one'), shutdown.run('two')])).toEqual([true, true]);
  expect(stop).toHaveBeenCalledOnce();
});

test('a signal stops everything; its echo is ignored and a later one exits at once', async () => {
  const { shutdown, exit, clock } = create();
  const draining = new EventEmitter();
  shutdown.register('http', async () => {
    await once(draining, 'drained');
  });
  const before = new Map(
    (['SIGTERM', 'SIGINT'] as const).map((signal) => [signal, process.listeners(signal)]),
  );
  shutdown.listen();
  try {
    process.emit('SIGINT');
    process.emit('SIGINT');
    expect(exit).not.toHaveBeenCalled();
    clock.advance(1000);
    process.emit('SIGINT');
    expect(exit.mock.calls).toEqual([[1]]);
    draining.emit('drained');
    await vi.waitFor(() => expect(exit.mock.calls).toEqual([[1], [0]]));
  } finally {
    for (const [signal, listeners] of before) {
      for (const listener of process.listeners(signal)) {
        if (!listeners.includes(listener)) process.off(signal, listener);
      }
    }
  }
});
