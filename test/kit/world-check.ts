/**
 * Lets a hub, the server and the oracle answer at the same doors. The hub has one table for all worlds, changed by deltas as
 * the server sends them; the server makes its own from the items of the desired state each time it is asked.
 */
import { isDeepStrictEqual } from 'node:util';
import type { DesiredItem } from '#contract/access-table';
import { assertNever } from '#contract/assert-never';
import { isAdmittedWithin } from '#access/admission';
import { decide, type Decision, type Question } from '#access/decision';
import { explain, explainAlone, type Explanation } from '#access/explanation';
import { afterDecision, freshKeypad, isLockedOut, type Keypad } from '#access/keypad';
import { decideOffline, decisionOfOfflineRecord, offlineMemoryFor } from '#access/offline';
import { hashPin } from '#access/pins';
import type { Presentation } from '#access/presentation';
import { AccessTable, parseItem, tableOf } from '#access/table';
import { ids, items, uuid } from './access-table.ts';
import {
  covers,
  KeypadStory,
  opensAlone,
  verdict,
  type Shown,
  type Step,
  type Verdict,
  type World,
  type WorldKey,
} from './world-oracle.ts';
import { changeWorld, dice, storyOf, type Story } from './worlds.ts';

/** How often something was met; a check that no world reaches is no check. */
export type Figures = {
  worlds: number;
  decisions: number;
  readonly counts: Map<string, number>;
};

export type Difference = {
  readonly seed: number;
  readonly world: number;
  readonly step: number;
  readonly what: string;
  readonly got: unknown;
  readonly expected: unknown;
};

const hashKeys = ['first', 'second', 'third'].map((text) => Buffer.from(text).toString('base64'));

function instant(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}

function valueOf(key: WorldKey): string {
  if (key.type !== 'pin' && key.type !== 'custom_pin') return key.plain;
  return hashPin(key.plain, hashKeys[key.hashKey] ?? '');
}

/** The tag, so that accessors who share one name the same. */
function credentialOf(key: WorldKey): string {
  return key.type === 'tag' ? uuid(Number(key.plain)) : key.id;
}

/** The desired state of the hub of a world. */
export function itemsOf(world: World): DesiredItem[] {
  const { isInCollection } = world;
  const master = world.people.flatMap(({ keys }) => keys).find(({ isMaster }) => isMaster);
  return items({
    settings: {
      iq_id: ids.iq,
      collection_id: isInCollection ? ids.collection : null,
      time_zone: world.zone,
      led_enabled: true,
      led_pattern: 'green_blink_every_5_min',
      tags_from_other_sites: world.allowsForeignTags,
      door_left_open_seconds: 30,
      offline_validity_hours: world.offlineHours,
      offline_schedules: world.keepsOfflineSchedules,
      masterkey_tag_id: master ? credentialOf(master) : null,
      pin_hash_key: hashKeys[0] ?? '',
      ...(world.hashKeys > 1 ? { former_pin_hash_keys: hashKeys.slice(1, world.hashKeys) } : {}),
    },
    locks: world.locks.map((lock, index) => ({
      id: lock.id,
      mac: `014FCA0A00000${index}`,
      slot: index + 1,
      repeater_id: null,
      link: 'attached',
      open_time_seconds: 6,
      license_plate_camera: lock.hasCamera,
      group_ids: lock.groupIds,
      easy_office_mode: lock.easy && easyItem(lock.easy),
      offline_key_ids: lock.offlineKeyIds,
    })),
    groups: world.groups,
    accessors: world.people.map((person) => ({
      id: person.id,
      blocked: person.blocked,
      suspended: person.suspended,
      use_pin: person.usePin,
      override_privacy_mode: person.overridesPrivacy,
      toggle_easy_office_mode: person.togglesEasy,
      toggle_manual_office_mode: person.togglesManual,
      group_ids: person.groupIds,
      keys: person.keys.map((key) => ({
        id: key.id,
        credential_id: credentialOf(key),
        type: key.type,
        blocked: key.blocked,
        expires_at: instant(key.expiresAt),
        value: valueOf(key),
        rfid_uid: key.rfid,
        collection_id: collectionOf(key),
      })),
    })),
  });
}

