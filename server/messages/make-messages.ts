/**
 * Turns the events of a tenant into messages (behaviour.md 18). The tables are the truth: a place in them is held while messages
 * are made, and moves on in the same transaction, so that each event is told once whoever is killed meanwhile (design.md law 5).
 */
import type { CollectionId, TenantId, UserId } from '#contract/ids';
import { writtenLanguage } from '#contract/languages';
import type { MessageChannel } from '#contract/messages';
import { triedForMs } from '#server/domain/notices';
import { entriesRight, incidentsRight } from '#server/domain/permissions';
import type { Ids } from '#server/runtime/ids';
import {
  findTellableEvents,
  holdMessageCursor,
  moveMessageCursor,
  readMessageTurns,
  readQuietHours,
  readTellingRules,
  writeMessageTurns,
  type MessageTurn,
  type QuietHours,
  type TellableEvent,
  type TellingRule,
} from '#server/store/message-events';
import {
  readMessageSchedules,
  type MessageScheduleRow,
} from '#server/store/message-rule-schedules';
import type { RuleKind } from '#server/store/message-rules';
import { insertMessages, type NewMessage } from '#server/store/messages';
import { readLanguages } from '#server/store/people';
import type { Database } from '#server/store/pool';
import { inTransaction, type WriteScope } from '#server/store/scope';
import { findSitePlace, type SitePlace } from '#server/store/site-people';
import { newestEventNumber } from '#server/store/streamed-events';
import { endOfQuiet, isToldBy, placeOf, wordOf } from './matching.ts';
import { textOf } from './texts.ts';

/** One message per rule, place and word in this time. */
const turnMs = 60_000;
/** What happened longer ago is no news: a hub that was away for days tells its story to the lists. */
const newsMs = 24 * 3_600_000;
const atOnce = 200;

type Parts = { readonly database: Database; readonly ids: Ids; readonly now: Date };

/** Looks at the events of a tenant that were not looked at yet; tells how many messages were made and whether more wait. */
export async function makeMessages(
  tenantId: TenantId,
  { database, ids, now }: Parts,
): Promise<{ readonly made: number; readonly hasMore: boolean }> {
  return inTransaction({ database, tenantId }, async (scope) => {
    const cursor = await holdMessageCursor(scope);
    if (cursor === null) return { made: 0, hasMore: false };
    const entry = await findNews(scope, { kind: 'entry', after: cursor.entry, now });
    const incident = await findNews(scope, { kind: 'incident', after: cursor.incident, now });
    const messages = await plan(scope, [...entry.events, ...incident.events], { ids, now });
    await insertMessages(scope, messages);
    if (entry.upTo > cursor.entry || incident.upTo > cursor.incident)
      await moveMessageCursor(scope, { entry: entry.upTo, incident: incident.upTo });
    return { made: messages.length, hasMore: entry.hasMore || incident.hasMore };
  });
}

type News = {
  readonly events: readonly TellableEvent[];
  /** The number up to which all was looked at. */
  readonly upTo: number;
  readonly hasMore: boolean;
};

async function findNews(
  scope: WriteScope,
  { kind, after, now }: { readonly kind: RuleKind; readonly after: number; readonly now: Date },
): Promise<News> {
  const newest = await newestEventNumber(scope, kind === 'entry' ? 'entries' : 'incidents');
  if (newest <= after) return { events: [], upTo: after, hasMore: false };
  const since = new Date(now.getTime() - newsMs);
  const events = await findTellableEvents(scope, {
    kind,
    after,
    upTo: newest,
    since,
    limit: atOnce,
  });
  const last = events.at(-1);
  const isFull = last !== undefined && events.length === atOnce;
  return { events, upTo: isFull ? last.number : newest, hasMore: isFull };
}

