/** Who will be let in before long, for a camera that keeps the plates it may open for (behaviour.md 13). */
import { decideFor } from './decision.ts';
import type { Credential } from './presentation.ts';
import { nextChange } from './schedules.ts';
import type { AccessTable, Holding } from './table.ts';

/**
 * Whether a credential passes checks 6 to 12 of the decision at `from` and a schedule of its holder covers some instant of
 * [from, until]. Several holders: one is enough.
 */
export function isAdmittedWithin(
  table: AccessTable,
  what: {
    readonly lockId: string;
    readonly credential: Credential;
    readonly from: Date;
    readonly until: Date;
  },
): boolean {
  return table
    .findHoldings(what.credential)
    .some((holding) => isHolderAdmitted(table, { ...what, holding }));
}

function isHolderAdmitted(
  table: AccessTable,
  {
    lockId,
    credential,
    holding,
    from,
    until,
  }: {
    readonly lockId: string;
    readonly credential: Credential;
    readonly holding: Holding;
    readonly from: Date;
    readonly until: Date;
  },
): boolean {
  const decision = decideFor(holding, {
    table,
    question: {
      table,
      lockId,
      door: { officeMode: 'none', privacy: false, tagRegistration: false, keypadLockedOut: false },
      presentation: { what: credential, heldMs: 0 },
      now: from,
      serverGoneSince: null,
    },
  });
  if (decision.act !== 'refuse') return true;
  if (decision.rejectReason !== 'outside_schedule') return false;
  const lock = table.locks.get(lockId);
  const schedules = holding.accessor.group_ids
    .filter((groupId) => lock?.groupIds.has(groupId) === true)
    .flatMap((groupId) => table.groups.get(groupId)?.schedules ?? []);
  // Outside of all of them, so the next change is a beginning.
  const timeZone = table.settings?.time_zone ?? 'UTC';
  const beginsAt = nextChange(schedules, { timeZone, at: from });
  return beginsAt !== null && beginsAt.getTime() <= until.getTime();
}
