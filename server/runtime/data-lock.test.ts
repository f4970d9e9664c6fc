import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { takeDataLock } from './data-lock.ts';
import { startedAt } from './processes.ts';

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cardea-lock-'));
  path = join(folder, 'lock');
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

const inUse = expect.objectContaining({ fault: 'DATA_DIR_IN_USE' }) as Error;

test('a lock is held until it is released', () => {
  const lock = takeDataLock(path);
  expect(() => takeDataLock(path)).toThrow(inUse);
  lock.release();
  takeDataLock(path).release();
  expect(readdirSync(folder)).toEqual([]);
});

test.each([
  ['of a dead process', () => ({ pid: deadPid(), started: startedAt(process.pid), id: 'x' })],
  ['whose pid went to another process', () => ({ pid: process.pid, started: 'then', id: 'x' })],
  ['cut short by a crash', () => '{"pid":'],
])('a lock %s is taken over', (_name, content) => {
  const found = content();
  writeFileSync(path, typeof found === 'string' ? found : JSON.stringify(found));
  const lock = takeDataLock(path);
  expect(() => takeDataLock(path)).toThrow(inUse);
  lock.release();
  expect(existsSync(path)).toBe(false);
});

test('a release after the lock went to somebody else leaves it alone', () => {
  const lock = takeDataLock(path);
  const other = JSON.stringify({ pid: process.pid, started: startedAt(process.pid), id: 'other' });
  writeFileSync(path, other);
  lock.release();
  expect(existsSync(path)).toBe(true);
});

function deadPid(): number {
  return spawnSync('true').pid;
}
