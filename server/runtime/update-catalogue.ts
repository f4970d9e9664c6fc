/**
 * The operator's folder of firmware (contract/firmware.ts says what is in it). The index counts only with its signature; the
 * images are checked by the devices themselves, which believe nobody but their maker.
 */
import { createHash, createPublicKey, verify } from 'node:crypto';
import { access, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Value } from 'typebox/value';
import { CatalogueIndex, type CatalogueImage } from '#contract/firmware';

export type Catalogue = {
  /** Changes with the index. */
  readonly digest: string;
  readonly images: readonly CatalogueImage[];
};

export type UpdateCatalogue = {
  /** The index as it is at this moment; empty where no folder was made. Throws CatalogueError. */
  read(): Promise<Catalogue>;
  /** Up to `length` bytes of an image; null = it cannot be read. */
  readPart(
    file: string,
    place: { readonly offset: number; readonly length: number },
  ): Promise<Buffer | null>;
};

/** The catalogue is missing where one was named, unreadable, malformed or not signed by its maker. */
export class CatalogueError extends Error {
  override readonly name = 'CatalogueError';
}

export const catalogueFiles = {
  index: 'index.json',
  signature: 'index.json.sig',
  key: 'maker.pem',
} as const;

const nothing: Catalogue = { digest: 'none', images: [] };

/** A catalogue in `folder`; `keyPath` = PEM of the public key that signs the index. */
export function createUpdateCatalogue({
  folder,
  keyPath = join(folder, catalogueFiles.key),
  isNamed,
}: {
  readonly folder: string;
  readonly keyPath: string | undefined;
  /** The operator named the folder: then it must be there. */
  readonly isNamed: boolean;
}): UpdateCatalogue {
  return {
    async read() {
      if (!isNamed && !(await isThere(folder))) return nothing;
      try {
        const [index, signature, key] = await Promise.all([
          readFile(join(folder, catalogueFiles.index)),
          readFile(join(folder, catalogueFiles.signature), 'utf8'),
          readFile(keyPath),
        ]);
        const signed = Buffer.from(signature.trim(), 'base64');
        if (!verify(null, index, createPublicKey(key), signed))
          throw new CatalogueError('the index is not signed by its maker');
        const images = parseIndex(index);
        return { digest: createHash('sha256').update(index).digest('hex'), images };
      } catch (cause) {
        if (cause instanceof CatalogueError) throw cause;
        throw new CatalogueError('the catalogue of updates cannot be read', { cause });
      }
    },

    async readPart(file, { offset, length }) {
      try {
        const image = await open(join(folder, file), 'r');
        try {
          const { bytesRead, buffer } = await image.read(Buffer.alloc(length), 0, length, offset);
          return buffer.subarray(0, bytesRead);
        } finally {
          await image.close();
        }
      } catch {
        // Whatever is wrong with the file: the update fails with `image_unavailable`.
        return null;
      }
    },
  };
}

function parseIndex(index: Buffer): readonly CatalogueImage[] {
  const value: unknown = JSON.parse(index.toString('utf8'));
  if (!Value.Check(CatalogueIndex, value)) {
    const [fault] = Value.Errors(CatalogueIndex, value);
    throw new CatalogueError(`the index is malformed at ${fault?.instancePath ?? ''}`);
  }
  const dateless = value.images.find((image) => Number.isNaN(Date.parse(image.published_at)));
  if (dateless !== undefined) throw new CatalogueError(`${dateless.file} has no date`);
  const places = value.images.map(
    (image) => `${image.hardware_type} ${image.model} ${image.component} ${image.version}`,
  );
  if (new Set(places).size < places.length)
    throw new CatalogueError('the index lists a version twice');
  return value.images;
}

async function isThere(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}