function easyItem({ isAutomatic, ...schedule }: NonNullable<World['locks'][number]['easy']>) {
  return { ...schedule, eom_auto_start: isAutomatic };
}

function collectionOf({ collection }: WorldKey): string | null {
  if (collection === null) return null;
  return collection === 'own' ? ids.collection : ids.otherCollection;
}

function presentationOf(shown: Shown, heldMs: number): Presentation {
  switch (shown.type) {
    case 'exit':
      return { what: { type: 'exit', by: 'handle' }, heldMs };
    case 'tag':
      return { what: { type: 'tag', tagNumber: shown.number, rfidUid: shown.rfid }, heldMs };
    case 'pin':
      return { what: { type: 'pin', code: shown.digits }, heldMs };
    case 'wallet':
      return { what: { type: 'wallet', passId: shown.id }, heldMs };
    case 'license_plate':
      return { what: shown, heldMs };
    case 'mkey':
      return {
        what:
          shown.standing === 'not_trusted'
            ? { type: 'mkey', standing: 'not_trusted', mkeyId: null }
            : { type: 'mkey', standing: shown.standing, mkeyId: shown.id },
        heldMs,
      };
    default:
      return assertNever(shown);
  }
}

/** The hub of all worlds: a table that is never made anew. */
class Hub {
  readonly table = new AccessTable();
  readonly #held = new Map<string, string>();
  keypads = new Map<string, Keypad>();

