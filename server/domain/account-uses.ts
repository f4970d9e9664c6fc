/** The use-cases by which people come to an account, are told of it, and leave. */
import type { Senders } from '#server/runtime/sender';
import { createAccountOutbox, type AccountOutbox } from './account-mails.ts';
import { createAccountRemovals, type AccountRemovals } from './account-removals.ts';
import { createAddressChanges, type AddressChanges } from './address-changes.ts';
import { createDataRemovals, type DataRemovals, type RemovalParts } from './data-removals.ts';
import { createInvitations, type Invitations } from './invitations.ts';

export type AccountUses = {
  readonly invitations: Invitations;
  readonly dataRemovals: DataRemovals;
  readonly accountRemovals: AccountRemovals;
  readonly accountOutbox: AccountOutbox;
  readonly addressChanges: AddressChanges;
};

export function createAccountUses({
  senders,
  issuer,
  invitationDays,
  ...parts
}: RemovalParts & {
  readonly senders: Senders;
  /** Where the pages for people are, without trailing slash. */
  readonly issuer: string;
  readonly invitationDays: number;
}): AccountUses {
  return {
    invitations: createInvitations({
      ...parts,
      mailer: senders.mail,
      issuer,
      days: invitationDays,
    }),
    dataRemovals: createDataRemovals(parts),
    accountRemovals: createAccountRemovals(parts),
    accountOutbox: createAccountOutbox(parts),
    addressChanges: createAddressChanges(parts),
  };
}
