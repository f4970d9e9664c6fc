/** A lock that learns tags for a while. */
import { api } from './api.ts';
import type { SiteTag } from './people.ts';

export const newestTags = { $top: 100, $orderby: 'registration_date desc' } as const;
const pollMs = 1_500;

type Place = { readonly siteId: string; readonly lockId: string; readonly seconds: number };

/** Lets a lock learn tags. Gives the ids of those that were known before. */
export async function beginRegistration(place: Place): Promise<ReadonlySet<string>> {
  const known = await readKnownTags(place.siteId);
  await letLearn(place);
  return known;
}

/** Lets a lock learn tags until it has learned one that is not `known`. Gives none when the time is over, or the signal ends it. */
export async function learnOneTag(
  place: Place,
  { known, signal }: { readonly known: ReadonlySet<string>; readonly signal: AbortSignal },
): Promise<(SiteTag & { readonly tag_number: string }) | undefined> {
  await letLearn(place);
  const endsAtMs = performance.now() + place.seconds * 1000;
  while (performance.now() < endsAtMs && !signal.aborted) {
    for (const tag of await readNewest(place.siteId))
      if (!known.has(tag.id) && tag.site_user_key_id === null && tag.tag_number !== null)
        return { ...tag, tag_number: tag.tag_number };
    await api.wait(pollMs, signal).catch(() => undefined);
  }
  return undefined;
}

/** Ids of the newest tags of a site. */
export async function readKnownTags(siteId: string): Promise<ReadonlySet<string>> {
  const tags = await readNewest(siteId);
  return new Set(tags.map(({ id }) => id));
}

async function letLearn({ siteId, lockId, seconds }: Place): Promise<void> {
  await api.patch('/v1.2/sites/{site_id}/locks/{id}/tag_registration', {
    path: { site_id: siteId, id: lockId },
    body: { duration_in_seconds: seconds },
  });
}

async function readNewest(siteId: string): Promise<readonly SiteTag[]> {
  const { items } = await api.get('/v1.2/sites/{site_id}/tags', {
    path: { site_id: siteId },
    query: newestTags,
  });
  return items;
}
