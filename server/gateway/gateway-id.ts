import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isUuid } from '#contract/ids';
import type { Ids } from '#server/runtime/ids';

/**
 * The id of the gateway on this port of this data folder, the same at each start: so a gateway that comes back after a
 * crash knows which connections of the register were its own and are gone.
 */
export async function readGatewayId({
  dataDir,
  port,
  ids,
}: {
  readonly dataDir: string;
  readonly port: number;
  readonly ids: Ids;
}): Promise<string> {
  const path = join(dataDir, `gateway-${String(port)}.id`);
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if ((error as { code?: unknown }).code === 'ENOENT') return '';
    throw error;
  });
  if (isUuid(text.trim())) return text.trim();
  const id = ids.next();
  await writeFile(path, `${id}\n`, { mode: 0o600 });
  return id;
}
