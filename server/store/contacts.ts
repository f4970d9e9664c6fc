/** Where a person is reached, as the person or their sites have written it. */
import type { UserId } from '#contract/ids';
import type { Scope } from './scope.ts';

/** `phone` in international form. */
export type Contact = { readonly email: string | null; readonly phone: string | null };

export async function findContact(scope: Scope, userId: UserId): Promise<Contact | undefined> {
  const [row] = await scope.query<Contact>(
    `select nullif(email, '') as email, nullif(phone, '') as phone from people where tenant_id = $1 and id = $2`,
    [scope.tenantId, userId],
    'person_contact',
  );
  return row;
}
