/** The building file behind the demo data, and ids made from names so that they are the same on every machine. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { parseBuilding, type Building, type BuildingSite } from '#contract/building';

export type DemoName = 'harbour' | 'compat';
/** A building that has a cloud side. */
export type DemoBuilding = Building & { readonly site: BuildingSite };

/** Where the building files lie, from sources and from dist alike. */
export function buildingFile(name: DemoName): URL {
  return new URL(`../../simulator/buildings/${name}.json`, import.meta.url);
}

/** Reads a demo building; BuildingFileError when the file is damaged. */
export async function readDemoBuilding(name: DemoName): Promise<DemoBuilding> {
  const building = parseBuilding(JSON.parse(await readFile(buildingFile(name), 'utf8')));
  if (building.site === undefined) throw new Error(`${name} has no site`);
  return { ...building, site: building.site };
}

/** A UUID (version 8) from words. */
export function demoId<Id extends string>(...words: readonly string[]): Id {
  const digest = createHash('sha256')
    .update(`cardea demo\n${words.join('\n')}`)
    .digest();
  digest.writeUInt8((digest.readUInt8(6) & 0x0f) | 0x80, 6);
  digest.writeUInt8((digest.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = digest.toString('hex');
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20, 32),
  ].join('-') as Id;
}

/** Looks things up by the names the building file uses; a name that leads nowhere is a damaged file. */
export function byName<Thing extends { readonly name: string }>(
  things: readonly Thing[],
): (name: string) => Thing {
  const named = new Map(things.map((thing) => [thing.name, thing]));
  return (name) => {
    const thing = named.get(name);
    if (thing === undefined) throw new Error(`the building has no ${name}`);
    return thing;
  };
}
