import type { LoginId } from '#contract/ids';
import { isOperatorLogin } from '#server/store/logins';
import type { Database } from '#server/store/pool';

export type Operators = {
  /** Whether the person of this login runs the installation, and is not disabled. */
  isOperator(loginId: LoginId): Promise<boolean>;
};

export function createOperators({ database }: { readonly database: Database }): Operators {
  return { isOperator: (loginId) => isOperatorLogin(database, loginId) };
}
