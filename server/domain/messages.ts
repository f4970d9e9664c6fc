import type { CollectionId } from '#contract/ids';
import type { ListOptions } from '#contract/odata';
import type { Actor } from '#server/events/audit';
import type { ListResult } from '#server/store/list';
import { listMessages, type MessageRow } from '#server/store/messages';
import type { Database } from '#server/store/pool';
import { readScope } from '#server/store/scope';

export type Messages = {
  /** The messages of a site with their delivery records, oldest first. */
  list(actor: Actor, options: ListOptions, siteId: CollectionId): Promise<ListResult<MessageRow>>;
};

export function createMessages({ database }: { readonly database: Database }): Messages {
  return {
    list: (actor, options, siteId) =>
      listMessages(readScope(database, actor.tenantId), options, siteId),
  };
}
