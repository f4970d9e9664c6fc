import { expect, it } from 'vitest';
import { createManualClock } from '#server/runtime/clock';
import { openLongPolling } from './long-polling.ts';

it('a poll whose client has gone ends no other and takes nothing', async () => {
  const nothing = (): void => undefined;
  const clock = createManualClock(new Date('2026-06-01T12:00:00Z'));
  const polling = openLongPolling({ clock, absent: nothing, gone: nothing });
  const stays = new AbortController().signal;
  await polling.poll(stays);
  const waiting = polling.poll(stays);
  expect((await polling.poll(AbortSignal.abort())).status).toBe(204);
  polling.write(Buffer.from('one'), false);
  expect((await waiting).body.toString()).toBe('one');
  polling.write(Buffer.from('two'), false);
  expect((await polling.poll(AbortSignal.abort())).body.length).toBe(0);
  expect((await polling.poll(stays)).body.toString()).toBe('two');
  polling.cut();
});
