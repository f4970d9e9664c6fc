import { describe, expect, it, test } from 'vitest';
import { entryCategories, incidentCategories } from '#contract/events';
import type { CollectionId, UserId } from '#contract/ids';
import type { Language } from '#contract/languages';
import { builtInRoles } from '#contract/roles';
import type { TellableEvent, TellingRule } from '#server/store/message-events';
import type { SitePlace } from '#server/store/site-people';
import { nextAttempt } from './deliver-messages.ts';
import { mayKnow } from './make-messages.ts';
import { endOfQuiet, isToldBy, placeOf } from './matching.ts';
import { htmlOf, lineOf, textOf } from './texts.ts';

const site = 'site' as CollectionId;
const ada = 'ada' as UserId;

const event: TellableEvent = {
  number: 1,
  id: 'event',
  collection_id: site,
  category: 'lock_rejected',
  detail: null,
  at: new Date('2026-11-23T08:15:30Z'),
  local: '2026-11-23T09:15:30',
  lock_id: 'front',
  lock_name: 'Front door',
  iq_id: 'hub',
  iq_name: 'IQ ground floor',
  site_name: 'Harbour',
  time_zone: 'Europe/Amsterdam',
  user_id: ada,
  first_name: 'Ada',
  last_name: 'Visser',
  alias: '',
  access_by: 'tag',
  reject_reason: 'outside_schedule',
  exit_requested: false,
};

const rule: TellingRule = {
  id: 'rule',
  collection_id: site,
  kind: 'entry',
  word: 'rejected',
  send_mail: true,
  send_sms: false,
  send_push: false,
  on_inside_handle: false,
  some_users: false,
  some_locks: false,
  users: [],
  locks: [],
  iqs: [],
  recipients: [],
};

const opened = { ...event, category: 'lock_opened', reject_reason: null } as const;
const exit = { ...opened, exit_requested: true, user_id: null } as const;
const entered = { ...rule, word: 'entered' };
const lost = { ...event, category: 'iq_connection_lost', lock_id: null, user_id: null } as const;
const incidents = { ...rule, kind: 'incident', word: 'iq_connection_lost' } as const;
const some = { some_users: true, users: [ada] } as const;
const hours = {
  id: 'hours',
  start_time: '08:00:00',
  end_time: '18:00:59',
  start_date: null,
  end_date: null,
  monday: true,
  tuesday: false,
  wednesday: false,
  thursday: false,
  friday: false,
  saturday: false,
  sunday: false,
};

describe('a rule', () => {
  test.each([
    ['tells of its word', rule, event, true],
    ['is silent about another word', entered, event, false],
    ['is silent about another site', { ...rule, collection_id: 'b' as CollectionId }, event, false],
    ['of chosen people tells of them', { ...rule, ...some }, event, true],
    ['of chosen people is silent about others', { ...rule, ...some, users: ['ben'] }, event, false],
    ['whose chosen people are gone is silent', { ...rule, ...some, users: [] }, event, false],
    [
      'of chosen people ignores strangers',
      { ...rule, ...some },
      { ...event, user_id: null },
      false,
    ],
    ['of chosen locks tells of them', { ...rule, some_locks: true, locks: ['front'] }, event, true],
    ['of chosen locks is silent about others', { ...rule, some_locks: true }, event, false],
    ['is silent about the inside handle', entered, exit, false],
    ['tells of it when asked to', { ...entered, on_inside_handle: true }, exit, true],
    ['then tells of keys as well', { ...entered, on_inside_handle: true }, opened, true],
    ['tells of an incident of a hub', incidents, lost, true],
    [
      'of chosen locks tells of their hub',
      { ...incidents, some_locks: true, iqs: ['hub'] },
      lost,
      true,
    ],
    [
      'of locks elsewhere is silent about a hub',
      { ...incidents, some_locks: true, iqs: ['b'] },
      lost,
      false,
    ],
  ] as const)('%s', (_name, of, told, is) => {
    expect(isToldBy(of, told, [])).toBe(is);
  });

  it('tells within its hours only, by the wall clock of the IQ', () => {
    const at = (local: string) => isToldBy(rule, { ...event, local }, [hours]);
    expect(at('2026-11-23T08:00:00')).toBe(true);
    expect(at('2026-11-23T18:00:59')).toBe(true);
    expect(at('2026-11-23T18:01:00')).toBe(false);
    expect(at('2026-11-24T09:00:00')).toBe(false);
  });

  it('counts an incident of a hub at the hub', () => {
    expect([placeOf(event), placeOf(lost)]).toEqual(['front', 'hub']);
  });
});

