/** Where a person is reached, as the person or their sites have written it. */
import type { UserId } from '#contract/ids';
import type { Scope } from './scope.ts';

export type Contact = {
  readonly email: string | null;
  /** In international form. */
  readonly phone: string | null;
  readonly language: string | null;
};

export async function findContact(scope: Scope, userId: UserId): Promise<Contact | undefined> {
  const [row] = await scope.query<Contact>(
    `select nullif(email, '') as email, nullif(phone, '') as phone, language from people where tenant_id = $1 and id = $2`,
    [scope.tenantId, userId],
    'person_contact',
  );
  return row;
}
