/** The picture of a floor with its locks in their places (docs/floors.md). */
import { Type, type Static } from 'typebox';
import { Instant, Int, listOf, orNull, Text, Uuid, words } from './fields.ts';

/** The kinds of pictures that every browser shows and that cannot hold a script. */
export const planImageTypes = ['image/png', 'image/jpeg', 'image/webp'] as const;
export type PlanImageType = (typeof planImageTypes)[number];

export const planLimits = {
  /** Of one picture, and of all of a site: with everything else they fit into one export file. */
  bytes: 4 * 1024 * 1024,
  siteBytes: 32 * 1024 * 1024,
  sidePixels: 10_000,
  pixels: 40_000_000,
} as const;

/** Of the width from the left, of the height from the top. */
const Fraction = Type.Number({ minimum: 0, maximum: 1 });

export const PlanPlace = Type.Object({ lock_id: Uuid, x: Fraction, y: Fraction });
export type PlanPlace = Static<typeof PlanPlace>;

export const PlanImage = Type.Object({
  media_type: words(planImageTypes),
  /** In pixels, as it is shown. */
  width: Int,
  height: Int,
  bytes: Int,
  /** SHA-256 (hex) of the picture as it is served; its ETag. */
  digest: Text,
  created_at: Instant,
});

export const FloorPlanResponse = Type.Object({
  floor_id: Uuid,
  image: orNull(PlanImage),
  locks: listOf(PlanPlace),
});
export type FloorPlanResponse = Static<typeof FloorPlanResponse>;

export const PutPlanLocksRequest = Type.Object({ locks: listOf(PlanPlace) });
export const PutPlanLockRequest = Type.Object({ x: Fraction, y: Fraction });