describe('quiet hours', () => {
  const night = { quiet_from: '22:00:00', quiet_until: '06:59:59' };
  const end = (at: string, timeZone: string | null = 'Europe/Amsterdam') =>
    endOfQuiet(night, { at: new Date(at), timeZone }).toISOString();

  it.each([
    ['2026-11-22T20:59:59Z', '2026-11-22T20:59:59.000Z'],
    ['2026-11-22T21:00:00Z', '2026-11-23T06:00:00.000Z'],
    ['2026-11-23T05:59:59Z', '2026-11-23T06:00:00.000Z'],
    ['2026-11-23T06:00:00Z', '2026-11-23T06:00:00.000Z'],
    // The night in which the clock goes back is an hour longer.
    ['2026-10-24T21:00:00Z', '2026-10-25T06:00:00.000Z'],
  ])('hold a message of %s until %s', (at, until) => {
    expect(end(at)).toBe(until);
  });

  it('are those of UTC where no zone is known', () => {
    expect(end('2026-11-22T22:30:00Z', null)).toBe('2026-11-23T07:00:00.000Z');
  });

  it('hold nothing when there are none, or when they would never end', () => {
    const at = new Date('2026-11-22T22:30:00Z');
    expect(endOfQuiet(undefined, { at, timeZone: 'UTC' })).toEqual(at);
    const always = { quiet_from: '00:00:00', quiet_until: '23:59:59' };
    expect(endOfQuiet(always, { at, timeZone: 'UTC' })).toEqual(at);
  });
});

describe('who may know', () => {
  const nobody: SitePlace = {
    installationState: 'self_installed',
    subscriptionEndsAt: null,
    features: null,
    isOwner: false,
    isInstaller: false,
    accessorId: null,
    roles: [],
    visit: null,
  };
  const owner: SitePlace = { ...nobody, isOwner: true };
  const user: SitePlace = { ...nobody, roles: [builtInRoles.site_user] };
  it.each([
    ['the owner, of incidents', owner, 'incident', null, true],
    ['a user, not of incidents', user, 'incident', null, false],
    ['a user, of the own entries', user, 'entry', ada, true],
    ['a user, not of others', user, 'entry', 'ben', false],
    ['a user, not of strangers', user, 'entry', null, false],
    ['nobody who left', undefined, 'entry', ada, false],
    ['nobody who has no place there', nobody, 'entry', ada, false],
  ] as const)('%s', (_name, place, kind, eventUserId, is) => {
    expect(mayKnow(place, { kind, eventUserId, userId: ada })).toBe(is);
  });
});

it('a message that is not taken over is tried again for 24 hours, ever more seldom', () => {
  const begun = new Date('2026-11-22T08:00:00Z');
  const giveUp = new Date('2026-11-23T08:00:00Z');
  const waits: number[] = [];
  let now = begun;
  for (let attempts = 1; ; attempts += 1) {
    const next = nextAttempt({ attempts, give_up_at: giveUp }, now);
    if (next === null) break;
    waits.push((next.getTime() - now.getTime()) / 60_000);
    now = next;
  }
  expect(waits).toEqual([1, 5, 15, 30, 60, 120, 240, 240, 240, 240, 240, 9]);
  expect(now).toEqual(giveUp);
});

const english = { language: 'en', leftOut: 0 } as const;
const german = { language: 'de', leftOut: 0 } as const;

