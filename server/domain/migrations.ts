import type { Static } from 'typebox';
import { ApiError } from '#contract/api-error';
import { assertNever } from '#contract/assert-never';
import type { CollectionId, HubId, IqId } from '#contract/ids';
import type { PostMigrationRequest } from '#contract/migrations';
import type { Actor } from '#server/events/audit';
import type { Claims } from '#server/gateway/claims';
import { askCancel, findMigration, type MigrationRow } from '#server/store/migrations';
import type { Database } from '#server/store/pool';
import { inTransaction, readScope, type WriteScope } from '#server/store/scope';
import { migrateIqContent } from './iq-contents.ts';
import { asAbort, foundByDatabase } from './migration-aborts.ts';
import { createChecks, FailedChecks, type Checks } from './migration-checks.ts';
import { createMigrationRun, createTurns, type MigrationRun } from './migration-runs.ts';
import { importSite, readExport, type Migrated, type SiteImportParts } from './site-imports.ts';
import { transferSite } from './site-transfers.ts';

export type PostMigration = Required<Static<typeof PostMigrationRequest>>;

export type Migrations = {
  /**
   * Moves a site or an IQ's content, all of it or nothing (behaviour.md 20); a dry run changes nothing and tells every check.
   * REQUEST_INVALID: a member the kind needs is missing, or the export has not its form. VALUE_INVALID: an id names nothing or
   * is taken, a key opens nothing. MIGRATION_ABORTED with the name of the first check that fails, or that it was cancelled.
   */
  run(actor: Actor, body: PostMigration): Promise<MigrationRow>;
  /** VALUE_INVALID (404) when the tenant has none of that id. */
  get(actor: Actor, id: string): Promise<MigrationRow>;
  /** Ends a running one; one that has ended stays as it is. VALUE_INVALID (404) when the tenant has none of that id. */
  cancel(actor: Actor, id: string): Promise<MigrationRow>;
};

type Parts = SiteImportParts & { readonly database: Database; readonly claims: Claims };

type Moved = Migrated & { readonly hubIds?: readonly HubId[] };
type Work = (scope: WriteScope) => Promise<Moved>;
type Running = {
  readonly actor: Actor;
  readonly body: PostMigration;
  readonly checks: Checks;
  readonly run: MigrationRun;
};

/** Each takes two connections of the process and the memory of its file. */
const mostAtOnce = 2;

export function createMigrations(parts: Parts): Migrations {
  const { database, clock, ids, audit } = parts;
  const turns = createTurns(mostAtOnce);

  async function get(actor: Actor, id: string): Promise<MigrationRow> {
    const row = await findMigration(readScope(database, actor.tenantId), id);
    if (row === undefined)
      throw new ApiError('VALUE_INVALID', { parameter: 'id', case: 'path_id' });
    return row;
  }

  return {
    run: (actor, body) =>
      turns.take(async () => {
        const { tenantId } = actor;
        const run = createMigrationRun({
          database,
          tenantId,
          kind: body.kind,
          chosenId: body.id,
          newId: ids.next<string>(),
          now: clock.now(),
        });
        const running = { actor, body, run, checks: createChecks({ areAll: body.dry_run }) };
        try {
          return body.dry_run ? await tryOut(parts, running) : await move(parts, running);
        } catch (error) {
          await run.endInVain();
          throw asAbort(error);
        }
      }),
    get,
    async cancel(actor, id) {
      await get(actor, id);
      await inTransaction({ database, tenantId: actor.tenantId }, async (scope) => {
        if (!(await askCancel(scope, { id, now: clock.now() }))) return;
        audit.record(scope, actor, {
          action: 'migration.cancel',
          objectType: 'migration',
          objectId: id,
        });
      });
      return get(actor, id);
    },
  };
}

async function move(parts: Parts, running: Running): Promise<MigrationRow> {
  const { actor, checks, run } = running;
  const work = await workOf(parts, running);
  return inTransaction({ database: parts.database, tenantId: actor.tenantId }, async (scope) => {
    await run.begin(scope);
    const moved = await work(scope);
    const hubIds = moved.hubIds ?? [];
    scope.afterCommit(() => hubIds.forEach((hubId) => parts.claims.move(hubId)));
    return run.end(scope, resultOf('done', moved, checks));
  });
}

/** Carries the result of a dry run out of the transaction that is rolled back. */
class TriedOut extends Error {
  readonly row: MigrationRow;

  constructor(row: MigrationRow) {
    super('a dry run ends here');
    this.row = row;
  }
}

/** Does the whole work and takes it back: what it would meet, it has met. */
async function tryOut(parts: Parts, running: Running): Promise<MigrationRow> {
  const { actor, body, checks, run } = running;
  const own = { database: parts.database, tenantId: actor.tenantId };
  const work = await workOf(parts, running);
  try {
    return await inTransaction<MigrationRow>(own, async (scope) => {
      await run.begin(scope);
      await scope.query('savepoint before_work', []);
      const found = await meet(scope, { work, checks });
      // What it holds is let go; that it runs is said until its result is written.
      await scope.query('rollback to savepoint before_work', []);
      const row = await inTransaction(own, async (beside) => {
        parts.audit.record(beside, actor, {
          action: 'migration.check',
          objectType: 'migration',
          objectId: null,
          detail: body.kind,
        });
        return run.end(beside, resultOf('checked', found, checks));
      });
      throw new TriedOut(row);
    });
  } catch (error) {
    if (error instanceof TriedOut) return error.row;
    throw error;
  }
}

/** What the work met, the database's own findings among the checks. */
async function meet(
  scope: WriteScope,
  { work, checks }: { readonly work: Work; readonly checks: Checks },
): Promise<Moved> {
  try {
    const found = await work(scope);
    // References between tables that move one by one are looked at here, as at a commit.
    await scope.query('set constraints all immediate', []);
    return found;
  } catch (error) {
    if (!(error instanceof FailedChecks)) {
      const fault = foundByDatabase(error);
      if (fault === null) throw error;
      checks.fail(fault.check, fault.reason);
    }
    return { counts: {}, idMap: new Map() };
  }
}

function resultOf(state: 'checked' | 'done', { counts, idMap }: Migrated, checks: Checks) {
  return {
    state,
    counts,
    id_map: [...idMap].map(([oldId, newId]) => ({ old_id: oldId, new_id: newId })),
    checks: checks.answers(),
  };
}

/** What a kind does in its transaction; what needs no rows is done before. */
async function workOf(parts: Parts, { actor, body, checks, run }: Running): Promise<Work> {
  switch (body.kind) {
    case 'site_import': {
      const sent = needed(body.export, 'export');
      const read = await readExport(checks, sent, body.private_key);
      const targetId = body.target_collection_id as CollectionId | null;
      const { progress } = run;
      return (scope) => {
        if (read === null) throw new FailedChecks();
        return importSite(scope, parts, { ...read, actor, targetId, checks, progress });
      };
    }
    case 'site_transfer': {
      const token = needed(body.transfer_token, 'transfer_token');
      return (scope) => transferSite(scope, parts, { actor, token, checks });
    }
    case 'iq_content': {
      const sourceId = needed(body.source_iq_id, 'source_iq_id') as IqId;
      const targetId = needed(body.target_iq_id, 'target_iq_id') as IqId;
      return (scope) => migrateIqContent(scope, parts, { actor, sourceId, targetId, checks });
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
