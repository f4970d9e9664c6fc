/**
 * Acts the server asks for. Each is done at most once by its id, and a second delivery gets the same answer. Past its deadline
 * nothing is done. Confirmed is said only of what the hardware has confirmed; of silence nothing is said, because nobody knows
 * (errors.md: 408, effect unknown).
 *
 *     begun written ─► the hardware acts ─► its event on the disk ─► answered ─► outcome on the disk ─► restart, wipe
 *         └ its sync goes on beside the act
 *
 * The caller waits for one sync, that of the event. What a kill leaves of the notes is complete; what a power cut takes of them was
 * written within the last moments, and a machine that has just started begins no command at all (docs/decisions/0191).
 */
import { assertNever } from '#contract/assert-never';
import { commandLifeMs, type Command, type Frame } from '#contract/iq-link';
import type { Acts } from './acts.ts';
import type { HubClock } from './clock.ts';
import { inTurn, reportOf, type Door } from './door.ts';
import type { Driver, DriverWord, Outcome } from './drivers/driver.ts';
import type { EasyOffice } from './easy-office.ts';
import type { HubLog } from './log.ts';
import type { Outcomes, Remembered } from './outcomes.ts';
import type { Recorder } from './recorder.ts';

type Word = DriverWord | 'timeout';
type Result =
  | { readonly result: 'confirmed' }
  | { readonly result: 'refused'; readonly word: Word }
  | { readonly result: 'silent' };

type OfKind<Kind extends Command['kind']> = Extract<Command, { kind: Kind }>;
/** What must be done at most once. */
type Act = Exclude<Command, { kind: 'identify' }>;
type DoorCommand = OfKind<'open' | 'office_mode_start' | 'office_mode_end'>;

export type HubActs = {
  /** Reads the hub's adapters and the radio signal of its devices. */
  refreshSignals(): Promise<void>;
  /** The act follows after its outcome was sent. */
  restart(): Promise<void>;
  wipe(): Promise<void>;
  /** Resolves when the update is on the disk. */
  update(command: OfKind<'update'>): Promise<void>;
};

export type Commands = {
  /** Does it, or answers as before; never rejects. */
  run(command: Command): Promise<void>;
};

