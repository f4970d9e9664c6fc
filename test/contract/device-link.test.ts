import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Value } from 'typebox/value';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { downFrames, frames, upFrames, type DownFrame, type UpFrame } from '#contract/iq-link';
import { deviceLinkDescription } from '#server/docs/device-link-description';
import { deviceLinkYaml } from '#test/kit/device-link-description';

const docs = fileURLToPath(new URL('../../docs/', import.meta.url));
const names: readonly string[] = [...upFrames, ...downFrames];

/** Examples of the guide: fenced blocks marked `json <frame>`. */
function examples(): { name: string; body: unknown }[] {
  const guide = readFileSync(`${docs}device-link.md`, 'utf8');
  return [...guide.matchAll(/^```json (\w+)\n([\s\S]*?)^```/gm)].map(
    ([, name = '', text = '']) => ({
      name,
      body: JSON.parse(text) as unknown,
    }),
  );
}

function references(node: unknown): string[] {
  if (typeof node !== 'object' || node === null) return [];
  return Object.entries(node).flatMap(([key, value]) =>
    key === '$ref' && typeof value === 'string' ? [value] : references(value),
  );
}

function resolve(document: unknown, reference: string): unknown {
  return reference
    .slice(2)
    .split('/')
    .reduce((node: unknown, key) => (node as Record<string, unknown> | undefined)?.[key], document);
}

describe('the description of the device link', () => {
  it('is what the contract says', async () => {
    await expect(await deviceLinkYaml()).toMatchFileSnapshot(`${docs}device-link.asyncapi.yaml`);
  });

  it('describes every frame, and every reference in it leads somewhere', () => {
    const document: unknown = parse(readFileSync(`${docs}device-link.asyncapi.yaml`, 'utf8'));
    expect(document).toEqual(JSON.parse(JSON.stringify(deviceLinkDescription())));
    expect(Object.keys((document as { channels: object }).channels).sort()).toEqual(
      [...names].sort(),
    );
    const found = references(document);
    expect(found.length).toBeGreaterThan(names.length * 4);
    expect(found.filter((one) => resolve(document, one) === undefined)).toEqual([]);
  });

  it('shows an example of every frame in the guide, and each fits its schema', () => {
    const shown = examples();
    expect([...new Set(shown.map(({ name }) => name))].sort()).toEqual([...names].sort());
    const wrong = shown.filter(
      ({ name, body }) => !Value.Check(frames[name as UpFrame | DownFrame], body),
    );
    expect(wrong).toEqual([]);
  });
});
