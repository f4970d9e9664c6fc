/**
 * Whether listeners may still hear, asked again whenever events are delivered (design.md law 6). An answer counts for a second,
 * or until roles of the tenant change; questions that come together are one statement.
 */
import type { CollectionId, TenantId, UserId } from '#contract/ids';
import { mayHear } from '#server/domain/streamed-events';
import type { Caller } from '#server/http/caller';
import type { SessionState } from '#server/http/token';
import type { Clock } from '#server/runtime/clock';
import type { Bus } from '#server/store/bus';
import type { Database } from '#server/store/pool';
import { readScope } from '#server/store/scope';
import { findSitePlaces, rolesTopic, type SitePlace } from '#server/store/site-people';
import type { Listening } from './listening.ts';

const answerMs = 1_000;
const rememberedAnswers = 50_000;

export type Listener = { readonly caller: Caller; readonly listening: Listening };

export type ListenerRights = {
  /** Whether account and right stand, as far as was known within the last second. */
  mayHear(listener: Listener): boolean | Promise<boolean>;
  /** The same, asked anew. */
  mayStay(listener: Listener): Promise<boolean>;
  /** Calls `act` when roles of a tenant have changed, or may have; the result ends it. */
  onChange(tenantId: TenantId, act: () => void): () => void;
};

type Question = {
  readonly siteId: CollectionId;
  readonly userId: UserId;
  readonly resolve: (place: SitePlace | undefined) => void;
  readonly reject: (error: unknown) => void;
};

type Answer = { readonly place: SitePlace | undefined; readonly askedAtMs: number };

type Tenant = {
  readonly answers: Map<string, Answer>;
  readonly acts: Set<() => void>;
  unsubscribe: () => void;
  waiting: Question[];
  /** How often roles have changed: an answer read before a change is not kept after it. */
  changes: number;
};

export function createListenerRights({
  database,
  bus,
  clock,
  sessionState,
}: {
  readonly database: Database;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly sessionState: SessionState;
}): ListenerRights {
  const tenants = new Map<TenantId, Tenant>();

  function tenantOf(tenantId: TenantId): Tenant {
    const present = tenants.get(tenantId);
    if (present !== undefined) return present;
    const made: Tenant = {
      answers: new Map(),
      acts: new Set(),
      unsubscribe: () => undefined,
      waiting: [],
      changes: 0,
    };
    tenants.set(tenantId, made);
    return made;
  }

  async function ask(tenantId: TenantId, tenant: Tenant): Promise<void> {
    const questions = tenant.waiting;
    tenant.waiting = [];
    const { changes } = tenant;
    const askedAtMs = clock.now().getTime();
    if (tenant.answers.size > rememberedAnswers) tenant.answers.clear();
    try {
      const places = await findSitePlaces(readScope(database, tenantId), questions);
      for (const [index, { siteId, userId, resolve }] of questions.entries()) {
        const place = places[index];
        if (tenant.changes === changes)
          tenant.answers.set(`${siteId} ${userId}`, { place, askedAtMs });
        resolve(place);
      }
    } catch (error) {
      for (const { reject } of questions) reject(error);
    }
  }

  function placeOf(tenantId: TenantId, of: Pick<Question, 'siteId' | 'userId'>) {
    const tenant = tenantOf(tenantId);
    return new Promise<SitePlace | undefined>((resolve, reject) => {
      tenant.waiting.push({ ...of, resolve, reject });
      if (tenant.waiting.length === 1) setImmediate(() => void ask(tenantId, tenant));
    });
  }

  async function mayStay({ caller, listening }: Listener): Promise<boolean> {
    const { tenantId, siteId } = listening;
    const { userId } = caller;
    if (userId === undefined) return false;
    const [isActive, place] = await Promise.all([
      sessionState.isActive(caller),
      placeOf(tenantId, { siteId, userId }),
    ]);
    return isActive && mayHear(place, { userId, heard: listening, now: clock.now() });
  }

  return {
    mayStay,
    mayHear(listener) {
      const { caller, listening } = listener;
      const { userId } = caller;
      const key = `${listening.siteId} ${userId ?? ''}`;
      const answer = tenantOf(listening.tenantId).answers.get(key);
      const now = clock.now();
      const ageMs = now.getTime() - (answer?.askedAtMs ?? 0);
      if (answer === undefined || Math.abs(ageMs) >= answerMs) return mayStay(listener);
      if (!mayHear(answer.place, { userId, heard: listening, now })) return false;
      return sessionState.isActive(caller);
    },
    onChange(tenantId, act) {
      const tenant = tenantOf(tenantId);
      if (tenant.acts.size === 0) tenant.unsubscribe = hearChanges(tenantId, tenant);
      tenant.acts.add(act);
      return () => {
        tenant.acts.delete(act);
        if (tenant.acts.size > 0) return;
        tenant.unsubscribe();
        if (tenants.get(tenantId) === tenant) tenants.delete(tenantId);
      };
    },
  };

  function hearChanges(tenantId: TenantId, tenant: Tenant): () => void {
    const changed = (): void => {
      tenant.changes += 1;
      tenant.answers.clear();
      for (const act of tenant.acts) act();
    };
    const ends = [bus.subscribe(rolesTopic(tenantId), changed), bus.onResync(changed)];
    return () => {
      for (const end of ends) end();
    };
  }
}
