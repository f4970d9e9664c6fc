/** The doors of the demo building, as they are and not as the cloud believes them to be (docs/decisions/0278). */
import { useQuery } from '@tanstack/react-query';
import { refusalOf, unreachable } from '#client/errors';
import { personName } from './people.ts';
import { useAct, useRead } from './queries.ts';
import { accessToken } from './session.ts';
import { useSiteId } from './site.tsx';

export type SimulatedDoor = {
  readonly name: string;
  readonly mac: string;
  /** Name of its hub. */
  readonly hub: string | null;
  /** `escutcheon_pin` and the like: the kind with a keypad says so. */
  readonly lock_type: string;
  readonly bolt: string;
  readonly released: boolean;
  readonly door: 'open' | 'closed';
  readonly jammed: boolean;
  readonly records_waiting: number;
};

export type SimulatedHub = {
  readonly name: string;
  readonly mac: string;
  readonly plugged_in: boolean;
  /** `online` and the like; null without power. */
  readonly session: string | null;
};

export type Player = {
  readonly name: string;
  readonly tag_number: string | null;
  readonly pin: string | null;
  /** Doors that know the tag without their hub. */
  readonly offline_locks: readonly string[];
  readonly always_locks: readonly string[];
  readonly sometimes_locks: readonly string[];
  readonly barred: boolean;
};

/** Somebody of the site, with what the cloud tells: a tag, but no PIN. */
export type OwnPlayer = {
  /** Of the site user. */
  readonly id: string;
  readonly name: string;
  readonly tag_number: string | null;
};

export type SimulatedBuilding = {
  readonly now: string;
  readonly clock_moved_ms: number;
  readonly hubs: readonly SimulatedHub[];
  readonly locks: readonly SimulatedDoor[];
  readonly people: readonly Player[];
};

/** What a door did; `did` and `decided_by` for what was held to it, typed or pressed. */
export type DoorAnswer = {
  readonly did?: string;
  readonly decided_by?: string;
};

/** Something to do in the building: `locks/{mac}/tag`, `hubs/{mac}/plug`, `clock`. */
export type SimulatorAct = { readonly path: string; readonly body?: unknown };

/** Doors change by the script and by people of the demo, without telling. */
const pollMs = 2_000;

export function useSimulator() {
  const siteId = useSiteId();
  return useQuery({
    queryKey: ['site', siteId, 'simulator'],
    queryFn: ({ signal }) =>
      ask(siteId, 'building', { signal }) as unknown as Promise<SimulatedBuilding>,
    refetchInterval: pollMs,
  });
}

/** People of the site with a key for the doors, who are not those of the demo: guests and others whom somebody let in. */
export function useOwnPlayers(ofDemo: readonly Player[]): readonly OwnPlayer[] {
  const { data } = useRead('/v1.2/sites/{site_id}/users', {
    query: { $top: 1000, $orderby: 'alias asc' },
    everyMs: 10_000,
  });
  return (data?.items ?? [])
    .map((person) => ({
      id: person.id,
      name: personName(person),
      tag_number: person.user.tag_number,
      mayType: person.use_pin,
    }))
    .filter(
      ({ name, tag_number: tag, mayType }) =>
        (tag !== null || mayType) &&
        !ofDemo.some(
          (player) => player.name === name && (tag ?? player.tag_number) === player.tag_number,
        ),
    );
}

export function useSimulatorAct() {
  const siteId = useSiteId();
  return useAct(
    ({ path, body }: SimulatorAct) =>
      ask(siteId, path, { method: 'POST', body: JSON.stringify(body ?? {}) }),
    { touches: ['simulator', 'locks'] },
  );
}

async function ask(siteId: string, path: string, init: RequestInit): Promise<DoorAnswer> {
  const token = await accessToken({ isRefused: false });
  const response = await fetch(`/demo/sites/${siteId}/simulator/${path}`, {
    ...init,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
  }).catch((cause: unknown) => {
    throw unreachable(cause);
  });
  const text = await response.text();
  if (!response.ok) throw refusalOf(response, text);
  return JSON.parse(text) as DoorAnswer;
}

/** Whether two macs name the same device, however they are written. */
export function isSameMac(one: string | null, other: string): boolean {
  const plain = (mac: string) => mac.replaceAll(/[^0-9a-f]/gi, '').toLowerCase();
  return one !== null && plain(one) === plain(other);
}

export function hasKeypad({ lock_type: type }: Pick<SimulatedDoor, 'lock_type'>): boolean {
  return type.includes('pin');
}
