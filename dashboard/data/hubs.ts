import type { ItemOf } from '#client/operations';

/** A hub as the list shows it. */
export type Hub = ItemOf<'/v1.2/sites/{site_id}/iqs'>;

/** What a hub reports of itself is no event: how often it is asked for. */
export const hubPollMs = 10_000;
