/** `demo.json` in the data folder: all that a script needs to start from the demo data. Only its owner may read it. */
import { randomBytes } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SignerCredentials } from '#server/domain/signers';
import type { DemoBuilding } from './demo-building.ts';
import { tagId } from './demo-site.ts';

export type Credentials = {
  readonly core_client: { readonly id: string; readonly secret: string };
  readonly connect_client: { readonly id: string; readonly secret: string };
  readonly user: { readonly username: string; readonly password: string };
  /** The signer of the tenant (behaviour.md 11): calls go to `url` and the paths of a vault, `/v1/…`. */
  readonly signer: SignerCredentials & { readonly url: string };
};

export type Addresses = {
  readonly base_url: string;
  readonly identity_url: string;
  readonly simulator_url: string;
};

export type DemoFile = Addresses &
  Credentials &
  ReturnType<typeof contentOf> & {
    readonly tenant_id: string;
  };

/** What of the building scripts ask for most. The first collection is the site. */
export function contentOf(building: DemoBuilding) {
  const { collections, iqs, people, tags } = building.site;
  const hubIds = new Map(building.hubs.map(({ name, id }) => [name, id]));
  const registered = new Set(iqs.map(({ hub }) => hub));
  const holderOf = new Map(
    people.flatMap((person) => person.keys.map((key) => [key.tag_number, person.id] as const)),
  );
  const siteId = collections[0]?.id ?? '';
  return {
    site_id: siteId,
    collection_id: siteId,
    iqs: building.hubs
      .filter(({ name }) => registered.has(name))
      .map(({ id, code, name }) => ({ id, mac: dotted(code), name })),
    repeaters: building.repeaters.map(({ id, code }) => ({ id, mac: shown(code) })),
    locks: building.locks.map(({ id, code, name, hub }) => ({
      id,
      mac: shown(code),
      name,
      iq_id: hub !== null && registered.has(hub) ? (hubIds.get(hub) ?? null) : null,
    })),
    tags: tags.map(({ tag_number }) => ({
      id: tagId(building, tag_number),
      tag_number,
      accessor_id: holderOf.get(tag_number) ?? null,
    })),
    access_groups: building.site.access_groups.map(({ id, name }) => ({ id, name })),
  };
}

function dotted(code: string): string {
  return `${code.slice(0, 2)}.${code.slice(2, 4)}.${code.slice(4, 6)}`;
}

/** core-api.md 7.2: six digits are dotted, longer codes are not. */
function shown(code: string): string {
  return code.length === 6 ? dotted(code) : code;
}

export function demoFilePath(dataDir: string): string {
  return join(dataDir, 'demo.json');
}

/** Secrets wait here until the demo is whole, so that whoever waits for demo.json finds a building that answers. */
function secretsPath(dataDir: string): string {
  return join(dataDir, 'demo-secrets.json');
}

/** A password nobody chose. */
export function randomPassword(): string {
  return randomBytes(18).toString('base64url');
}

export async function readSecrets(dataDir: string): Promise<Partial<Credentials>> {
  return (await readJson(secretsPath(dataDir))) ?? (await readJson(demoFilePath(dataDir))) ?? {};
}

export async function writeSecrets(dataDir: string, secrets: Partial<Credentials>): Promise<void> {
  await writeWhole(secretsPath(dataDir), secrets);
}

export async function writeDemoFile(dataDir: string, file: DemoFile): Promise<void> {
  await writeWhole(demoFilePath(dataDir), file);
  await rm(secretsPath(dataDir), { force: true });
}

async function readJson(path: string): Promise<Partial<Credentials> | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Partial<Credentials>;
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function writeWhole(path: string, value: unknown): Promise<void> {
  await writeFile(`${path}.new`, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
  await rename(`${path}.new`, path);
}
