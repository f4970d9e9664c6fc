/**
 * The first start makes one operator with a random link on the console, which works once; there is no default password
 * (identity.md 9). As long as nobody has used it, each start prints another one.
 */
import type { LoginId } from '#contract/ids';
import { hashOfToken, makeLinkToken } from '#server/runtime/link-tokens';
import type { Identity } from '#server/identity/identity';
import type { Ids } from '#server/runtime/ids';
import {
  findLink,
  hasOperator,
  insertFirstLink,
  makeFirstOperator,
} from '#server/store/account-links';
import type { Database } from '#server/store/pool';

const worksForMs = 7 * 24 * 3_600_000;

export type FirstOperatorOrder = {
  readonly email: string;
  readonly password: string;
  readonly firstName: string;
  readonly lastName: string;
  readonly language: string;
};

export type FirstOperator = {
  /** The link to print; undefined when somebody runs the installation already. */
  makeLink(): Promise<string | undefined>;
  isWaiting(token: string): Promise<boolean>;
  /** False when the link does not work, or the address has an account. */
  make(token: string, order: FirstOperatorOrder): Promise<boolean>;
};

export function createFirstOperator({
  database,
  identity,
  clock,
  ids,
}: {
  readonly database: Database;
  readonly identity: Pick<Identity, 'issuer' | 'passwords'>;
  readonly clock: { now(): Date };
  readonly ids: Ids;
}): FirstOperator {
  return {
    async makeLink() {
      if (await hasOperator(database)) return undefined;
      const { token, tokenHash } = makeLinkToken(ids);
      const createdAt = clock.now();
      const expiresAt = new Date(createdAt.getTime() + worksForMs);
      await insertFirstLink(database, { id: ids.next<string>(), tokenHash, createdAt, expiresAt });
      return `${identity.issuer}/account/first/${token}`;
    },
    async isWaiting(token) {
      const held = { purpose: 'first', tokenHash: hashOfToken(token), now: clock.now() } as const;
      return (await findLink(database, held)) !== undefined && !(await hasOperator(database));
    },
    async make(token, { password, ...order }) {
      return makeFirstOperator(database, {
        ...order,
        tokenHash: hashOfToken(token),
        now: clock.now(),
        loginId: ids.next<LoginId>(),
        passwordHash: await identity.passwords.hash(password),
      });
    },
  };
}
