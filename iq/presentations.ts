/** Somebody at a door: decide, act, write it down (behaviour.md 8, 11, 12.2). */
import { randomBytes } from 'node:crypto';
import { assertNever } from '#contract/assert-never';
import type { EntryEvent } from '#contract/events';
import { afterDecision } from '#access/keypad';
import { decide, type Decision, type Question } from '#access/decision';
import { decisionOfOfflineRecord } from '#access/offline';
import { checkPhone, phoneTrustOf, type PhoneAtDoor } from '#access/phones';
import type { Presentation } from '#access/presentation';
import { doorState, inTurn, type Door } from './door.ts';
import type { Acts } from './acts.ts';
import type { Driver, DriverEvent } from './drivers/driver.ts';
import type { EasyOffice } from './easy-office.ts';
import type { Recorder, When } from './recorder.ts';
import type { TableStore } from './table-store.ts';

/** behaviour.md 11. */
const challengeBytes = 32;

export type Presentations = {
  /** Resolves when the door was answered and the entry is on the disk. */
  present(door: Door, presentation: Presentation): Promise<void>;
  /** Challenges the phone first; one that answers nothing leaves no entry. */
  presentPhone(door: Door, phone: PhoneAtDoor): Promise<void>;
  /** Takes over what the lock decided while the hub was out of its reach. */
  presentOffline(
    door: Door,
    event: Extract<DriverEvent, { kind: 'presented_offline' }>,
  ): Promise<void>;
};

export function createPresentations({
  acts,
  driver,
  easyOffice,
  recorder,
  tables,
  now,
  serverGoneSince,
}: {
  readonly acts: Acts;
  readonly driver: Driver;
  readonly easyOffice: EasyOffice;
  readonly recorder: Recorder;
  readonly tables: TableStore;
  readonly now: () => Date;
  readonly serverGoneSince: () => Date | null;
}): Presentations {
  function questionOf(door: Door, presentation: Presentation): Question {
    return {
      table: tables.table,
      lockId: door.id,
      door: doorState(door, now()),
      presentation,
      now: now(),
      serverGoneSince: serverGoneSince(),
    };
  }

  async function carryOut(
    door: Door,
    decision: Decision,
    presentation: Presentation,
  ): Promise<void> {
    const entry = entryOf(door, decision);
    // The instant at the door, not that of a slow bolt.
    const when: When = { at: now(), source: null };
    switch (decision.act) {
      case 'refuse':
        driver.showRefusal(door.mac);
        await recorder.entry(entry, when);
        return;
      case 'learn_tag':
        await recordTag(door, presentation, when);
        return;
      case 'open':
        if (await mayEnter(door, presentation)) await recorder.entry(entry, when);
        return;
      case 'office_mode_start':
        if (await acts.startOfficeMode(door, 'manual')) await recorder.entry(entry, when);
        return;
      case 'easy_office_mode_start':
        if (await acts.startOfficeMode(door, 'easy')) await recorder.entry(entry, when);
        return;
      case 'office_mode_end':
      case 'easy_office_mode_end':
        if (!(await acts.endOfficeMode(door))) return;
        await easyOffice.endedByHand(door);
        await recorder.entry(entry, when);
        return;
      default:
        assertNever(decision.act);
    }
  }

  /** True when the way is free: a handle has opened by itself, an open door needs no bolt, else the lock must confirm. */
  async function mayEnter(door: Door, { what }: Presentation): Promise<boolean> {
    if (what.type === 'exit' && what.by === 'handle') {
      acts.allowOpening(door);
      return true;
    }
    if (door.officeMode !== 'none' && !door.isUncertain) return true;
    return acts.open(door);
  }

  async function recordTag(door: Door, { what }: Presentation, when: When): Promise<void> {
    if (what.type !== 'tag') return;
    await recorder.record(
      {
        kind: 'tag_shown',
        lock_id: door.id,
        tag_number: what.tagNumber,
        rfid_uid: what.rfidUid,
      },
      when,
    );
  }

  return {
    presentPhone: (door, phone) =>
      inTurn(door, async () => {
        const known = tables.table && phoneTrustOf(tables.table);
        const bytes = randomBytes(challengeBytes);
        const { iqId = '', collectionId = null } = known ?? {};
        const proof = await phone({ bytes, iqId, collectionId });
        if (proof === null) return;
        const what = await checkPhone(known, { proof, challenge: bytes, now: now() });
        const presentation: Presentation = { what, heldMs: 0 };
        await carryOut(door, decide(questionOf(door, presentation)), presentation);
      }),
    present: (door, presentation) =>
      inTurn(door, async () => {
        const decision = decide(questionOf(door, presentation));
        if (presentation.what.type === 'pin')
          door.keypad = afterDecision(door.keypad, decision, now());
        await carryOut(door, decision, presentation);
      }),
    async presentOffline(door, { presentation, opened, at, record }) {
      const question = { ...questionOf(door, presentation), now: at };
      const decision = decisionOfOfflineRecord(question, { opened });
      await recorder.entry(entryOf(door, decision), { at, source: { mac: door.mac, record } });
    },
  };
}

function entryOf(door: Door, decision: Decision): EntryParts {
  return {
    lock_id: door.id,
    category: decision.category ?? 'lock_opened',
    detail: decision.detail,
    accessor_id: decision.accessorId,
    access_by: decision.accessBy,
    access_detail: decision.accessDetail,
    exit_requested: decision.exitRequested,
    reject_reason: decision.rejectReason,
  };
}

type EntryParts = Omit<EntryEvent, 'sequence' | 'id' | 'at' | 'local' | 'kind'>;