export function createCommands({
  acts,
  clock,
  doors,
  driver,
  easyOffice,
  hub,
  log,
  outcomes,
  recorder,
  registration,
  answerParts,
  machineUpMs,
  serverNow,
  send,
}: {
  readonly acts: Acts;
  readonly clock: HubClock;
  readonly doors: ReadonlyMap<string, Door>;
  readonly driver: Pick<Driver, 'identify'>;
  readonly easyOffice: EasyOffice;
  readonly hub: HubActs;
  readonly log: HubLog;
  readonly outcomes: Outcomes;
  readonly recorder: Recorder;
  readonly registration: (door: Door, seconds: number) => Promise<Outcome>;
  /** What the answer to a signal refresh shows. */
  readonly answerParts: () => Pick<Frame<'outcome'>, 'iq'>;
  /** How long the machine has had power. */
  readonly machineUpMs: () => number;
  readonly serverNow: () => Date;
  readonly send: (outcome: Frame<'outcome'>) => Promise<void>;
}): Commands {
  const running = new Set<string>();

  async function answer(command: Act, outcome: Remembered): Promise<void> {
    if (outcome.state !== 'confirmed' && outcome.state !== 'refused') return;
    const door = 'lock_id' in command ? doors.get(command.lock_id) : undefined;
    await send({
      id: outcome.id,
      result: outcome.state,
      word: outcome.word,
      at: outcome.at,
      ...(door ? { lock: reportOf(door) } : {}),
      ...(command.kind === 'signal_refresh' ? answerParts() : {}),
    });
  }

  function isLate(command: Command): boolean {
    return serverNow().getTime() > Date.parse(command.deadline);
  }

  async function perform(command: Act): Promise<Result> {
    switch (command.kind) {
      case 'open':
      case 'office_mode_start':
      case 'office_mode_end':
        return atDoor(command, (door) => moveDoor(command, door));
      case 'tag_registration':
        return atDoor(command, (door) => {
          if (door.officeMode !== 'none') return Promise.resolve(no('command_forbidden'));
          return registration(door, command.duration_seconds);
        });
      case 'signal_refresh':
        await hub.refreshSignals();
        return yes;
      case 'restart':
      case 'wipe':
        return yes;
      case 'update':
        await hub.update(command);
        return yes;
      default:
        return assertNever(command);
    }
  }

  async function atDoor(
    command: OfKind<'tag_registration'> | DoorCommand,
    act: (door: Door) => Promise<Result>,
  ): Promise<Result> {
    const door = doors.get(command.lock_id);
    if (!door) return no('not_attached');
    return inTurn(door, async () => {
      // It may have waited behind another act.
      if (isLate(command)) return no('timeout');
      if (!door.isOnline) return no('lock_offline');
      return act(door);
    });
  }

  async function moveDoor(command: DoorCommand, door: Door): Promise<Result> {
    const isEntering = command.kind !== 'office_mode_end';
    if (isEntering && door.status?.privacy === true && !command.override_privacy_mode) {
      return no('privacy_mode');
    }
    const former = door.officeMode;
    const isRepeat = !door.isUncertain && (former === 'none') === !isEntering;
    if (command.kind !== 'open' && isRepeat) return yes;
    const outcome = await doorAct(command, door);
    if (outcome.result !== 'confirmed') return outcome;
    if (command.kind === 'office_mode_end') await easyOffice.endedByHand(door);
    await recorder.entry({
      lock_id: door.id,
      ...wordsOf(command, former),
      accessor_id: command.accessor_id,
      access_by: command.access_by,
      access_detail: command.access_detail,
    });
    return yes;
  }

  function doorAct(command: DoorCommand, door: Door): Promise<Outcome> {
    switch (command.kind) {
      case 'open':
        return acts.tryOpen(door);
      case 'office_mode_start':
        return acts.tryStartOfficeMode(door, 'manual');
      case 'office_mode_end':
        return acts.tryEndOfficeMode(door);
      default:
        return assertNever(command.kind);
    }
  }

  /** A question, not an act: asked again it is answered anew. Of silence nothing is said. */
  async function identify({ id, mac }: OfKind<'identify'>): Promise<void> {
    const found = await driver.identify(mac);
    if (found.result === 'silent') return;
    const at = clock.now().toISOString();
    if (found.result === 'refused') {
      await send({ id, result: 'refused', word: found.word, at });
      return;
    }
    const { lockType, communicationType, offlineKeyLimit } = found.traits;
    const hardware = {
      vendor: found.vendor,
      lock_type: lockType,
      communication_type: communicationType,
      offline_key_limit: offlineKeyLimit,
    };
    await send({ id, result: 'confirmed', word: null, at, hardware });
  }

  async function runOnce(command: Command): Promise<void> {
    if (command.kind === 'identify') {
      await identify(command);
      return;
    }
    const known = outcomes.find(command.id);
    if (known) {
      await answer(command, known);
      return;
    }
    // The note that it was begun by an earlier life may have gone with the power.
    if (machineUpMs() < commandLifeMs) return;
    const { id } = command;
    const result = isLate(command) ? no('timeout') : await begin(command);
    const word = result.result === 'refused' ? result.word : null;
    await answer(command, await outcomes.remember({ id, state: result.result, word }));
    await outcomes.sync();
    if (command.kind === 'restart' && result.result === 'confirmed') await hub.restart();
    if (command.kind === 'wipe' && result.result === 'confirmed') await hub.wipe();
  }

  async function begin(command: Act): Promise<Result> {
    await outcomes.remember({ id: command.id, state: 'begun', word: null });
    // Whoever needs it waits for the sync of the outcome, which covers this one.
    outcomes.sync().catch(() => undefined);
    return perform(command);
  }

  return {
    async run(command) {
      // Once it has ended it is answered again, also while its outcome is being synced.
      const { state } = outcomes.find(command.id) ?? { state: 'begun' };
      if (running.has(command.id) && state === 'begun') return;
      running.add(command.id);
      try {
        await runOnce(command);
      } catch (error) {
        log.error('a command could not be finished', {
          kind: command.kind,
          reason: error instanceof Error ? error.message : 'unknown',
        });
      } finally {
        running.delete(command.id);
      }
    },
  };
}

const yes: Result = { result: 'confirmed' };

function no(word: Word): Result {
  return { result: 'refused', word };
}

function wordsOf(
  command: DoorCommand,
  former: Door['officeMode'],
): {
  readonly category: 'lock_opened' | 'office_mode' | 'easy_office_mode';
  readonly detail: string | null;
} {
  switch (command.kind) {
    case 'open':
      return { category: 'lock_opened', detail: null };
    case 'office_mode_start':
      return { category: 'office_mode', detail: 'start' };
    case 'office_mode_end':
      return { category: former === 'easy' ? 'easy_office_mode' : 'office_mode', detail: 'end' };
    default:
      return assertNever(command.kind);
  }
}
