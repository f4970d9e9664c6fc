/** Codes of hardware that was taken away without its own word and must be reset by hand first (behaviour.md 4.6, 4.7). */
import type { LockId } from '#contract/ids';
import type { WriteScope } from './scope.ts';

/** Keeps the code of a lock from being registered anew. */
export async function retireCode(
  scope: WriteScope,
  { lockId, now }: { readonly lockId: LockId; readonly now: Date },
): Promise<void> {
  await scope.query(
    `insert into retired_codes (tenant_id, code, retired_at)
     select tenant_id, code, $3 from locks where tenant_id = $1 and id = $2
     on conflict (tenant_id, code) do update set retired_at = excluded.retired_at`,
    [scope.tenantId, lockId, now],
  );
}

/** The hardware of a code was reset, or joined a hub again; false = nobody waited for it. */
export async function freeCode(scope: WriteScope, code: string): Promise<boolean> {
  const rows = await scope.query(
    'delete from retired_codes where tenant_id = $1 and code = $2 returning code',
    [scope.tenantId, code],
  );
  return rows.length > 0;
}

/** The same for the code of a lock that is registered. */
export async function freeCodeOfLock(scope: WriteScope, lockId: LockId): Promise<void> {
  await scope.query(
    `delete from retired_codes c using locks l
      where l.tenant_id = $1 and l.id = $2 and c.tenant_id = l.tenant_id and c.code = l.code`,
    [scope.tenantId, lockId],
  );
}
