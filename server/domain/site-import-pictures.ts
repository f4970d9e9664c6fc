/** Pictures of floors as a file brings them: looked at as if somebody sent them here. */
import type { ExportRow } from '#contract/exports';
import type { Row } from '#server/store/site-imports';
import { digestOf } from './floor-plans.ts';
import { cleanImage, type CleanImage } from './plan-image.ts';

type Plan = ExportRow<'floor_plans'>;

/** The picture of a plan; null = it is none, or too large. */
export function planPicture({ image, media_type: mediaType }: Plan): CleanImage | null {
  const found = cleanImage(Buffer.from(image, 'base64'));
  return typeof found === 'string' || found.mediaType !== mediaType ? null : found;
}

/** A plan as it is stored. */
export function storedPlan(plan: Plan, row: Row): Row {
  const picture = planPicture(plan);
  if (picture === null) throw new Error('a plan was laid that the checks have refused');
  const { width, height, bytes } = picture;
  const image = `\\x${bytes.toString('hex')}`;
  return { ...row, image, width, height, digest: digestOf(bytes) };
}
