/** The report of who came and left when: a CSV file by mail to whoever asks (connect-api.md 4.11). */
import { ApiError } from '#contract/api-error';
import type { TimeAttendanceReportRequest } from '#contract/attendance-reports';
import type { CollectionId, LockId, UserId } from '#contract/ids';
import { dayText, type Language, type Words } from '#contract/languages';
import type { Actor, Audit } from '#server/events/audit';
import { findVerifiedMail, readDoorUses, type DoorUseRow } from '#server/store/attendance-reports';
import { findCollection } from '#server/store/collections';
import { hasSiteLock } from '#server/store/message-rules';
import type { Database } from '#server/store/pool';
import { inTransaction, readScope, type Scope } from '#server/store/scope';
import { visitsOf, type DoorUse, type Visit } from './attendance.ts';
import { csvDate, csvLines } from './csv.ts';
import type { HandedMessages } from './handed-messages.ts';
import { eventStoreFault } from './incidents.ts';
import type { MessageText } from './message-text.ts';

export type AttendanceReports = {
  /**
   * Mails the report to the caller and waits until the mail is handed over. VALUE_INVALID: the range is empty or longer than 366
   * days. NOT_FOUND `Lock not found`. MESSAGE_INVALID: the caller has no address that was proven. PLATFORM_FUNCTION_FAILED: nobody
   * took the mail, or it is too large. REQUEST_FAILED: the event store failed.
   */
  send(
    actor: Actor,
    site: { readonly siteId: CollectionId; readonly userId: UserId },
    body: TimeAttendanceReportRequest,
  ): Promise<void>;
};

const dayMs = 86_400_000;
const longestMs = 366 * dayMs;
/** Mail servers refuse what is much larger; a mail carries a file in a third more. */
const largestBytes = 15 * 1024 * 1024;

export function createAttendanceReports({
  database,
  handedMessages,
  audit,
  clock,
}: {
  readonly database: Database;
  readonly handedMessages: HandedMessages;
  readonly audit: Audit;
  readonly clock: { now(): Date };
}): AttendanceReports {
  return {
    async send(actor, { siteId, userId }, body) {
      const scope = readScope(database, actor.tenantId);
      const { lock_in_id: inId, lock_out_id: outId } = body;
      for (const id of [inId, outId]) await checkLock(scope, siteId, id);
      const { from, to } = rangeOf(body);
      const contact = await findVerifiedMail(scope, userId);
      if (contact === undefined)
        throw new ApiError('MESSAGE_INVALID', { reason: 'You have no verified e-mail address.' });
      const now = clock.now();
      const wanted = { siteId, lockIds: [inId, outId], from, to, now };
      const rows = await readDoorUses(scope, wanted).catch(eventStoreFault);
      const content = reportOf(rows, { inId, outId });
      if (Buffer.byteLength(content) > largestBytes)
        throw new ApiError('PLATFORM_FUNCTION_FAILED', {
          reason: 'The report is too large for a mail. Ask for fewer days.',
        });
      const days = `${body.from_date.slice(0, 10)} to ${body.to_date.slice(0, 10)}`;
      const site = await findCollection(scope, siteId);
      const handed = await handedMessages.hand({
        tenantId: actor.tenantId,
        siteId,
        userId,
        channel: 'mail',
        to: contact.address,
        word: 'report',
        texts: reportTexts({ from, to }, { timeZone: site?.time_zone ?? null }),
        language: contact.language,
        attachment: { name: 'time-attendance.csv', type: 'text/csv; charset=utf-8', content },
      });
      if (handed.state === 'refused')
        throw new ApiError('PLATFORM_FUNCTION_FAILED', {
          reason: 'The mail with the report was not taken over.',
        });
      await inTransaction({ database, tenantId: actor.tenantId }, async (write) => {
        await handed.record(write);
        audit.record(write, actor, {
          action: 'attendance_report.send',
          objectType: 'collection',
          objectId: siteId,
          collectionId: siteId,
          detail: days,
        });
      });
    },
  };
}

type Range = { readonly from: Date; readonly to: Date };

function reportTexts(
  { from, to }: Range,
  { timeZone }: { readonly timeZone: string | null },
): Words<MessageText> {
  const days = (language: Language): readonly string[] =>
    [from, to].map((instant) => dayText(instant, { language, timeZone }));
  return {
    en: {
      subject: 'Time and attendance',
      text: `The report of ${days('en').join(' to ')} is attached.`,
    },
    de: {
      subject: 'Anwesenheitsbericht',
      text: `Der Bericht vom ${days('de').join(' bis zum ')} ist angehängt.`,
    },
  };
}

function rangeOf(body: TimeAttendanceReportRequest): Range {
  const [from, to] = [new Date(body.from_date), new Date(body.to_date)];
  const reason =
    from >= to
      ? 'It must lie after from_date.'
      : to.getTime() - from.getTime() > longestMs
        ? 'A report is about 366 days at most.'
        : null;
  if (reason !== null) throw new ApiError('VALUE_INVALID', { parameter: 'to_date', reason });
  return { from, to };
}

async function checkLock(scope: Scope, siteId: CollectionId, id: string): Promise<void> {
  if (!(await hasSiteLock(scope, siteId, id as LockId)))
    throw new ApiError('NOT_FOUND', { thing: 'Lock' });
}

const heading = [
  'User First Name',
  'User Last Name',
  'User Alias',
  'Date',
  'Check In',
  'Check Out',
  'Duration',
];

/** The report's file. */
export function reportOf(
  rows: readonly DoorUseRow[],
  ways: { readonly inId: string; readonly outId: string },
): string {
  const names = new Map(rows.map((row) => [row.accessor_id, row]));
  const lines = visitsOf(rows.map(useOf), ways).map(({ came, left }) => {
    const person = names.get(came.accessorId);
    return [
      person?.first_name ?? null,
      person?.last_name ?? null,
      person?.alias ?? null,
      csvDate(came.local),
      came.local.slice(11, 19),
      left === null ? null : left.local.slice(11, 19),
      left === null ? null : durationOf({ came, left }),
    ];
  });
  return csvLines([heading, ...lines]);
}

function useOf(row: DoorUseRow): DoorUse {
  return {
    accessorId: row.accessor_id,
    lockId: row.lock_id,
    at: row.utc_date_time,
    local: row.local_date_time,
  };
}

/** By the instants, since a wall clock may jump meanwhile. */
function durationOf({ came, left }: Visit & { readonly left: DoorUse }): string {
  const seconds = Math.max(0, Math.round((left.at.getTime() - came.at.getTime()) / 1000));
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0');
  return `${two(seconds / 3600)}:${two((seconds / 60) % 60)}:${two(seconds % 60)}`;
}
