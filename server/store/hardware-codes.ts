import type { WriteScope } from './scope.ts';

/**
 * Takes a code for the length of the transaction, and says whether a lock or repeater of any tenant has it, or had it and was
 * not reset since. Who registers the same code at the same time waits here.
 */
export async function isCodeInUse(scope: WriteScope, code: string): Promise<boolean> {
  await scope.query(`select pg_advisory_xact_lock(hashtextextended('hardware-code ' || $1, 0))`, [
    code,
  ]);
  const [row] = await scope.query<{ used: boolean }>(
    `select exists (select 1 from locks where code = $1)
         or exists (select 1 from repeaters where code = $1)
         or exists (select 1 from retired_codes where code = $1) as used`,
    [code],
  );
  return row?.used ?? true;
}
