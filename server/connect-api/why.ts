import type { Static } from 'typebox';
import type { Decision } from '#access/decision';
import type { Explanation } from '#access/explanation';
import { ApiError } from '#contract/api-error';
import { isUuid, type IqId, type KeyId, type LockId } from '#contract/ids';
import { plateText } from '#contract/license-plates';
import { instantText } from '#contract/time-text';
import { EntryWhyResponse, PostWhyRequest, WhyResponse, type WhyRule } from '#contract/why';
import { whyTexts } from '#contract/why-rules';
import type { EntryWhyAnswer, Told, Why, WhyAnswer, WhyCredential } from '#server/domain/why';
import { ruleOf, whyText } from '#server/domain/why-text';
import type { Route } from '#server/http/route';
import type { WhyEntry, WhyItem } from '#server/store/why';
import type { SiteRoute } from './site-route.ts';

const tag = 'why';

/** docs/why.md: why a door opens or refuses, for the people who answer for it. */
export function whyRoutes(siteRoute: SiteRoute, { why }: { readonly why: Why }): Route[] {
  return [
    siteRoute({
      method: 'POST',
      path: '/why',
      right: 'manage_users',
      summary: 'Would this key open this lock at this time, and which rule says so',
      tag,
      body: { schema: PostWhyRequest, mode: 'create' },
      answer: WhyResponse,
      errors: ['OPERATION_NOT_ALLOWED'],
      handle: async ({ actor, siteId }, _call, body) =>
        toWhyResponse(
          await why.ask(actor, siteId, {
            lockId: body.lock_id as LockId,
            credential: credentialOf(body),
            at: instantOrNull(body.at),
            isHeld: body.is_held ?? false,
            privacy: body.privacy_mode ?? null,
            isLockAlone: body.is_lock_alone ?? false,
            iqOfflineSince: instantOrNull(body.iq_offline_since),
          }),
        ),
    }),
    siteRoute({
      method: 'GET',
      path: '/entries/{entry_id}/why',
      right: 'manage_users',
      summary: 'Why a door decided as an entry says, and what has changed since',
      tag,
      answer: EntryWhyResponse,
      handle: async ({ actor, siteId }, call) => {
        const entryId: string = call.id('entry_id');
        return toEntryWhyResponse(entryId, await why.askEntry(actor, siteId, entryId));
      },
    }),
  ];
}

const ways = ['key_id', 'tag_number', 'rfid_uid', 'pin', 'license_plate'] as const;

/** Which key is meant. REQUEST_INVALID unless there is exactly one way to say it, VALUE_INVALID for no possible plate. */
function credentialOf(body: Partial<Static<typeof PostWhyRequest>>): WhyCredential {
  const given = ways.filter((name) => typeof body[name] === 'string' && body[name] !== '');
  if (given.length !== 1)
    throw new ApiError('REQUEST_INVALID', {
      reason: `Exactly one of ${ways.join(', ')} must say which key is meant.`,
    });
  const { key_id, tag_number, rfid_uid, pin, license_plate } = body;
  if (key_id) return { by: 'key_id', keyId: key_id as KeyId };
  if (tag_number) return { by: 'tag', tagNumber: tag_number, rfidUid: null };
  if (rfid_uid) return { by: 'tag', tagNumber: null, rfidUid: rfid_uid };
  if (pin) return { by: 'pin', code: pin };
  const plate = plateText(license_plate ?? '');
  if (plate === null) throw new ApiError('VALUE_INVALID', { parameter: 'license_plate' });
  return { by: 'license_plate', plate };
}

function instantOrNull(text: string | null | undefined): Date | null {
  return text === null || text === undefined ? null : new Date(text);
}

function toWhyResponse(answer: WhyAnswer): WhyResponse {
  const { waiting, atDoor, isIqOnline, iqId } = answer;
  return {
    ...decidedOf(answer),
    door: {
      iq_online: isIqOnline,
      is_in_hub: waiting.length === 0,
      waiting: waiting.map((item) => changedObject(item, iqId)),
      decides: atDoor && verdictOf(atDoor.decision),
    },
  };
}

