/** Pages of entries and incidents, which go on by a token and not by a number. */
import { useInfiniteQuery } from '@tanstack/react-query';
import type { ItemOf } from '#client/operations';
import { api } from './api.ts';
import { useSiteId } from './site.tsx';

export type Entry = ItemOf<'/v1.1/sites/{site_id}/entries'>;
export type Incident = ItemOf<'/v1.1/sites/{site_id}/incidents'>;

type Wanted = {
  /** OData. */
  readonly filter?: string;
  readonly top?: number;
};

/** The newest first; more by `fetchNextPage`. */
export function useEntries(wanted: Wanted = {}) {
  const { path, key, query } = useWanted('entries', wanted);
  return useInfiniteQuery({
    queryKey: key,
    queryFn: ({ pageParam, signal }) =>
      api.get('/v1.1/sites/{site_id}/entries', { path, query: { ...query, ...pageParam }, signal }),
    initialPageParam: first,
    getNextPageParam: nextOf,
  });
}

/** The newest first; more by `fetchNextPage`. */
export function useIncidents(wanted: Wanted = {}) {
  const { path, key, query } = useWanted('incidents', wanted);
  return useInfiniteQuery({
    queryKey: key,
    queryFn: ({ pageParam, signal }) =>
      api.get('/v1.1/sites/{site_id}/incidents', {
        path,
        query: { ...query, ...pageParam },
        signal,
      }),
    initialPageParam: first,
    getNextPageParam: nextOf,
  });
}

function useWanted(kind: string, { filter = '', top = 50 }: Wanted) {
  const siteId = useSiteId();
  const query = { $top: top, ...(filter === '' ? {} : { $filter: filter }) };
  return { path: { site_id: siteId }, key: ['site', siteId, kind, 'pages', query], query };
}

type Following = { readonly $continuationToken?: string };
const first: Following = {};

function nextOf(page: { readonly continuation_token: string | null }): Following | undefined {
  const token = page.continuation_token;
  return token === null ? undefined : { $continuationToken: token };
}
