/**
 * Why a door decides what it decides: the decision of decision.ts itself, with the rules that led to it beside it. Nothing is
 * decided here a second time, so that an explanation can never say anything else than the door does.
 */
import { decide, decideFor, type CheckNumber, type Decision, type Question } from './decision.ts';
import { decideOffline, decisionOfOfflineRecord, offlineMemoryFor } from './offline.ts';
import type { MemoryLimits } from './offline.ts';
import { coversWall, nextChange, previousChange, type CompiledSchedule } from './schedules.ts';
import type { AccessTable, Holding } from './table.ts';
import { toLocalText, toWallMs } from './zones.ts';

/** By how much an instant lies outside a schedule, in whole seconds of real time; `late` = it ended before, `early` = it begins after. */
export type Miss = { readonly bySeconds: number; readonly side: 'early' | 'late' };

export type ScheduleTrace = {
  readonly scheduleId: string;
  readonly covers: boolean;
  /** The nearer of its last end and its next beginning, for a refusal by check 14; null also for one that never covers. */
  readonly miss: Miss | null;
};

/** A group that holds both the accessor and the lock. */
export type GroupTrace = { readonly groupId: string; readonly schedules: readonly ScheduleTrace[] };

/** One of those who hold what was presented. */
export type HolderTrace = {
  readonly accessorId: string;
  readonly keyId: string;
  readonly decision: Decision;
  readonly groups: readonly GroupTrace[];
};

export type Explanation = {
  readonly decision: Decision;
  readonly timeZone: string;
  /** Wall clock of the hub's zone, YYYY-MM-DDTHH:mm:ss. */
  readonly local: string;
  readonly holders: readonly HolderTrace[];
  /** The schedule that missed by least, for a refusal by check 14. */
  readonly nearest: (Miss & { readonly groupId: string; readonly scheduleId: string }) | null;
};

/** Explains what a hub decides. */
export function explain(question: Question): Explanation {
  return explained(question, decide(question));
}

/** Explains what a lock does while its hub is out of its reach (behaviour.md 12.2), and what entry comes of it. */
export function explainAlone(question: Question, limits: MemoryLimits): Explanation {
  const { table, lockId, door, presentation, now } = question;
  const memory = table && offlineMemoryFor(table, { lockId, limits });
  const { opens } = decideOffline({ memory, privacy: door.privacy, presentation, now });
  return explained(question, decisionOfOfflineRecord(question, { opened: opens }));
}

/** The rules around a decision that is known from elsewhere: the entry a hub has written. */
export function explained(question: Question, decision: Decision): Explanation {
  const { table, now, presentation } = question;
  const timeZone = table?.settings?.time_zone ?? 'UTC';
  const { what } = presentation;
  const holders =
    table === null || what.type === 'exit'
      ? []
      : (question.holders ?? table.findHoldings(what)).map((holding) =>
          traceHolder(holding, { table, question }),
        );
  return {
    decision,
    timeZone,
    local: toLocalText(timeZone, now),
    holders,
    nearest: decision.check === outsideSchedule ? nearestMiss(holders) : null,
  };
}

const outsideSchedule: CheckNumber = 14;

function traceHolder(
  holding: Holding,
  { table, question }: { readonly table: AccessTable; readonly question: Question },
): HolderTrace {
  const { accessor, key } = holding;
  const groupsOfLock = table.locks.get(question.lockId)?.groupIds;
  const timeZone = table.settings?.time_zone ?? 'UTC';
  const decision = decideFor(holding, { table, question });
  const isMissed = decision.check === outsideSchedule;
  return {
    accessorId: accessor.id,
    keyId: key.id,
    decision,
    groups: accessor.group_ids
      .filter((groupId) => groupsOfLock?.has(groupId) === true)
      .map((groupId) => ({
        groupId,
        schedules: (table.groups.get(groupId)?.schedules ?? []).map((schedule) =>
          traceSchedule(schedule, { timeZone, at: question.now, isMissed }),
        ),
      })),
  };
}

type Instant = { readonly timeZone: string; readonly at: Date };

function traceSchedule(
  schedule: CompiledSchedule,
  instant: Instant & { readonly isMissed: boolean },
): ScheduleTrace {
  const covers = coversWall(schedule, toWallMs(instant.timeZone, instant.at.getTime()));
  const miss = instant.isMissed && !covers ? missOf(schedule, instant) : null;
  return { scheduleId: schedule.id, covers, miss };
}

/** Whole seconds, as schedules are read: a second after the last covered one is a miss by 1. */
function missOf(schedule: CompiledSchedule, { timeZone, at }: Instant): Miss | null {
  const second = Math.floor(at.getTime() / 1000) * 1000;
  const begins = nextChange([schedule], { timeZone, at });
  const ended = previousChange([schedule], { timeZone, at });
  const early = begins && { bySeconds: (begins.getTime() - second) / 1000, side: 'early' as const };
  const late = ended && { bySeconds: (second - ended.getTime()) / 1000 + 1, side: 'late' as const };
  if (early === null || late === null) return early ?? late;
  return late.bySeconds <= early.bySeconds ? late : early;
}

function nearestMiss(holders: readonly HolderTrace[]): Explanation['nearest'] {
  const misses = holders
    .filter(({ decision }) => decision.check === outsideSchedule)
    .flatMap(({ groups }) => groups)
    .flatMap(({ groupId, schedules }) =>
      schedules.flatMap(({ scheduleId, miss }) =>
        miss === null ? [] : [{ ...miss, groupId, scheduleId }],
      ),
    );
  return misses.reduce<Explanation['nearest']>(
    (best, miss) => (best === null || miss.bySeconds < best.bySeconds ? miss : best),
    null,
  );
}
