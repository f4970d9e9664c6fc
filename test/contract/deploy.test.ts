import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { listSettings } from '#server/runtime/config';

const root = fileURLToPath(new URL('../../', import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const files = readdirSync(join(root, 'deploy'), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath, entry.name).slice(root.length));

describe('what helps to deploy', () => {
  it.each([...files, 'docs/operating.md'])('%s names settings that there are', (path) => {
    const settings = new Set(listSettings().map(([, { env }]) => env));
    const named = [...read(path).matchAll(/\bCARDEA_[A-Z_]+\b/g)].map(([name]) => name);
    expect(named.filter((name) => !settings.has(name))).toEqual([]);
  });

  it('the Compose file mounts files that there are, and is open to this machine and to hubs only', () => {
    type Service = { readonly ports?: readonly string[]; readonly volumes?: readonly string[] };
    const { services } = parse(read('deploy/compose.yml')) as {
      readonly services: Readonly<Record<string, Service>>;
    };
    const mounted = Object.values(services)
      .flatMap(({ volumes = [] }) => volumes)
      .filter((volume) => volume.startsWith('./'))
      .map((volume) => volume.split(':')[0] ?? '');
    expect(mounted.length).toBeGreaterThan(3);
    expect(mounted.filter((path) => !existsSync(join(root, 'deploy', path)))).toEqual([]);
    const open = Object.values(services)
      .flatMap(({ ports = [] }) => ports)
      .filter((port) => !port.startsWith('127.0.0.1:'));
    expect(open).toEqual(['8883:8883']);
  });

  it('the Containerfile copies what there is, and runs as somebody without rights', () => {
    const text = read('deploy/Containerfile');
    const copied = [...text.matchAll(/^COPY --from=build ((?:\/app\/\S+ )+)/gm)]
      .flatMap((found) => (found[1] ?? '').trim().split(' '))
      .map((path) => path.replace('/app/', ''));
    const made = ['dist', 'node_modules'];
    expect(copied).toEqual(expect.arrayContaining(made));
    expect(copied.filter((path) => !made.includes(path) && !existsSync(join(root, path)))).toEqual(
      [],
    );
    expect(text).toMatch(/^USER node$/m);
    // What is there by no release stays outside: secrets, data, the history.
    expect(read('.dockerignore').split('\n')).toEqual(
      expect.arrayContaining(['.git', '.env', 'data', 'node_modules']),
    );
  });

  it('each alert says what is wrong, what to do, how long and how urgent', () => {
    type Rule = {
      readonly alert: string;
      readonly for?: string;
      readonly labels?: { readonly severity?: string };
      readonly annotations?: { readonly summary?: string; readonly action?: string };
    };
    const { groups } = parse(read('deploy/prometheus/alerts.yml')) as {
      readonly groups: readonly { readonly rules: readonly Rule[] }[];
    };
    const rules = groups.flatMap((group) => group.rules);
    expect(rules.length).toBeGreaterThan(5);
    for (const rule of rules) {
      expect(rule.for, rule.alert).toMatch(/^\d+m$/);
      expect(['page', 'ticket'], rule.alert).toContain(rule.labels?.severity);
      expect(rule.annotations?.summary, rule.alert).toMatch(/\S/);
      expect(rule.annotations?.action, rule.alert).toMatch(/\S/);
    }
  });
});
