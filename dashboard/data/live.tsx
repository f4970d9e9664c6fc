/**
 * What happens at the site while somebody looks: one connection to each event hub, from which pages read the latest events and by
 * which lists are fetched again. States: connecting → live ⇄ away.
 */
import { useQueryClient, type QueryClient } from '@tanstack/react-query';
import { createContext, useContext, useEffect, useMemo, useState, type ReactNode } from 'react';
import { watch, type SignalR } from '#client/watch';
import { api } from './api.ts';
import type { Entry, Incident } from './events.ts';
import { useMay } from './site.tsx';

export type Live = {
  readonly state: 'connecting' | 'live' | 'away';
  /** The newest first; of this visit only. */
  readonly entries: readonly Entry[];
  readonly incidents: readonly Incident[];
  /** When this page heard of the last opening of a lock, by its id; in milliseconds of `performance.now()`. */
  readonly opened: ReadonlyMap<string, number>;
};

const kept = 200;
const silent: Live = { state: 'connecting', entries: [], incidents: [], opened: new Map() };
const LiveContext = createContext<Live>(silent);

/** The latest events of the site that is shown, and whether they arrive. */
export function useLive(): Live {
  return useContext(LiveContext);
}

/** What is fetched again when something of this kind has happened: names of queries `['site', siteId, name, …]`. */
const touched = {
  entries: ['entries', 'locks'],
  incidents: ['incidents', 'locks', 'iqs', 'repeaters'],
} as const;

export function LiveProvider({
  siteId,
  children,
}: {
  readonly siteId: string;
  readonly children: ReactNode;
}) {
  const queries = useQueryClient();
  const may = useMay();
  const hearsIncidents = may('see_everything');
  const hearsEntries = may('take_part');
  const [live, setLive] = useState<Live>(silent);
  useEffect(() => {
    if (!hearsEntries) return undefined;
    const hubs = hearsIncidents ? (['entries', 'incidents'] as const) : (['entries'] as const);
    const refetch = createRefetch(queries, siteId);
    const up = new Set<string>();
    const told = (hub: 'entries' | 'incidents', isUp: boolean) => {
      if (isUp) up.add(hub);
      else up.delete(hub);
      setLive((now) => ({ ...now, state: stateOf(up.size === hubs.length, now.state) }));
      // What happened in between was not heard.
      if (isUp) refetch(touched[hub]);
    };
    const ending = new AbortController();
    for (const hub of hubs)
      watch(api, {
        siteId,
        stream: hub,
        // Loaded when it is first needed.
        signalr: () => import('@microsoft/signalr') as unknown as Promise<SignalR>,
        onState: (state) => told(hub, state === 'connected'),
        onEvent(event) {
          const heardAt = performance.now();
          setLive((now) => ({
            ...now,
            [hub]: [event, ...now[hub]].slice(0, kept),
            ...(event.event_category === 'lock_opened' && event.lock_id !== null
              ? { opened: new Map(now.opened).set(event.lock_id, heardAt) }
              : {}),
          }));
          refetch(touched[hub]);
        },
        signal: ending.signal,
        // It ends by itself only where the caller may not listen any more.
      }).catch(() => told(hub, false));
    return () => {
      ending.abort();
      setLive(silent);
    };
  }, [queries, siteId, hearsEntries, hearsIncidents]);
  return (
    <LiveContext.Provider value={useMemo(() => live, [live])}>{children}</LiveContext.Provider>
  );
}

/** A first connection that is still being made is no absence. */
function stateOf(isUp: boolean, before: Live['state']): Live['state'] {
  if (isUp) return 'live';
  return before === 'connecting' ? 'connecting' : 'away';
}

/** Many events in a moment are one reason to fetch. */
function createRefetch(queries: QueryClient, siteId: string) {
  const waiting = new Set<string>();
  return (names: readonly string[]): void => {
    if (waiting.size === 0)
      setTimeout(() => {
        for (const name of waiting)
          void queries.invalidateQueries({ queryKey: ['site', siteId, name] });
        waiting.clear();
      }, 300);
    for (const name of names) waiting.add(name);
  };
}
