/**
 * A catalogue of signed firmware as a maker lays it, and the one of the demo building: its maker's key is made in the data folder at
 * the first start, so that no key of ours is believed anywhere else.
 */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  sign,
} from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Building } from '#contract/building';
import {
  deviceComponent,
  hubComponents,
  statementText,
  type CatalogueImage,
  type FirmwareStatement,
} from '#contract/firmware';
import { catalogueFiles } from '#server/runtime/update-catalogue';

export type CatalogueOrder = Pick<
  FirmwareStatement,
  'hardware_type' | 'model' | 'component' | 'version'
> & {
  readonly content: Buffer;
  readonly publishedAt: Date;
  readonly isWithdrawn: boolean;
};

/** Writes images, signed index and public key into a folder; `privateKey` = PEM of the maker's Ed25519 key. */
export async function writeCatalogue(
  folder: string,
  {
    privateKey,
    orders,
  }: { readonly privateKey: string; readonly orders: readonly CatalogueOrder[] },
): Promise<void> {
  await mkdir(folder, { recursive: true });
  const key = createPrivateKey(privateKey);
  const images: CatalogueImage[] = [];
  for (const { content, publishedAt, isWithdrawn, ...place } of orders) {
    const sha256 = createHash('sha256').update(content).digest('hex');
    const said = { ...place, size_bytes: content.length, sha256 };
    const signature = sign(null, Buffer.from(statementText(said)), key).toString('base64');
    const file = `${sha256.slice(0, 16)}.image`;
    await writeFile(join(folder, file), content);
    images.push({
      ...said,
      signature,
      file,
      published_at: publishedAt.toISOString(),
      withdrawn: isWithdrawn,
    });
  }
  const index = JSON.stringify({ format: 1, images }, null, 2);
  const signature = sign(null, Buffer.from(index), key).toString('base64');
  const publicKey = createPublicKey(key).export({ type: 'spki', format: 'pem' });
  await writeFile(join(folder, catalogueFiles.key), publicKey);
  await writeFile(join(folder, catalogueFiles.signature), `${signature}\n`);
  await replaceText(join(folder, catalogueFiles.index), index);
}

const keyFile = 'demo-maker-key.pem';
const imageBytes = 400 * 1024;

/** Lays the catalogue of the demo building unless it is there; gives the path of the public key its hardware is made with. */
export async function layDemoCatalogue(
  dataDir: string,
  { building, now }: { readonly building: Building; readonly now: Date },
): Promise<string> {
  const folder = join(dataDir, 'updates');
  const keyPath = join(folder, catalogueFiles.key);
  const laid = await readFile(join(folder, catalogueFiles.index)).catch(() => null);
  if (laid !== null) return keyPath;
  const { privateKey } = generateKeyPairSync('ed25519');
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  await mkdir(folder, { recursive: true });
  await writeFile(join(dataDir, keyFile), pem, { mode: 0o600 });
  await writeCatalogue(folder, { privateKey: pem, orders: demoOrders(building, now) });
  return keyPath;
}

/** A newer version of everything that hangs in the building. */
function demoOrders(building: Building, now: Date): CatalogueOrder[] {
  const usual = { publishedAt: now, isWithdrawn: false };
  const orders = new Map<string, CatalogueOrder>();
  const add = (place: Omit<CatalogueOrder, 'content' | 'publishedAt' | 'isWithdrawn'>): void => {
    const key = `${place.hardware_type} ${place.model} ${place.component} ${place.version}`;
    if (!orders.has(key)) orders.set(key, { ...place, ...usual, content: randomBytes(imageBytes) });
  };
  for (const { model, report } of building.hubs)
    for (const component of hubComponents) {
      const version = report.versions[`${component}_version`];
      if (version !== null)
        add({ hardware_type: 'iq', model, component, version: nextMinor(version) });
    }
  for (const { lock_type } of building.locks)
    add({ ...device('lock', `Simulated ${lock_type}`), version: demoDeviceVersion });
  if (building.repeaters.length > 0)
    add({ ...device('repeater', 'Simulated repeater'), version: demoDeviceVersion });
  return [...orders.values()];
}

const demoDeviceVersion = '2.1.0';

function device(hardwareType: 'lock' | 'repeater', model: string) {
  return { hardware_type: hardwareType, model, component: deviceComponent };
}

function nextMinor(version: string): string {
  const [major = '0', minor = '0'] = version.split('.');
  return `${String(Number(major))}.${String(Number(minor) + 1)}.0`;
}

async function replaceText(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text);
  await rename(`${path}.new`, path);
}
