/** The hub method `Ack`: a listener with a name says how far it has come (streaming.md 7). */
import { placeOfCursor } from '#server/domain/event-cursors';
import type { Clock } from '#server/runtime/clock';
import type { Database } from '#server/store/pool';
import { movePlace, type PlaceKey } from '#server/store/stream-places';
import type { HubMethod } from './connection.ts';
import type { Listener } from './listener-rights.ts';

/** A listener that is a person: programs of their own hear nothing. */
export type ConnectionPlace = Listener & { readonly loginId: PlaceKey['loginId'] };

/** Whose place a name is. */
export function placeKey({ listening, caller, loginId }: ConnectionPlace, name: string): PlaceKey {
  const { tenantId, siteId, kind } = listening;
  return { tenantId, siteId, kind, loginId, clientId: caller.clientId, name };
}

/** The methods a client may call on its connection. */
export function hubMethods(
  listener: ConnectionPlace,
  { database, clock }: { readonly database: Database; readonly clock: Clock },
): ReadonlyMap<string, HubMethod> {
  const { siteId, start } = listener.listening;
  const acknowledge: HubMethod = async ([cursor]) => {
    if (start.name === null) return { error: 'Ack belongs to a connection with resume' };
    const place = typeof cursor === 'string' ? placeOfCursor(siteId, cursor) : null;
    if (place === null) return { error: 'The cursor is not one of this stream' };
    const key = placeKey(listener, start.name);
    await movePlace(database, key, { number: place.number, now: clock.now() });
    return { result: true };
  };
  return new Map([['Ack', acknowledge]]);
}
