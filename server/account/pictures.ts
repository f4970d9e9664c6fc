/** Pictures of people: taken as they are sent when they are small and of a kind that browsers show. */
import { imageTypeOf } from '#server/domain/image-type';
import type { Ids } from '#server/runtime/ids';
import type { Account } from '#server/store/accounts';
import { removeImage, setImage } from '#server/store/login-images';
import type { Database } from '#server/store/pool';

export const longestPictureBytes = 512 * 1024;

export type Pictures = {
  /** The address of the picture from here on; undefined when it is none, or too large. */
  set(account: Account, file: File | undefined): Promise<string | undefined>;
  remove(account: Account): Promise<void>;
};

export function createPictures({
  database,
  issuer,
  clock,
  ids,
}: {
  readonly database: Database;
  readonly issuer: string;
  readonly clock: { now(): Date };
  readonly ids: Ids;
}): Pictures {
  return {
    async set({ id: loginId }, file) {
      if (file === undefined || file.size > longestPictureBytes) return undefined;
      const bytes = Buffer.from(await file.arrayBuffer());
      const type = imageTypeOf(bytes);
      if (type === undefined) return undefined;
      const id = ids.next<string>();
      const url = `${issuer}/account/picture/${id}`;
      await setImage(database, { loginId, id, type, bytes, url, createdAt: clock.now() });
      return url;
    },
    remove: ({ id }) => removeImage(database, id),
  };
}
