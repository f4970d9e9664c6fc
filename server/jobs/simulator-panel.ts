/**
 * What the simulator page of the dashboard asks of the demo building (docs/decisions/0278). Laid only while this process runs a demo:
 * the control API itself knows no sign-in and listens on this machine alone.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ApiError } from '#contract/api-error';
import type { BuildingSite } from '#contract/building';
import { isUuid, type CollectionId } from '#contract/ids';
import { hasSiteRight } from '#server/domain/permissions';
import type { SitePlaces } from '#server/domain/site-places';
import { insufficientScope, TokenError, type TokenCheck } from '#server/http/token';
import { hasHubAmong } from '#server/store/iqs';
import type { Config } from '#server/runtime/config';
import type { Database } from '#server/store/pool';
import { readScope } from '#server/store/scope';
import { readDemoBuilding } from './demo-building.ts';

export type SimulatorPanelParts = {
  readonly config: Pick<Config, 'demo' | 'roles' | 'simulatorPort'>;
  readonly database: Database;
  readonly checkToken: TokenCheck;
  readonly sitePlaces: SitePlaces;
};

const acts = {
  locks: ['tag', 'pin', 'handle', 'door', 'hold_door_open', 'jam', 'unjam'],
  hubs: ['plug'],
} as const;
/** A clock that is moved by a day lets everything of that day happen first. */
const patienceMs = 120_000;

/**
 * Lays `/demo/sites/{site_id}/simulator/…` for owners of a site whose hubs are those of the demo building. Says whether it did: not
 * where this process runs no demo.
 */
export function registerSimulatorPanel(
  app: FastifyInstance,
  { config, ...used }: SimulatorPanelParts,
): boolean {
  const { demo: name, simulatorPort: port } = config;
  // As in main.ts: the demo runs where one process has both.
  if (name === 'none' || !config.roles.includes('http') || !config.roles.includes('gateway'))
    return false;
  const parts = { ...used, port };
  const base = '/demo/sites/:site_id/simulator';
  const schema = { hide: true };
  const ask = (path: string, body?: unknown) => askSimulator(port, path, body);

  app.get(`${base}/building`, { schema }, async (request) => {
    const building = await enter(request, parts);
    const { site } = await readDemoBuilding(name);
    return { ...building, people: peopleOf(site) };
  });
  for (const kind of ['locks', 'hubs'] as const)
    for (const act of acts[kind])
      app.post(`${base}/${kind}/:thing/${act}`, { schema }, async (request) => {
        await enter(request, parts);
        const { thing = '' } = request.params as Readonly<Record<string, string>>;
        return ask(`/${kind}/${encodeURIComponent(thing)}/${act}`, request.body);
      });
  app.post(`${base}/clock`, { schema }, async (request) => {
    await enter(request, parts);
    return ask('/clock', request.body);
  });
  return true;
}

type SimulatedView = { readonly hubs: readonly { readonly mac: string }[] };

/**
 * Who asks, and whether it is about this building. A TokenError for a bad token, and an empty 403 for whoever does not own the site;
 * NOT_FOUND where none of its hubs is simulated here.
 */
async function enter(
  request: FastifyRequest,
  {
    port,
    database,
    checkToken,
    sitePlaces,
  }: Omit<SimulatorPanelParts, 'config'> & { readonly port: number },
): Promise<SimulatedView> {
  const caller = await checkToken(request.headers.authorization, { audiences: ['user_api'] });
  if (!caller.scopes.has('user_api.full_access')) throw insufficientScope();
  const { subject, tenantId, userId } = caller;
  const { site_id: siteId = '' } = request.params as Readonly<Record<string, string>>;
  const at =
    subject === undefined || !isUuid(siteId)
      ? undefined
      : await sitePlaces.find(
          { tenantId, loginId: subject, userId },
          siteId.toLowerCase() as CollectionId,
        );
  if (at === undefined) throw new ApiError('NOT_FOUND', { thing: 'Site' });
  if (!hasSiteRight(at.place, 'own_site')) throw new TokenError(403, '');
  const building = (await askSimulator(port, '/building')) as SimulatedView;
  const isHere = await hasHubAmong(readScope(database, at.tenantId), {
    siteId: siteId.toLowerCase() as CollectionId,
    macs: building.hubs.map(({ mac }) => mac),
  });
  if (!isHere) throw new ApiError('NOT_FOUND', { thing: 'Simulated building' });
  return building;
}

/** REQUEST_INVALID with the simulator's own words; as `unavailable` while it does not answer. */
async function askSimulator(port: number, path: string, body?: unknown): Promise<unknown> {
  const sent = Buffer.isBuffer(body) ? { method: 'POST', body: body.toString('utf8') } : {};
  const method = path === '/building' ? 'GET' : 'POST';
  const response = await fetch(`http://127.0.0.1:${port}${path}`, {
    method,
    ...sent,
    signal: AbortSignal.timeout(patienceMs),
  }).catch((cause: unknown) => {
    throw new ApiError('REQUEST_INVALID', { case: 'unavailable', cause });
  });
  const answer = (await response.json().catch(() => ({}))) as { readonly error?: unknown };
  if (response.ok) return answer;
  const reason = typeof answer.error === 'string' ? answer.error : 'The simulator failed.';
  throw new ApiError('REQUEST_INVALID', { reason });
}

/** Who can be played at its doors: the demo's people, with what they carry and know. */
function peopleOf({ people, access_groups: groups }: BuildingSite) {
  const isAlways = ({ start_time: start, end_time: end, ...days }: Schedule) =>
    start === '00:00:00' && end === '23:59:59' && Object.values(days).every((day) => day !== false);
  return people.map((person) => {
    const key = person.keys.find(({ blocked }) => blocked !== true);
    const own = groups.filter(({ name }) => person.access_groups.includes(name));
    return {
      name: person.name,
      tag_number: key?.tag_number ?? null,
      pin: person.pin?.code ?? null,
      /** Locks that know the tag by themselves. */
      offline_locks: key?.offline_locks ?? [],
      /** Doors that open at every hour, and at some only. */
      always_locks: own
        .filter(({ schedules }) => schedules.some((schedule) => isAlways(schedule)))
        .flatMap(({ locks }) => locks),
      sometimes_locks: own
        .filter(({ schedules }) => !schedules.some((schedule) => isAlways(schedule)))
        .flatMap(({ locks }) => locks),
      barred: person.blocked === true || person.suspended === true,
    };
  });
}

type Schedule = BuildingSite['access_groups'][number]['schedules'][number];
