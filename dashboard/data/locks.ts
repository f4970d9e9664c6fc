import type { ItemOf } from '#client/operations';

/** A lock as the list shows it. */
export type Lock = ItemOf<'/v1.2/sites/{site_id}/locks'>;

/** States change at the door without an entry: how often they are asked for. */
export const lockPollMs = 10_000;
