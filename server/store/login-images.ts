/** Pictures of people, small and as they were sent. */
import type { LoginId } from '#contract/ids';
import type { Database } from './pool.ts';

export type ImageType = 'image/jpeg' | 'image/png' | 'image/webp';

/** Stores the picture of a login in the place of the one before, under an address nobody can guess. */
export async function setImage(
  database: Database,
  image: {
    readonly loginId: LoginId;
    readonly id: string;
    readonly type: ImageType;
    readonly bytes: Buffer;
    readonly url: string;
    readonly createdAt: Date;
  },
): Promise<void> {
  await database.pool.query(
    `with stored as (
       insert into login_images (login_id, id, media_type, image, created_at) values ($1, $2, $3, $4, $6)
       on conflict (login_id) do update set id = excluded.id, media_type = excluded.media_type, image = excluded.image,
         created_at = excluded.created_at)
     update logins set image_url = $5 where id = $1`,
    [image.loginId, image.id, image.type, image.bytes, image.url, image.createdAt],
  );
}

export async function removeImage(database: Database, loginId: LoginId): Promise<void> {
  await database.pool.query(
    `with gone as (delete from login_images where login_id = $1)
     update logins set image_url = null where id = $1`,
    [loginId],
  );
}

export async function findImage(
  database: Database,
  id: string,
): Promise<{ readonly media_type: ImageType; readonly image: Buffer } | undefined> {
  const { rows } = await database.pool.query<{ media_type: ImageType; image: Buffer }>(
    'select media_type, image from login_images where id = $1',
    [id],
  );
  return rows[0];
}
