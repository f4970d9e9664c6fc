/** The site that is shown, and what whoever is signed in may do there, or outside of every site. */
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import type { AnswerOf, ItemOf } from '#client/operations';
import { api } from './api.ts';

const lastKey = 'cardea.site';
/** Where the pages about the server lie outside of every site (docs/decisions/0311). */
export const serverPath = '/server';

export type Site = ItemOf<'/v1.2/sites'>;
type OwnRights = AnswerOf<'GET', '/ext/v1/sites/{site_id}/rights'>;

/** Of somebody outside of every site, as far as sites go. */
const noRights: Omit<OwnRights, 'runs_server'> = {
  rights: [],
  owns_site: false,
  takes_part: false,
  installer_until: null,
};

/**
 * What a page or a button needs: a right that roles give, to be one of the people, to own the site, to run the server, or to play with
 * a demo's doors. What an installer may who was let in for a day: `see_locks`, `see_hardware`, `touch_hardware`.
 */
export type Need =
  | OwnRights['rights'][number]
  | 'take_part'
  | 'see_locks'
  | 'see_hardware'
  | 'touch_hardware'
  | 'own_site'
  | 'run_server'
  | 'simulate';

const orInstaller = {
  see_hardware: 'see_everything',
  touch_hardware: 'manage_hardware',
} as const;

/** Whether this server runs a demo (docs/decisions/0278). */
const hasSimulator = document.querySelector('meta[name="cardea-simulator"]') !== null;

export function useSites() {
  return useQuery({
    queryKey: ['sites'],
    queryFn: ({ signal }) => api.get('/v1.2/sites', { query: { $top: 200 }, signal }),
    staleTime: 60_000,
  });
}

/** Id of the site in the address; undefined outside of a site. */
export function useMaybeSiteId(): string | undefined {
  const { siteId } = useParams({ strict: false });
  return siteId;
}

/** Id of the site in the address, for pages below `/sites/{site_id}`. */
export function useSiteId(): string {
  const siteId = useMaybeSiteId();
  if (siteId === undefined) throw new Error('this page lies outside of every site');
  return siteId;
}

/** What links to pages begin with: the site in the address; outside of every site the pages about the server. */
export function usePagesPath(): string {
  const siteId = useMaybeSiteId();
  return siteId === undefined ? serverPath : `/sites/${siteId}`;
}

/** The site in the address, once it is known. */
export function useSite(): Site | undefined {
  const siteId = useMaybeSiteId();
  const { data } = useSites();
  return data?.items.find(({ id }) => id === siteId);
}

export function rememberSite(siteId: string): void {
  localStorage.setItem(lastKey, siteId);
}

export function rememberedSite(): string | null {
  return localStorage.getItem(lastKey);
}

/** What the caller may do in the site that is shown, or outside of every site. */
export function useRightsState() {
  const siteId = useMaybeSiteId();
  return useQuery({
    queryKey: siteId === undefined ? ['server', 'rights'] : ['site', siteId, 'rights'],
    queryFn: async ({ signal }): Promise<OwnRights> =>
      siteId === undefined
        ? { ...noRights, ...(await api.get('/ext/v1/rights', { signal })) }
        : api.get('/ext/v1/sites/{site_id}/rights', { path: { site_id: siteId }, signal }),
    staleTime: 60_000,
  });
}

/** Whether the caller may: false until it is known. */
export function useMay(): (need: Need) => boolean {
  const { data } = useRightsState();
  return (need) => {
    if (data === undefined) return false;
    const isInstaller = data.installer_until !== null;
    if (need === 'take_part') return data.takes_part;
    if (need === 'see_locks') return data.takes_part || isInstaller;
    if (need === 'see_hardware' || need === 'touch_hardware')
      return isInstaller || data.rights.includes(orInstaller[need]);
    if (need === 'own_site') return data.owns_site;
    if (need === 'run_server') return data.runs_server;
    if (need === 'simulate') return data.owns_site && hasSimulator;
    return data.rights.includes(need);
  };
}
