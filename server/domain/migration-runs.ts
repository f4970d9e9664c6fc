/**
 * A migration while it runs. One whose id the caller chose can be followed and cancelled by others, in whatever process: its
 * row is written beside the transaction of its work, and each piece of the work asks whether it shall go on. One without such
 * an id is written when it is over.
 */
import { ApiError } from '#contract/api-error';
import type { MigrationKind } from '#contract/migrations';
import type { TenantId } from '#contract/ids';
import {
  endInVain,
  endMigration,
  findMigration,
  holdRunning,
  insertMigration,
  putProgress,
  type MigrationRow,
} from '#server/store/migrations';
import type { Database } from '#server/store/pool';
import { inTransaction, readScope, type WriteScope } from '#server/store/scope';
import { MigrationCancelled } from './migration-aborts.ts';

/** What the work tells of itself. MIGRATION_ABORTED: it was cancelled. */
export type Progress = {
  /** So many rows will be laid. */
  expect(rows: number): Promise<void>;
  laid(name: string, rows: number): Promise<void>;
};

export type MigrationRun = {
  readonly progress: Progress;
  /** Runs first in the transaction of the work. VALUE_INVALID: the id is taken. */
  begin(scope: WriteScope): Promise<void>;
  /** Writes the result. MIGRATION_ABORTED: it was cancelled. */
  end(scope: WriteScope, result: RunResult): Promise<MigrationRow>;
  /** Its work was taken back. */
  endInVain(): Promise<void>;
};

export type RunResult = Pick<MigrationRow, 'state' | 'counts' | 'id_map' | 'checks'>;

type Of = {
  readonly database: Database;
  readonly tenantId: TenantId;
  readonly kind: MigrationKind;
  /** null = nobody else knows of it. */
  readonly chosenId: string | null;
  readonly newId: string;
  readonly now: Date;
};

export function createMigrationRun({
  database,
  tenantId,
  kind,
  chosenId,
  newId,
  now,
}: Of): MigrationRun {
  const own = { database, tenantId };
  const id = chosenId ?? newId;
  const counts: Record<string, number> = {};
  let isBegun = false;
  let done = 0;
  let total = 0;

  async function tell(): Promise<void> {
    if (chosenId === null) return;
    const row = { id, counts, rows_done: done, rows_total: total };
    if (!(await putProgress(readScope(database, tenantId), row))) throw new MigrationCancelled();
  }

  return {
    progress: {
      async expect(rows) {
        total = rows;
        await tell();
      },
      async laid(name, rows) {
        counts[name] = (counts[name] ?? 0) + rows;
        done += rows;
        await tell();
      },
    },
    async begin(scope) {
      // The work of a deadlock is done once more, from its beginning.
      for (const name of Object.keys(counts)) Reflect.deleteProperty(counts, name);
      done = 0;
      if (chosenId === null) return;
      // Whoever chose the id of one that runs is told so, and does not wait for its end.
      if (!isBegun && (await findMigration(scope, id)) !== undefined) throw taken();
      await holdRunning(scope, id);
      if (isBegun) return;
      const row = { id, kind, created_at: now, state: 'running', ...nothingYet } as const;
      isBegun = await inTransaction(own, (beside) => insertMigration(beside, row));
      if (!isBegun)
        throw new ApiError('VALUE_INVALID', { parameter: 'id', reason: 'It is taken.' });
    },
    async end(scope, result) {
      const row = { ...result, id, rows_done: done, rows_total: total };
      const isWritten =
        chosenId === null
          ? await insertMigration(scope, { ...row, kind, created_at: now })
          : await endMigration(scope, row);
      if (!isWritten) throw new MigrationCancelled();
      return { ...row, is_cancel_asked: false };
    },
    async endInVain() {
      if (isBegun) await endInVain(readScope(database, tenantId), id);
    },
  };
}

function taken(): ApiError {
  return new ApiError('VALUE_INVALID', { parameter: 'id', reason: 'It is taken.' });
}

const nothingYet = { counts: {}, id_map: [], checks: [], rows_done: 0, rows_total: 0 } as const;

export type Turns = {
  /** Runs the work when fewer than so many others run. */
  take<T>(work: () => Promise<T>): Promise<T>;
};

/** Lets so many run at a time; the others wait in their order. */
export function createTurns(most: number): Turns {
  let running = 0;
  const waiting: (() => void)[] = [];
  return {
    async take(work) {
      if (running < most) running += 1;
      else await new Promise<void>((resolve) => waiting.push(resolve));
      try {
        return await work();
      } finally {
        const next = waiting.shift();
        if (next === undefined) running -= 1;
        else next();
      }
    },
  };
}
