import type { IqId } from '#contract/ids';
import type { Actor } from '#server/events/audit';
import { findQueuedIqs } from '#server/store/iq-changes';
import type { Database } from '#server/store/pool';
import { inTransaction, type WriteScope } from '#server/store/scope';

/** What a write gives, and the words of `CLP-Warning` that its answer carries (core-api.md 1). */
export type Written<T> = { readonly value: T; readonly warnings: readonly string[] };

/** A header has its bounds; who has more silent hubs than this looks at their list. */
const mostIqsNamed = 20;

/**
 * Runs a write of rights in one transaction. Where it changed what a hub out of reach must know, the answer says so: the
 * change waits for the hub (behaviour.md 12.1). `warn` adds further words.
 */
export function writeRights<T>(
  { database, actor }: { readonly database: Database; readonly actor: Actor },
  work: (scope: WriteScope, warn: (word: string) => void) => Promise<T>,
): Promise<Written<T>> {
  return inTransaction({ database, tenantId: actor.tenantId }, async (scope) => {
    const warnings: string[] = [];
    const value = await work(scope, (word) => warnings.push(word));
    const queued = await findQueuedIqs(scope, mostIqsNamed);
    return { value, warnings: [...warnings, ...queued.map((id) => queuedWord(id))] };
  });
}

function queuedWord(id: IqId): string {
  return `iq_offline_change_queued; iq=${id}`;
}
