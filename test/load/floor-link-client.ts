/** The bare broker as the measures start it. */
import { readFile } from 'node:fs/promises';
import { freePort } from '#test/kit/ports';
import { freshFolder, type Bed } from './bed.ts';
import type { Address } from './hub-speaker.ts';
import type { Program } from './programs.ts';

export type FloorLink = {
  readonly program: Program;
  readonly address: Address;
  /** Of the WebSocket that events leave by. */
  readonly streamUrl: string;
};

/** Starts the bare broker, its commits in the database given. */
export async function startFloorLink(bed: Bed, databaseUrl: string): Promise<FloorLink> {
  const program = bed.startProgram('./floor-link');
  const [port, streamPort] = [await freePort(), await freePort()];
  const { caPath } = await program.call<{ caPath: string }>('start', {
    databaseUrl,
    dataDir: await freshFolder(bed, 'floor-link'),
    port,
    streamPort,
  });
  const address = { port, ca: await readFile(caPath) };
  return { program, address, streamUrl: `ws://127.0.0.1:${String(streamPort)}` };
}