async function plan(
  scope: WriteScope,
  events: readonly TellableEvent[],
  { ids, now }: { readonly ids: Ids; readonly now: Date },
): Promise<NewMessage[]> {
  if (events.length === 0) return [];
  const siteIds = [...new Set(events.map((event) => event.collection_id))];
  const rules = await readTellingRules(scope, siteIds);
  const schedules = await schedulesOf(scope, rules);
  const quiet = await quietHoursOf(scope, siteIds);
  const languages = await readLanguages(scope, [
    ...new Set(rules.flatMap(({ recipients }) => recipients)),
  ]);
  const turns = await createTurns(scope, rules, now);
  const placeOfPerson = createPlaces(scope);
  const messages: NewMessage[] = [];
  for (const event of events) {
    for (const rule of rules) {
      if (!isToldBy(rule, event, schedules.get(rule.id) ?? [])) continue;
      const told: UserId[] = [];
      for (const userId of rule.recipients) {
        const place = await placeOfPerson(event.collection_id, userId);
        if (mayKnow(place, { kind: rule.kind, eventUserId: event.user_id, userId }))
          told.push(userId);
      }
      const leftOut = told.length === 0 ? null : turns.take(rule, event);
      if (leftOut === null) continue;
      for (const userId of told) {
        const language = writtenLanguage(languages.get(userId) ?? null);
        const text = textOf(event, { language, leftOut });
        const hours = quiet.get(`${event.collection_id} ${userId}`);
        const sendAt = endOfQuiet(hours, { at: now, timeZone: event.time_zone });
        for (const channel of channelsOf(rule))
          messages.push({
            id: ids.next<string>(),
            collectionId: event.collection_id,
            kind: rule.kind,
            word: rule.word,
            ruleId: rule.id,
            eventId: event.id,
            eventUserId: event.user_id,
            userId,
            channel,
            ...text,
            sendAt,
            giveUpAt: new Date(sendAt.getTime() + triedForMs),
            createdAt: now,
          });
      }
    }
  }
  await writeMessageTurns(scope, turns.changed());
  return messages;
}

/** Whether somebody at this place may know of an event; asked again when the message is sent (design.md law 6). */
export function mayKnow(
  place: SitePlace | undefined,
  of: {
    readonly kind: RuleKind;
    readonly eventUserId: string | null;
    readonly userId: string;
  },
): boolean {
  if (place === undefined) return false;
  if (of.kind === 'incident') return incidentsRight(place) === 'everything';
  const right = entriesRight(place);
  return right === 'everything' || (right === 'own' && of.eventUserId === of.userId);
}

function channelsOf(rule: TellingRule): MessageChannel[] {
  return [
    ...(rule.send_mail ? (['mail'] as const) : []),
    ...(rule.send_sms ? (['sms'] as const) : []),
    ...(rule.send_push ? (['push'] as const) : []),
  ];
}

async function schedulesOf(
  scope: WriteScope,
  rules: readonly TellingRule[],
): Promise<ReadonlyMap<string, readonly MessageScheduleRow[]>> {
  const byRule = new Map<string, MessageScheduleRow[]>();
  const entryRules = rules.filter(({ kind }) => kind === 'entry').map(({ id }) => id);
  if (entryRules.length === 0) return byRule;
  for (const schedule of await readMessageSchedules(scope, entryRules))
    byRule.set(schedule.rule_id, [...(byRule.get(schedule.rule_id) ?? []), schedule]);
  return byRule;
}

async function quietHoursOf(
  scope: WriteScope,
  siteIds: readonly CollectionId[],
): Promise<ReadonlyMap<string, QuietHours>> {
  const rows = await readQuietHours(scope, siteIds);
  return new Map(rows.map((row) => [`${row.collection_id} ${row.user_id}`, row]));
}

/** Where people stand in the sites, each asked once. */
function createPlaces(scope: WriteScope) {
  const known = new Map<string, SitePlace | undefined>();
  return async (siteId: CollectionId, userId: UserId): Promise<SitePlace | undefined> => {
    const key = `${siteId} ${userId}`;
    if (!known.has(key)) known.set(key, await findSitePlace(scope, { siteId, userId }));
    return known.get(key);
  };
}

async function createTurns(scope: WriteScope, rules: readonly TellingRule[], now: Date) {
  const rows = await readMessageTurns(
    scope,
    rules.map(({ id }) => id),
  );
  const keyOf = (turn: Pick<MessageTurn, 'rule_id' | 'place_id' | 'word'>): string =>
    `${turn.rule_id} ${turn.place_id} ${turn.word}`;
  const turns = new Map(rows.map((turn) => [keyOf(turn), turn]));
  const changed = new Map<string, MessageTurn>();
  return {
    /** How many events were left out before this one, which is told; null = it is left out itself. */
    take(rule: TellingRule, event: TellableEvent): number | null {
      const of = { rule_id: rule.id, place_id: placeOf(event), word: wordOf(event) };
      const former = turns.get(keyOf(of));
      const isTold = former === undefined || now.getTime() - former.told_at.getTime() >= turnMs;
      const turn = isTold
        ? { ...of, told_at: now, left_out: 0 }
        : { ...former, left_out: former.left_out + 1 };
      turns.set(keyOf(of), turn);
      changed.set(keyOf(of), turn);
      return isTold ? (former?.left_out ?? 0) : null;
    },
    changed: (): MessageTurn[] => [...changed.values()],
  };
}
