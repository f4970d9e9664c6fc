import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createSeal, openSeal } from './seal.ts';

it('what is sealed can be opened with the same key, and reads differently each time', () => {
  const seal = createSeal(randomBytes(32));
  const plain = Buffer.from('1234');
  const [one, two] = [seal.seal(plain), seal.seal(plain)];
  expect(seal.open(one)).toEqual(plain);
  expect(one.equals(two)).toBe(false);
});

it('a changed value and another key are noticed', () => {
  const seal = createSeal(randomBytes(32));
  const sealed = seal.seal(Buffer.from('ABCDEFGHIJKLMNOP'));
  const changed = Buffer.from(sealed);
  changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;
  expect(() => seal.open(changed)).toThrow();
  expect(() => createSeal(randomBytes(32)).open(sealed)).toThrow();
});

it('two that open one data folder at the same time have the same key, readable by its owner alone', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'cardea-seal-'));
  try {
    const [one, two] = await Promise.all([openSeal(dataDir), openSeal(dataDir)]);
    expect(two.open(one.seal(Buffer.from('secret'))).toString()).toBe('secret');
    expect((await stat(join(dataDir, 'seal.key'))).mode & 0o777).toBe(0o600);
    expect(await readdir(dataDir)).toEqual(['seal.key']);
  } finally {
    await rm(dataDir, { recursive: true });
  }
});
