import type { LoginId, TenantId, UserId } from '#contract/ids';
import { isMailAddress } from '#server/domain/mail-address';
import type { Clock } from '#server/runtime/clock';
import type { Ids } from '#server/runtime/ids';
import { disableLogin, ensureUser, insertLogin } from '#server/store/logins';
import type { Database } from '#server/store/pool';
import { findPasswordFault } from './password-rules.ts';
import type { Passwords } from './passwords.ts';

export type LoginOrder = {
  /** Made by us when it is left out. */
  readonly id?: LoginId;
  readonly email: string;
  readonly password: string;
  readonly firstName: string;
  readonly lastName: string;
  /** Who has not confirmed the address cannot sign in. */
  readonly isEmailVerified: boolean;
};

/** Why a login was not made. */
export type LoginFault = 'email_invalid' | 'email_taken' | 'password_unsuitable';

export type Logins = {
  createLogin(
    order: LoginOrder,
  ): Promise<{ readonly loginId: LoginId } | { readonly fault: LoginFault }>;
  /** Makes the login a person of the tenant, or finds that person. */
  joinTenant(person: {
    readonly loginId: LoginId;
    readonly tenantId: TenantId;
    /** Made by us when it is left out. */
    readonly userId?: UserId;
  }): Promise<UserId>;
  /** Ends a login; its tokens are refused within a minute. False when there is none. */
  disable(loginId: LoginId): Promise<boolean>;
};

export function createLogins({
  database,
  clock,
  ids,
  passwords,
}: {
  readonly database: Database;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly passwords: Passwords;
}): Logins {
  return {
    async createLogin({ password, ...order }) {
      if (!isMailAddress(order.email)) return { fault: 'email_invalid' };
      if ((await findPasswordFault(password, order)) !== undefined)
        return { fault: 'password_unsuitable' };
      const id = order.id ?? ids.next<LoginId>();
      const passwordHash = await passwords.hash(password);
      const isNew = await insertLogin(database, {
        ...order,
        id,
        passwordHash,
        createdAt: clock.now(),
      });
      return isNew ? { loginId: id } : { fault: 'email_taken' };
    },
    joinTenant: ({ loginId, tenantId, userId }) =>
      ensureUser(database, {
        tenantId,
        loginId,
        id: userId ?? ids.next<UserId>(),
        createdAt: clock.now(),
      }),
    disable: (loginId) => disableLogin(database, { loginId, at: clock.now() }),
  };
}
