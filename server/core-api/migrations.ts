import { MigrationResult, PostMigrationRequest } from '#contract/migrations';
import type { Migrations } from '#server/domain/migrations';
import { route, type Route } from '#server/http/route';
import type { MigrationRow } from '#server/store/migrations';
import { actorOf } from './actor.ts';

const tag = 'migrations';

/** core-api.md 2: 64 MiB, which is an export of about 50,000 people with a tag each; its values are within these bounds. */
const largeBody = { bytes: 64 * 1024 * 1024, depth: 16, values: 4_000_000 };

/** core-api.md 11: moving a site or an IQ's content. */
export function migrationRoutes({ migrations }: { readonly migrations: Migrations }): Route[] {
  return [
    route({
      method: 'POST',
      path: '/migrations',
      access: 'hardware',
      summary: 'Move a site or the content of an IQ; a dry run answers every check',
      tag,
      largeBody,
      body: { schema: PostMigrationRequest, mode: 'create' },
      answer: MigrationResult,
      errors: ['MIGRATION_ABORTED'],
      handle: async (call, body) => toMigrationResult(await migrations.run(actorOf(call), body)),
    }),
    route({
      method: 'GET',
      path: '/migrations/{id}',
      access: 'read',
      summary: 'What a migration checked or did, or how far it is',
      tag,
      answer: MigrationResult,
      handle: async (call) => toMigrationResult(await migrations.get(actorOf(call), call.id('id'))),
    }),
    route({
      method: 'POST',
      path: '/migrations/{id}/cancel',
      access: 'hardware',
      summary: 'End a migration that runs; nothing of it stays',
      tag,
      answer: MigrationResult,
      handle: async (call) =>
        toMigrationResult(await migrations.cancel(actorOf(call), call.id('id'))),
    }),
  ];
}

function toMigrationResult({ id_map: idMap, checks, ...row }: MigrationRow): MigrationResult {
  return { ...row, id_map: [...idMap], checks: [...checks] };
}
