/**
 * Who typed an access code of a pod: a login without address or password, and a person of the tenant without a place. Logins come
 * before the tenant.
 */
import type { AccessorId, CollectionId, LoginId, PodId, TenantId, UserId } from '#contract/ids';
import type { Database } from './pool.ts';
import type { WriteScope } from './scope.ts';

export type PodPass = {
  readonly loginId: LoginId;
  readonly tenantId: TenantId;
  readonly siteId: CollectionId;
  readonly podId: PodId;
  readonly accessCodeId: string;
  /** The site user it has become; null = none yet. */
  readonly accessorId: AccessorId | null;
};

/** SQL: the login by this reference came by a code and is a guest of that pod no longer: all it was given has ended. */
export function hasLeftPod(loginId: string): string {
  return `exists (select from pod_passes pass where pass.login_id = ${loginId} and pass.accessor_id is not null
    and not exists (select from pod_users u where u.tenant_id = pass.tenant_id and u.pod_id = pass.pod_id
      and u.accessor_id = pass.accessor_id))`;
}

/** Makes the login, its person in the tenant and its pass. */
export async function insertPodPass(
  scope: WriteScope,
  pass: Omit<PodPass, 'tenantId' | 'accessorId'> & {
    readonly userId: UserId;
    readonly createdAt: Date;
  },
): Promise<void> {
  await scope.query('insert into logins (id, created_at) values ($1, $2)', [
    pass.loginId,
    pass.createdAt,
  ]);
  await scope.query(
    'insert into users (tenant_id, id, login_id, created_at) values ($1, $2, $3, $4)',
    [scope.tenantId, pass.userId, pass.loginId, pass.createdAt],
  );
  await scope.query(
    `insert into pod_passes (login_id, tenant_id, collection_id, pod_id, access_code_id, created_at)
     values ($2, $1, $3, $4, $5, $6)`,
    [scope.tenantId, pass.loginId, pass.siteId, pass.podId, pass.accessCodeId, pass.createdAt],
  );
}

export async function findPodPass(
  database: Database,
  loginId: LoginId,
): Promise<PodPass | undefined> {
  const { rows } = await database.pool.query<PodPass>({
    name: 'pod-pass-find',
    text: `select login_id as "loginId", tenant_id as "tenantId", collection_id as "siteId", pod_id as "podId",
             access_code_id as "accessCodeId", accessor_id as "accessorId" from pod_passes where login_id = $1`,
    values: [loginId],
  });
  return rows[0];
}

/** The pass, for this transaction alone; the second of two sees what the first has made of it. */
export async function holdPodPass(
  scope: WriteScope,
  loginId: LoginId,
): Promise<{ readonly isUsed: boolean } | undefined> {
  const [row] = await scope.query<{ is_used: boolean }>(
    'select accessor_id is not null as is_used from pod_passes where tenant_id = $1 and login_id = $2 for update',
    [scope.tenantId, loginId],
  );
  return row === undefined ? undefined : { isUsed: row.is_used };
}

/** The pass has become a guest, who has told the names. */
export async function turnPodPass(
  scope: WriteScope,
  guest: {
    readonly loginId: LoginId;
    readonly accessorId: AccessorId;
    readonly firstName: string;
    readonly lastName: string;
  },
): Promise<void> {
  await scope.query('update logins set first_name = $2, last_name = $3 where id = $1', [
    guest.loginId,
    guest.firstName,
    guest.lastName,
  ]);
  await scope.query(
    'update pod_passes set accessor_id = $3 where tenant_id = $1 and login_id = $2',
    [scope.tenantId, guest.loginId, guest.accessorId],
  );
}

/**
 * Marks for removal the logins that nobody made a guest of since `unusedSince`, and those whose guest has left the pod and has no
 * place in any site; gives how many.
 */
export async function markSpentPasses(
  database: Database,
  { unusedSince, now }: { readonly unusedSince: Date; readonly now: Date },
): Promise<number> {
  const { rowCount } = await database.pool.query(
    `update logins l set removal_requested_at = $2, disabled_at = coalesce(disabled_at, $2)
     from pod_passes p
     where l.id = p.login_id and l.removal_requested_at is null
       and (p.accessor_id is null and p.created_at <= $1 or ${hasLeftPod('l.id')}
         and not exists (select from users w join accessors a on a.tenant_id = w.tenant_id and a.user_id = w.id
           where w.login_id = l.id))`,
    [unusedSince, now],
  );
  return rowCount ?? 0;
}