function toEntryWhyResponse(entryId: string, answer: EntryWhyAnswer): EntryWhyResponse {
  const { entry, changedSince, iqId, isCertain, today } = answer;
  const rule = recordedRule(entry);
  return {
    entry_id: entryId,
    recorded: {
      rule,
      reject_reason: entry.reject_reason,
      event_category: entry.event_category,
      event_detail: entry.event_detail,
      accessor_id: entry.accessor_id,
    },
    text: entryText(answer, rule),
    changed_since: changedSince.map((item) => changedObject(item, iqId)),
    is_certain: isCertain,
    today: today && decidedOf(today),
  };
}

function entryText({ today, isCertain, changedSince }: EntryWhyAnswer, rule: WhyRule | null) {
  const recorded = rule === null ? 'Privacy mode was switched at the door.' : whyTexts[rule];
  if (today === null) return recorded;
  if (isCertain) return whyText(today.explanation);
  return changedSince.length > 0
    ? `${recorded} The rights have changed since: what is told of groups and schedules are the rules of today.`
    : `${recorded} The rules of today would decide otherwise: the hub may not have held them yet.`;
}

/** What the door has written down, by name. */
function recordedRule(entry: WhyEntry): WhyRule | null {
  if (entry.reject_reason !== null) return entry.reject_reason;
  switch (entry.event_category) {
    case 'lock_opened':
      return entry.exit_requested ? 'exit' : 'granted';
    case 'office_mode':
      return 'manual_office_mode';
    case 'easy_office_mode':
      return 'easy_office_mode';
    case 'lock_rejected':
    case 'privacy_mode':
    default:
      return null;
  }
}

function verdictOf(decision: Decision) {
  return { outcome: decision.act, check: decision.check, rule: ruleOf(decision) };
}

function decidedOf({ explanation, at, lockId, iqId, groupNames, strangers }: Told) {
  const { decision, nearest, holders, local, timeZone } = explanation;
  const named = (accessorId: string | null) =>
    accessorId === null || strangers.has(accessorId) ? null : accessorId;
  const keyOf = (accessorId: string | null, keyId: string | null) =>
    named(accessorId) === null ? null : keyId;
  return {
    ...verdictOf(decision),
    text: whyText(explanation),
    reject_reason: decision.rejectReason,
    event_category: decision.category,
    event_detail: decision.detail,
    at: instantText(at),
    local_date_time: local,
    time_zone: timeZone,
    lock_id: lockId,
    iq_id: iqId,
    access_by: decision.accessBy,
    accessor_id: named(decision.accessorId),
    key_id: keyOf(decision.accessorId, decision.keyId),
    access_group_id: decision.matched?.groupId ?? null,
    schedule_id: decision.matched?.scheduleId ?? null,
    nearest: nearest && nearestOf(nearest),
    holders: holders.map((holder) => ({
      accessor_id: named(holder.accessorId),
      key_id: keyOf(holder.accessorId, holder.keyId),
      ...verdictOf(holder.decision),
      groups: holder.groups.map(({ groupId, schedules }) => ({
        access_group_id: groupId,
        customer_reference: groupNames.get(groupId) ?? null,
        schedules: schedules.map(({ scheduleId, covers, miss }) => ({
          schedule_id: scheduleId,
          covers,
          missed_by_seconds: miss?.bySeconds ?? null,
          missed_side: miss?.side ?? null,
        })),
      })),
    })),
  };
}

function nearestOf(nearest: NonNullable<Explanation['nearest']>) {
  return {
    access_group_id: nearest.groupId,
    schedule_id: nearest.scheduleId,
    missed_by_seconds: nearest.bySeconds,
    missed_side: nearest.side,
  };
}

const objectTypes = { lock: 'lock', group: 'access_group', accessor: 'accessor' } as const;

function changedObject({ key, changed_at }: WhyItem, iqId: IqId | null) {
  const [kind = '', id = ''] = key.split('/');
  const objectType = objectTypes[kind as keyof typeof objectTypes] ?? 'settings';
  return {
    object_type: objectType,
    object_id: isUuid(id) ? id : (iqId ?? ''),
    changed_at: instantText(changed_at),
  };
}
