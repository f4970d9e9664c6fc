/** The person of a session, as tokens say it. Sessions and logins come before the tenant. */
import type { CollectionId, LoginId, PodId, TenantId, UserId } from '#contract/ids';
import { hasLeftPod } from './pod-passes.ts';
import type { Database } from './pool.ts';

export type SignedInPerson = {
  readonly sessionId: string;
  readonly loginId: LoginId;
  readonly amr: readonly string[];
  readonly identityProvider: string;
  readonly authTime: Date;
  /** Null of a guest who came by an access code. */
  readonly email: string | null;
  readonly isEmailVerified: boolean;
  readonly firstName: string;
  readonly lastName: string;
  readonly phone: string | null;
  readonly language: string | null;
  /** What an access code of a pod was typed for; null of everybody else. */
  readonly pass: {
    readonly siteId: CollectionId;
    readonly podId: PodId;
    readonly accessCodeId: string;
  } | null;
  /** Who the login is in the tenant asked for, or in each of its tenants. */
  readonly profiles: readonly { readonly tenantId: TenantId; readonly userId: UserId }[];
};

/** More than anybody has; a token must not outgrow the headers that carry it. */
const mostProfiles = 40;

/** The person of a session that was not ended and whose login is not disabled; `tenantId` null = in all tenants. */
export async function findSignedInPerson(
  database: Database,
  { sessionId, tenantId }: { readonly sessionId: string; readonly tenantId: TenantId | null },
): Promise<SignedInPerson | undefined> {
  const { rows } = await database.pool.query<SignedInPerson>({
    name: 'find-signed-in-person',
    text: `select s.id as "sessionId", l.id as "loginId", s.amr, s.identity_provider as "identityProvider",
             s.auth_time as "authTime", l.email, l.email_verified as "isEmailVerified", l.first_name as "firstName",
             l.last_name as "lastName", l.phone, l.language,
             (select json_build_object('siteId', pass.collection_id, 'podId', pass.pod_id, 'accessCodeId', pass.access_code_id)
              from pod_passes pass where pass.login_id = l.id) as pass,
             array(
               select json_build_object('tenantId', u.tenant_id, 'userId', u.id) from users u
               where u.login_id = l.id and ($2::uuid is null or u.tenant_id = $2)
               order by u.created_at, u.id limit ${mostProfiles}
             ) as profiles
           from sign_in_sessions s join logins l on l.id = s.login_id
           where s.id = $1 and s.ended_at is null and l.disabled_at is null and not ${hasLeftPod('l.id')}`,
    values: [sessionId, tenantId],
  });
  return rows[0];
}
