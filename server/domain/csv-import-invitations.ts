/** Mails of invitations after an import: the people are stored by then, so that a mail server that fails undoes nothing. */
import { ApiError } from '#contract/api-error';
import type { CsvRowNote } from '#contract/csv-imports';
import type { UserId } from '#contract/ids';
import { readScope } from '#server/store/scope';
import { senderOf, type SiteUserParts } from './site-user-creation.ts';
import type { AtWork } from './site-user-rules.ts';

/** Somebody with an address and without a profile. */
export type Invitee = {
  readonly line: number;
  readonly userId: UserId;
  readonly address: string;
  readonly language: string | null;
};

/** A caller waits for the answer; the next call with the same file goes on. */
const mostInvitedAtOnce = 250;
const atATime = 5;
/** A mail server that is down is asked no further. */
const mostFailures = 5;

/** Hands invitations over and says by line what became of each. */
export async function inviteImported(
  { database, invitations }: SiteUserParts,
  at: AtWork,
  invitees: readonly Invitee[],
): Promise<ReadonlyMap<number, CsvRowNote>> {
  const notes = new Map<number, CsvRowNote>(invitees.map(({ line }) => [line, 'not_invited']));
  if (invitees.length === 0) return notes;
  const { siteId, actor } = at;
  const sender = await senderOf(readScope(database, actor.tenantId), at);
  const waiting = invitees.slice(0, mostInvitedAtOnce).values();
  let failures = 0;
  const hand = async (): Promise<void> => {
    for (const { line, ...invitee } of waiting) {
      if (failures >= mostFailures) return;
      try {
        await invitations.hand({ tenantId: actor.tenantId, siteId, ...invitee, ...sender });
        notes.set(line, 'invited');
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        failures += 1;
        notes.set(line, 'invite_failed');
      }
    }
  };
  await Promise.all(Array.from({ length: atATime }, hand));
  return notes;
}
