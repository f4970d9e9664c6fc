/** A lock that learns tags for a while. */
import { api } from './api.ts';
import type { SiteTag } from './people.ts';

export const newestTags = { $top: 100, $orderby: 'registration_date desc' } as const;
const pollMs = 1_500;

type Place = { readonly siteId: string; readonly lockId: string; readonly seconds: number };

/** Lets a lock learn tags. Gives the ids of those that were known before. */
export async function beginRegistration({
  siteId,
  lockId,
  seconds,
}: Place): Promise<ReadonlySet<string>> {
  const known = await readNewest(siteId);
  await api.patch('/v1.2/sites/{site_id}/locks/{id}/tag_registration', {
    path: { site_id: siteId, id: lockId },
    body: { duration_in_seconds: seconds },
  });
  return new Set(known.map(({ id }) => id));
}

/** Lets a lock learn tags until it has learned one. Gives none when the time is over, or the signal ends it. */
export async function learnOneTag(
  place: Place,
  signal: AbortSignal,
): Promise<(SiteTag & { readonly tag_number: string }) | undefined> {
  const known = await beginRegistration(place);
  const endsAtMs = performance.now() + place.seconds * 1000;
  while (performance.now() < endsAtMs && !signal.aborted) {
    for (const tag of await readNewest(place.siteId))
      if (!known.has(tag.id) && tag.site_user_key_id === null && tag.tag_number !== null)
        return { ...tag, tag_number: tag.tag_number };
    await api.wait(pollMs, signal).catch(() => undefined);
  }
  return undefined;
}

async function readNewest(siteId: string): Promise<readonly SiteTag[]> {
  const { items } = await api.get('/v1.2/sites/{site_id}/tags', {
    path: { site_id: siteId },
    query: newestTags,
  });
  return items;
}
