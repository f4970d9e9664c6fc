/** Mails about accounts (identity.md 9): left within what they tell of, and read by the operator where nobody takes mail over. */
import type { AccountMailWord } from '#contract/account-mails';
import type { LoginId } from '#contract/ids';
import type { ListOptions } from '#contract/odata';
import type { Ids } from '#server/runtime/ids';
import {
  accountMailsTopic,
  insertAccountMailIn,
  listAccountMails,
  type AccountMailRow,
} from '#server/store/account-mails';
import type { Bus } from '#server/store/bus';
import type { ListResult } from '#server/store/list';
import type { Database } from '#server/store/pool';
import type { WriteScope } from '#server/store/scope';
import { triedForMs } from './notices.ts';

/** Leaves a mail within a change; it goes when the change has landed. */
export async function leaveAccountMail(
  scope: WriteScope,
  { bus, clock, ids }: { readonly bus: Bus; readonly clock: { now(): Date }; readonly ids: Ids },
  mail: {
    readonly loginId: LoginId | null;
    readonly address: string;
    readonly word: AccountMailWord;
    readonly subject: string;
    readonly text: string;
  },
): Promise<void> {
  const createdAt = clock.now();
  await insertAccountMailIn(scope, {
    ...mail,
    id: ids.next<string>(),
    channel: 'mail',
    hasLink: false,
    giveUpAt: new Date(createdAt.getTime() + triedForMs),
    createdAt,
  });
  scope.afterCommit(() => bus.publish(accountMailsTopic, ''));
}

export type AccountOutbox = {
  /** The mails of all accounts with their delivery records, oldest first. */
  list(options: ListOptions): Promise<ListResult<AccountMailRow>>;
};

export function createAccountOutbox({ database }: { readonly database: Database }): AccountOutbox {
  return { list: (options) => listAccountMails(database, options) };
}