describe('a message', () => {
  it('says who, where, when and why', () => {
    expect(textOf(event, english)).toEqual({
      subject: 'Front door: refused',
      text: `Front door refused Ada Visser with a tag: it is outside the time schedule.

When: 23 Nov 2026, 09:15:30 (local time)
Door: Front door
Hub: IQ ground floor
Site: Harbour`,
    });
    expect(textOf(event, german)).toEqual({
      subject: 'Front door: abgewiesen',
      text: `Front door hat Ada Visser mit einem Transponder abgewiesen: es ist außerhalb des Zeitplans.

Wann: 23.11.2026, 09:15:30 (Ortszeit)
Tür: Front door
Hub: IQ ground floor
Standort: Harbour`,
    });
  });

  it.each([...entryCategories, ...incidentCategories])(
    'of %s says it in each language',
    (category) => {
      const [en, de] = [english, german].map((telling) => textOf({ ...event, category }, telling));
      expect([en?.subject, en?.text]).not.toEqual([de?.subject, de?.text]);
      expect(de?.text).not.toMatch(/undefined|null/);
    },
  );

  it('says why in the words of the language, and a word of a hub that it does not know as it came', () => {
    const of = (detail: string) =>
      textOf({ ...event, category: 'low_battery_warning', detail }, german).text.split('\n')[0];
    expect(of('critical')).toBe('Front door braucht eine neue Batterie (fast leer).');
    expect(of('constructor')).toBe('Front door braucht eine neue Batterie (constructor).');
    const unexplained = textOf({ ...event, reject_reason: 'other', access_by: 'other' }, german);
    expect(unexplained.text).toMatch(
      /^Front door hat Ada Visser abgewiesen: ein Grund wurde nicht/,
    );
  });

  it('says how often it happened since the last one', () => {
    const more = (language: Language, leftOut: number) => textOf(event, { language, leftOut }).text;
    expect(more('en', 1)).toContain('It happened once more since the last message.');
    expect(more('en', 4)).toContain('It happened 4 more times since the last message.');
    expect(more('de', 1)).toContain('Seit der letzten Nachricht kam es noch einmal vor.');
    expect(more('de', 4)).toContain('Seit der letzten Nachricht kam es noch 4-mal vor.');
  });

  it('calls a person without a name by the alias, and nobody somebody unknown', () => {
    const nameless = { ...opened, first_name: null, last_name: null };
    const text = (of: Partial<TellableEvent>) => textOf({ ...nameless, ...of }, english).text;
    expect(text({ alias: 'Courier' })).toMatch(/^Courier opened/);
    expect(text({ alias: null, lock_name: '' })).toMatch(/^Somebody unknown opened a door with/);
    expect(text({ alias: null, category: 'lock_rejected' })).toMatch(/refused somebody unknown/);
  });

  it('takes its form from nobody whose name is in it', () => {
    const name = 'Front\r\nBcc: eve@example.test<script>"&';
    const message = textOf({ ...event, lock_name: name }, english);
    expect(message.subject).toBe('Front Bcc: eve@example.test<script>"&: refused');
    expect(htmlOf(message, english)).not.toContain('<script>');
    expect(htmlOf(message, english)).toContain('&lt;script&gt;&quot;&amp;');
  });

  it('of a hub without a name says so', () => {
    expect(textOf({ ...lost, lock_name: null, iq_name: ' ' }, english).subject).toBe(
      'A hub: hub offline',
    );
    expect(textOf({ ...lost, lock_name: null, iq_name: ' ' }, german).subject).toBe(
      'Ein Hub: Hub offline',
    );
  });

  it('as a page says in which language it is, where that is known', () => {
    const message = { subject: 'Zu', text: 'Zu.' };
    expect(htmlOf(message, german)).toContain('<html lang="de">');
    expect(htmlOf(message, { language: null })).toContain('<html>');
  });

  it('fits into an SMS', () => {
    const line = lineOf({ subject: '', text: `One.\n\n${'🔑'.repeat(400)}` });
    expect(Array.from(line)).toHaveLength(300);
    expect(line.startsWith('One. 🔑')).toBe(true);
    expect(line.endsWith('…')).toBe(true);
  });
});
