import type { Static } from 'typebox';
import { ApiError } from '#contract/api-error';
import { assertNever } from '#contract/assert-never';
import type { CollectionId, HubId, IqId } from '#contract/ids';
import type { PostMigrationRequest } from '#contract/migrations';
import type { Actor } from '#server/events/audit';
import type { Claims } from '#server/gateway/claims';
import { findMigration, insertMigration, type MigrationRow } from '#server/store/migrations';
import type { Database } from '#server/store/pool';
import { inTransaction, readScope, type WriteScope } from '#server/store/scope';
import { migrateIqContent } from './iq-contents.ts';
import { asAbort } from './migration-aborts.ts';
import { importSite, readExport, type Migrated, type SiteImportParts } from './site-imports.ts';
import { transferSite } from './site-transfers.ts';

export type PostMigration = Required<Static<typeof PostMigrationRequest>>;

export type Migrations = {
  /**
   * Moves a site or an IQ's content, all of it or nothing; a dry run changes nothing (behaviour.md 20). REQUEST_INVALID: a
   * member the kind needs is missing, or the export has not its form. VALUE_INVALID: an id names nothing, a key opens
   * nothing. MIGRATION_ABORTED with the name of the first check that fails.
   */
  run(actor: Actor, body: PostMigration): Promise<MigrationRow>;
  /** VALUE_INVALID (404) when the tenant has none of that id. */
  get(actor: Actor, id: string): Promise<MigrationRow>;
};

type Parts = SiteImportParts & { readonly database: Database; readonly claims: Claims };

type Moved = Migrated & { readonly hubIds?: readonly HubId[] };
type Work = (scope: WriteScope) => Promise<Moved>;

export function createMigrations(parts: Parts): Migrations {
  const { database, clock, ids } = parts;

  async function keep(
    scope: WriteScope,
    body: PostMigration,
    { counts, idMap }: Migrated,
  ): Promise<MigrationRow> {
    const row: MigrationRow = {
      id: ids.next<string>(),
      state: body.dry_run ? 'checked' : 'done',
      counts,
      id_map: [...idMap].map(([oldId, newId]) => ({ old_id: oldId, new_id: newId })),
    };
    await insertMigration(scope, { ...row, kind: body.kind, created_at: clock.now() });
    return row;
  }

  return {
    async run(actor, body) {
      const work = await workOf(parts, actor, body);
      const own = { database, tenantId: actor.tenantId };
      try {
        if (body.dry_run) {
          const checked = await tryOut(own, work);
          return await inTransaction(own, async (scope) => {
            parts.audit.record(scope, actor, {
              action: 'migration.check',
              objectType: 'migration',
              objectId: null,
              detail: body.kind,
            });
            return keep(scope, body, checked);
          });
        }
        return await inTransaction(own, async (scope) => {
          const moved = await work(scope);
          const hubIds = moved.hubIds ?? [];
          scope.afterCommit(() => hubIds.forEach((hubId) => parts.claims.move(hubId)));
          return keep(scope, body, moved);
        });
      } catch (error) {
        throw asAbort(error);
      }
    },
    async get(actor, id) {
      const row = await findMigration(readScope(database, actor.tenantId), id);
      if (row === undefined)
        throw new ApiError('VALUE_INVALID', { parameter: 'id', case: 'path_id' });
      return row;
    },
  };
}

/** Carries what a dry run found out of the transaction that is rolled back. */
class TriedOut extends Error {
  readonly found: Moved;

  constructor(found: Moved) {
    super('a dry run ends here');
    this.found = found;
  }
}

/** Does the whole work and takes it back: what it would meet, it has met. */
async function tryOut(own: Parameters<typeof inTransaction>[0], work: Work): Promise<Moved> {
  try {
    return await inTransaction<Moved>(own, async (scope) => {
      const found = await work(scope);
      // References between tables that move one by one are looked at here, as at a commit.
      await scope.query('set constraints all immediate', []);
      throw new TriedOut(found);
    });
  } catch (error) {
    if (error instanceof TriedOut) return error.found;
    throw error;
  }
}

/** What a kind does in its transaction; what needs no rows is done before. */
async function workOf(parts: Parts, actor: Actor, body: PostMigration): Promise<Work> {
  switch (body.kind) {
    case 'site_import': {
      const sent = needed(body.export, 'export');
      const read = await readExport(sent, body.private_key);
      const targetId = body.target_collection_id as CollectionId | null;
      return (scope) => importSite(scope, parts, { ...read, actor, targetId });
    }
    case 'site_transfer': {
      const token = needed(body.transfer_token, 'transfer_token');
      return (scope) => transferSite(scope, parts, { actor, token });
    }
    case 'iq_content': {
      const sourceId = needed(body.source_iq_id, 'source_iq_id') as IqId;
      const targetId = needed(body.target_iq_id, 'target_iq_id') as IqId;
      return (scope) => migrateIqContent(scope, parts, { actor, sourceId, targetId });
    }
    default:
      return assertNever(body.kind);
  }
}

function needed<T>(value: T | null, name: string): T {
  if (value === null)
    throw new ApiError('REQUEST_INVALID', { reason: `The ${name} field is required.` });
  return value;
}