  /** Takes what changed, over a wire: as text. */
  take(desired: readonly DesiredItem[]): void {
    const delta: DesiredItem[] = [];
    const wanted = new Set(desired.map(({ key }) => key));
    for (const key of this.#held.keys()) if (!wanted.has(key)) delta.push({ key, value: null });
    for (const { key, value } of desired) {
      const text = JSON.stringify(value);
      if (this.#held.get(key) === text) continue;
      this.#held.set(key, text);
      delta.push({ key, value: JSON.parse(text) as unknown });
    }
    for (const { key, value } of delta) if (value === null) this.#held.delete(key);
    this.table.apply(delta.map((item) => parseItem(item)).filter((item) => item !== null));
  }
}

function questionOf(table: AccessTable, step: Step, isKeypadLockedOut: boolean): Question {
  return {
    table: step.isTableDamaged ? null : table,
    lockId: step.lock.id,
    door: {
      officeMode: step.office,
      privacy: step.privacy,
      tagRegistration: step.registration,
      keypadLockedOut: isKeypadLockedOut,
    },
    presentation: presentationOf(step.shown, step.heldMs),
    now: new Date(step.at),
    serverGoneSince: step.serverGoneMs === null ? null : new Date(step.at - step.serverGoneMs),
  };
}

function limitsOf({ keyLimit, holdsPins, holdsSchedules }: Step['lock']) {
  return { offlineKeyLimit: keyLimit, holdsPins, holdsSchedules };
}

function atHub(hub: Hub, step: Step): Decision {
  const keypad = hub.keypads.get(step.lock.id) ?? freshKeypad;
  const now = new Date(step.at);
  const question = questionOf(hub.table, step, isLockedOut(keypad, now));
  if (step.isAlone) {
    const memory = offlineMemoryFor(hub.table, {
      lockId: step.lock.id,
      limits: limitsOf(step.lock),
    });
    const { presentation, door } = question;
    const { opens } = decideOffline({ memory, privacy: door.privacy, presentation, now });
    return decisionOfOfflineRecord(question, { opened: opens });
  }
  const decision = decide(question);
  if (step.shown.type === 'pin')
    hub.keypads.set(step.lock.id, afterDecision(keypad, decision, now));
  return decision;
}

function atServer(desired: readonly DesiredItem[], step: Step, isLockedOut: boolean): Explanation {
  const question = questionOf(tableOf(desired), step, isLockedOut);
  return step.isAlone ? explainAlone(question, limitsOf(step.lock)) : explain(question);
}

/** What the entry of a lock alone must say (12.2). */
function aloneVerdict(world: World, step: Step): Verdict {
  const online = verdict(
    world,
    { ...step, registration: false, heldMs: 0, serverGoneMs: null },
    false,
  );
  const opens = opensAlone(world, step);
  const wouldOpen = online.act !== 'refuse';
  return {
    ...online,
    check: opens && online.check !== 3 ? 18 : online.check,
    act: opens ? 'open' : 'refuse',
    category: opens ? 'lock_opened' : 'lock_rejected',
    detail: 'offline',
    reason: opens ? null : wouldOpen ? 'lock_offline' : online.reason,
  };
}

function factsOf(decision: Decision): Omit<Verdict, 'groups'> {
  return {
    check: decision.check,
    act: decision.act,
    category: decision.category,
    detail: decision.detail,
    reason: decision.rejectReason,
    accessorId: decision.accessorId,
    accessBy: decision.accessBy,
    accessDetail: decision.accessDetail,
    isExit: decision.exitRequested,
  };
}

export class WorldCheck {
  readonly figures: Figures = { worlds: 0, decisions: 0, counts: new Map() };
  readonly #hub = new Hub();
  readonly #seed: number;

  constructor(seed: number) {
    this.#seed = seed;
  }

  /** Plays one world; the first difference, or null. */
  play(number: number): Difference | null {
    const story = storyOf(this.#seed, number);
    const office = dice(this.#seed + 1, number);
    this.#hub.keypads = new Map();
    const keypads = new Map<string, KeypadStory>();
    this.figures.worlds += 1;
    this.#count(`zone ${story.world.zone}`);
    this.#count(`near ${story.near}`);
    for (const [index, step] of story.steps.entries()) {
      if (office.chance(25)) changeWorld(office, story.world);
      const keypad = keypads.get(step.lock.id) ?? new KeypadStory();
      keypads.set(step.lock.id, keypad);
      const found = this.#ask(story, step, keypad);
      if (found !== null) return { seed: this.#seed, world: number, step: index, ...found };
    }
    return null;
  }

  #ask(
    { world, number }: Story,
    step: Step,
    keypad: KeypadStory,
  ): Pick<Difference, 'what' | 'got' | 'expected'> | null {
    const isKeypadLocked = keypad.isLockedOut(step.at);
    const { groups, ...expected } = step.isAlone
      ? aloneVerdict(world, step)
      : verdict(world, step, isKeypadLocked);
    if (!step.isAlone && step.shown.type === 'pin' && !isKeypadLocked)
      keypad.typed(step.at, typedAs(expected));
    const desired = itemsOf(world);
    this.#hub.take(desired);
    const hub = atHub(this.#hub, step);
    const server = atServer(desired, step, isKeypadLocked);
    this.#note(step, expected);
    if (!isDeepStrictEqual(factsOf(hub), expected))
      return { what: 'the hub decides otherwise', got: factsOf(hub), expected };
    if (!isDeepStrictEqual(server.decision, hub))
      return { what: 'the server explains otherwise', got: server.decision, expected: hub };
    return (
      checkRules({ world, step, hub, server, groups }) ??
      (number % admissionEvery === 0 ? this.#checkAdmission(world, step) : null)
    );
  }

  /** Plates a camera may keep: walked minute by minute (13). */
  #checkAdmission(world: World, step: Step): Pick<Difference, 'what' | 'got' | 'expected'> | null {
    if (step.shown.type !== 'license_plate') return null;
    const minute = 60_000;
    const from = Math.floor(step.at / minute) * minute;
    const until = from + 24 * 3_600_000;
    const isAdmitted = isAdmittedWithin(this.#hub.table, {
      lockId: step.lock.id,
      credential: step.shown,
      from: new Date(from),
      until: new Date(until),
    });
    const quiet = { ...step, privacy: false, registration: false, heldMs: 0, serverGoneMs: null };
    const asked = { ...quiet, isTableDamaged: false };
    let isFound = false;
    for (let at = from; at <= until && !isFound; at += minute / 2)
      isFound = verdict(world, { ...asked, at }, false).reason === null;
    this.#count('plates walked');
    // A window shorter than the stride may be stepped over, never the other way round.
    return isFound && !isAdmitted
      ? { what: 'a camera may not keep a plate that opens', got: isAdmitted, expected: isFound }
      : null;
  }

  #note(step: Step, expected: Omit<Verdict, 'groups'>): void {
    this.figures.decisions += 1;
    this.#count(`check ${expected.check}`);
    this.#count(`reason ${expected.reason ?? 'none'}`);
    this.#count(`shown ${step.shown.type}`);
    this.#count(`act ${expected.act}`);
    if (step.isAlone) this.#count(`alone ${expected.act}`);
  }

  #count(what: string): void {
    const { counts } = this.figures;
    counts.set(what, (counts.get(what) ?? 0) + 1);
  }
}

/** Walking a day costs as much as hundreds of worlds. */
const admissionEvery = 200;

function typedAs({ reason, act }: Omit<Verdict, 'groups'>): 'right' | 'wrong' | 'neither' {
  if (act !== 'refuse') return 'right';
  return reason === 'unknown_credential' ? 'wrong' : 'neither';
}

/** The rules that the server names must be those that decide. */
function checkRules({
  world,
  step,
  hub,
  server,
  groups,
}: {
  readonly world: World;
  readonly step: Step;
  readonly hub: Decision;
  readonly server: Explanation;
  readonly groups: Verdict['groups'];
}): Pick<Difference, 'what' | 'got' | 'expected'> | null {
  const { matched } = hub;
  // A lock alone may open where the hub would not: it then opens by no schedule.
  const isGranting = !step.isAlone && hub.act !== 'refuse' && hub.accessorId !== null;
  const covering = groups.flatMap(({ id, covering: some }) => some.map((one) => `${id} ${one}`));
  const named = matched === null ? null : `${matched.groupId} ${matched.scheduleId}`;
  const isNamed = covering.length === 0 ? named === null : covering.includes(named ?? '');
  if (isGranting && !isNamed)
    return { what: 'another schedule gave the right', got: named, expected: covering };
  if (hub.accessorId !== null) {
    const holder = server.holders.find(({ keyId }) => keyId === hub.keyId);
    const told = holder?.groups.map(({ groupId, schedules }) => ({
      id: groupId,
      covering: schedules.filter((one) => one.covers).map((one) => one.scheduleId),
      all: schedules.map((one) => one.scheduleId),
    }));
    const expected = groups.toSorted((a, b) => (a.id < b.id ? -1 : 1));
    if (
      !isDeepStrictEqual(
        told?.sort((a, b) => (a.id < b.id ? -1 : 1)),
        expected,
      )
    )
      return { what: 'the server names other groups', got: told, expected };
  }
  return checkNearest({ world, step, server });
}

function checkNearest({
  world,
  step,
  server: { nearest },
}: {
  readonly world: World;
  readonly step: Step;
  readonly server: Explanation;
}): Pick<Difference, 'what' | 'got' | 'expected'> | null {
  if (nearest === null) return null;
  const schedule = world.groups
    .flatMap(({ schedules }) => schedules)
    .find(({ id }) => id === nearest.scheduleId);
  const towards = nearest.side === 'early' ? 1000 : -1000;
  const isOpenAt = (seconds: number): boolean =>
    schedule !== undefined && covers(schedule, world.zone, step.at + towards * seconds);
  const got = [isOpenAt(nearest.bySeconds), isOpenAt(nearest.bySeconds - 1)];
  return isDeepStrictEqual(got, [true, false])
    ? null
    : {
        what: 'the nearest schedule is not so near',
        got: { nearest, got },
        expected: [true, false],
      };
}
