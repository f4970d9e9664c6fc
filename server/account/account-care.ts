/** The pages by which people come to an account, keep it in order and leave it, put together. */
import type { AccountUses } from '#server/domain/account-uses';
import type { Identity } from '#server/identity/identity';
import type { Clock } from '#server/runtime/clock';
import type { Config } from '#server/runtime/config';
import type { Ids } from '#server/runtime/ids';
import type { Log } from '#server/runtime/log';
import type { Bus } from '#server/store/bus';
import type { Database } from '#server/store/pool';
import { createAddressOrders } from './address-orders.ts';
import { createAfterwards } from './afterwards.ts';
import { dataPages } from './data-pages.ts';
import { createFirstOperator } from './first-operator.ts';
import { firstPages } from './first-pages.ts';
import { invitationPages } from './invitation-pages.ts';
import { createAccountMails } from './mails.ts';
import { createPasswordChanges } from './password-changes.ts';
import { createPhones } from './phones.ts';
import { createPictures } from './pictures.ts';
import { profilePages } from './profile-pages.ts';
import { registerPages } from './register-pages.ts';
import { resetPages } from './reset-pages.ts';
import { securityPages } from './security-pages.ts';
import { createSignUps } from './sign-ups.ts';
import type { AccountPage } from './visits.ts';

export type AccountCareParts = {
  readonly config: Pick<Config, 'signUp'>;
  readonly database: Database;
  readonly identity: Identity;
  readonly uses: AccountUses;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
};

export type AccountCare = {
  readonly pages: readonly AccountPage[];
  /** Ends when everything that an answer did not wait for has ended. */
  settled(): Promise<void>;
};

export function createAccountCare({ config, uses, ...given }: AccountCareParts): AccountCare {
  const { identity } = given;
  const afterwards = createAfterwards(given);
  const parts = { ...given, ...uses, mails: createAccountMails(given), afterwards };
  const passwordChanges = createPasswordChanges(parts);
  return {
    pages: [
      ...registerPages({ signUps: createSignUps(parts), isOpen: config.signUp === 'open' }),
      ...resetPages({ passwordChanges, afterwards }),
      ...invitationPages(parts),
      ...securityPages({
        ...parts,
        passwordChanges,
        addressOrders: createAddressOrders(parts),
      }),
      ...profilePages({
        ...parts,
        phones: createPhones(parts),
        pictures: createPictures({ ...parts, issuer: identity.issuer }),
      }),
      ...dataPages(parts),
      ...firstPages({ firstOperator: createFirstOperator(parts) }),
    ],
    settled: () => afterwards.settled(),
  };
}
