/**
 * The addresses of the dashboard: `/`, `/sites`, every page below `/sites/{site_id}/`, and those about the server below `/server/` too, for
 * operators who have no site.
 */
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Navigate,
  Outlet,
} from '@tanstack/react-router';
import { LiveProvider } from './data/live.tsx';
import {
  rememberedSite,
  rememberSite,
  serverPath,
  useMay,
  useRightsState,
  useSiteId,
  useSites,
} from './data/site.tsx';
import { Allowed, NotFound } from './parts/allowed.tsx';
import { ErrorNote } from './parts/error-note.tsx';
import { Loaded } from './parts/page.tsx';
import { AwayNote } from './parts/away-note.tsx';
import { Shell } from './parts/shell.tsx';
import { pages, serverPages, type PageEntry } from './routes.tsx';

const rootRoute = createRootRoute({ component: Root, notFoundComponent: NotFound });

function Root() {
  return (
    <Shell>
      <Outlet />
    </Shell>
  );
}

const homeRoute = createRoute({ getParentRoute: () => rootRoute, path: '/', component: Home });

/** To the site that was shown last, to the only one, or to the choice. */
function Home() {
  const sites = useSites();
  return (
    <Loaded of={sites}>
      {({ items }) => {
        const last = rememberedSite();
        const known =
          items.find(({ id }) => id === last) ?? (items.length === 1 ? items[0] : undefined);
        return <Navigate to={known === undefined ? '/sites' : `/sites/${known.id}`} replace />;
      }}
    </Loaded>
  );
}

const sitesRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: 'sites',
  component: lazyRouteComponent(() => import('./pages/sites.tsx'), 'Page'),
});

const siteRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: 'sites/$siteId',
  component: AtSite,
});

function AtSite() {
  const siteId = useSiteId();
  rememberSite(siteId);
  return (
    <LiveProvider key={siteId} siteId={siteId}>
      <AwayNote />
      <Outlet />
    </LiveProvider>
  );
}

const siteHomeRoute = createRoute({
  getParentRoute: () => siteRoute,
  path: '/',
  component: SiteHome,
});

/** Where somebody begins in a site: an installer at the hubs. */
function SiteHome() {
  const siteId = useSiteId();
  const may = useMay();
  const rights = useRightsState();
  return (
    <Loaded of={rights}>
      {() => <Navigate to={`/sites/${siteId}/${may('take_part') ? 'overview' : 'hubs'}`} replace />}
    </Loaded>
  );
}

const serverRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: serverPath.slice(1),
  component: Outlet,
});

const serverHomeRoute = createRoute({
  getParentRoute: () => serverRoute,
  path: '/',
  component: () => <Navigate to={`${serverPath}/${serverPages[0]?.path ?? ''}`} replace />,
});

function routeOf(parent: typeof siteRoute | typeof serverRoute, { path, need, load }: PageEntry) {
  const Page = lazyRouteComponent(load, 'Page');
  return createRoute({
    getParentRoute: () => parent,
    path,
    // The address may carry filters, of which each page reads its own.
    validateSearch: (search: Record<string, unknown>) => search,
    loader: () => Page.preload?.(),
    component: () => (
      <Allowed need={need}>
        <Page />
      </Allowed>
    ),
  });
}

export const router = createRouter({
  routeTree: rootRoute.addChildren([
    homeRoute,
    sitesRoute,
    siteRoute.addChildren([siteHomeRoute, ...pages.map((page) => routeOf(siteRoute, page))]),
    serverRoute.addChildren([
      serverHomeRoute,
      ...serverPages.map((page) => routeOf(serverRoute, page)),
    ]),
  ]),
  defaultPreload: 'intent',
  defaultErrorComponent: ({ error, reset }) => <ErrorNote error={error} retry={reset} />,
  scrollRestoration: true,
});

/** Fetches the code of the page at an address, while it is found out who is signed in. */
export function preloadPage(address: string): void {
  const asked = /^\/(?:sites\/[^/]+|server)\/(\w+)$/.exec(address)?.[1] ?? 'overview';
  // A failure shows when the page is opened.
  void pages
    .find(({ path }) => path === asked)
    ?.load()
    .catch(() => undefined);
}
