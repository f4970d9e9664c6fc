/**
 * The queue of acts asked of hubs: a row, a frame, an outcome (design.md laws 1 and 2; moves in command-machine.ts). A remote
 * opening waits for two durable commits: the row, and its end. That a command was sent is noted beside the way.
 *
 * The hub may be connected to the gateway of another process: then the row is written here, the bus wakes that gateway, it
 * takes the row and sends it, and the end wakes the process that asked.
 */
import { ApiError } from '#contract/api-error';
import type { CommandId, IqId, LockId, TenantId } from '#contract/ids';
import { commandLifeMs, type Command, type Frame } from '#contract/iq-link';
import type { Clock, Timer } from '#server/runtime/clock';
import type { Ids } from '#server/runtime/ids';
import type { Log } from '#server/runtime/log';
import type { Alongside } from '#server/store/alongside';
import type { Bus } from '#server/store/bus';
import {
  endForgottenCommands,
  findCommandStanding,
  finishCommand,
  insertCommand,
  listQueuedFor,
  noteCommandsSent,
  noteLateOutcome,
  takeCommand,
  type CommandBody,
  type CommandStanding,
} from '#server/store/commands';
import type { Database } from '#server/store/pool';
import { readScope, type Scope, type WriteScope } from '#server/store/scope';
import { moveCommand, queuedCommand, type CommandInput } from './command-machine.ts';
import type { ConnectedIq } from './handlers.ts';

/** The connections of this process, as the queue needs them. */
export type CommandLink = {
  readonly gatewayId: string;
  /** False = the broker does not run. */
  isRunning(): boolean;
  isConnected(iqId: IqId): boolean;
  /** Sends a command; false = the IQ is not connected here. */
  send(iqId: IqId, command: Command): boolean;
  /** Who is told of outcomes, and of IQs that have just been welcomed. */
  listen(listener: {
    /** `isWritten` resolves once the rows show what the hub said up to here, this outcome included. */
    outcome(iq: ConnectedIq, outcome: Frame<'outcome'>, isWritten: Promise<void>): void;
    ready(iq: ConnectedIq): void;
  }): void;
};

export type CommandRequest = {
  readonly tenantId: TenantId;
  readonly iqId: IqId;
  readonly lockId: LockId | null;
  readonly body: CommandBody;
  readonly requestId: string | null;
};

export type CommandResult =
  | {
      readonly id: CommandId;
      readonly state: 'confirmed';
      readonly outcome: Frame<'outcome'>;
    }
  | {
      readonly id: CommandId;
      readonly state: 'refused';
      /** Why; a word of 3102. */
      readonly word: string;
      readonly outcome: Frame<'outcome'>;
    }
  /** It never left: nothing happened. */
  | { readonly id: CommandId; readonly state: 'expired' }
  /** It left and nobody answered in time. */
  | { readonly id: CommandId; readonly state: 'unknown' };

/** A command that is written and not sent yet. */
export type QueuedCommand = {
  readonly id: CommandId;
  /** Sends it; to be called once, after the commit. `heard` is called when its end is known, while that is being stored. */
  start(watch?: { readonly heard: () => unknown }): Promise<CommandResult>;
};

export type CommandQueue = {
  /**
   * Writes the command in a transaction of its own and sends it; resolves with its end, within the deadline of 10 s.
   * Throws ApiError IQ_OFFLINE, CCC_OPERATION_NOT_ALLOWED (more than 100 wait) and CCC_FAILED (no gateway, no store).
   */
  run(request: CommandRequest): Promise<CommandResult>;
  /** Writes the command in the caller's transaction, so that audit and rows land with it. Throws as `run` does. */
  enqueue(scope: WriteScope, request: Omit<CommandRequest, 'tenantId'>): Promise<QueuedCommand>;
  /** Writes the command and what is given `alongside`, and nothing else, by one statement. Throws as `run` does. */
  enqueueAlone(request: CommandRequest, alongside: Alongside): Promise<QueuedCommand>;
  start(): Promise<void>;
  stop(): Promise<void>;
  waitingCommands(): number;
};

const waitingLimit = 100;
/** Time for the note that a command was sent: an outcome that comes sooner makes it unnecessary. */
const noteAfterMs = 50;
/** How long past its deadline a command of another process is left to that process. */
const graceMs = 1_000;
const sweepMs = 3_000;

type Pending = {
  readonly id: CommandId;
  readonly tenantId: TenantId;
  readonly iqId: IqId;
  readonly body: CommandBody;
  readonly deadline: Date;
  readonly answer: (result: CommandResult) => void;
  /** Its end is known. */
  readonly heard: () => unknown;
  standing: CommandStanding;
  sentAt: Date | null;
  timer: Timer | undefined;
};

const unwatched = { heard: () => undefined };

type HubWord = { readonly outcome: Frame<'outcome'>; readonly isWritten: Promise<void> };

/**
 * Whether the lock shows a state by it that is asked for again: a report from before that waits to be written must not change it
 * back after the answer. An opening shows none and waits for nothing.
 */
function showsState({ kind }: CommandBody): boolean {
  return kind === 'office_mode_start' || kind === 'office_mode_end' || kind === 'tag_registration';
}

/** The failure of the catalogue a result stands for; undefined = confirmed. */
export function commandFailure(result: CommandResult): ApiError | undefined {
  switch (result.state) {
    case 'confirmed':
      return undefined;
    case 'refused':
      return new ApiError('CCC_COMMAND_FAILED', { word: result.word });
    case 'unknown':
      return new ApiError('CCC_COMMAND_FAILED', { word: 'timeout' });
    default:
      return new ApiError('IQ_OFFLINE');
  }
}

function endTopic(id: CommandId): string {
  return `command-end:${id}`;
}
function commandTopic(gatewayId: string): string {
  return `command:${gatewayId}`;
}

function resultOf(
  id: CommandId,
  standing: CommandStanding,
  outcome: Frame<'outcome'> | undefined,
): CommandResult {
  const { name, word } = standing;
  if (name === 'expired') return { id, state: 'expired' };
  if (outcome === undefined || name === 'unknown') return { id, state: 'unknown' };
  if (name === 'confirmed') return { id, state: 'confirmed', outcome };
  return { id, state: 'refused', word: word ?? 'hardware_error', outcome };
}

export function createCommandQueue({
  database,
  link,
  bus,
  clock,
  ids,
  log,
}: {
  readonly database: Database;
  /** null = no gateway in this process. */
  readonly link: CommandLink | null;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
}): CommandQueue {
  const pending = new Map<CommandId, Pending>();
  /** Ends that are being stored: until they are, the row does not say that another outcome comes too late. */
  const ending = new Map<CommandId, Promise<void>>();
  const work = new Set<Promise<unknown>>();
  let unnoted: Pending[] = [];
  let unsubscribe: (() => void)[] = [];
  let sweepTimer: Timer | undefined;
  let isStopped = true;

  /** Keeps hold of work that nobody waits for, until `stop`. */
  function inBackground(act: Promise<unknown>, what: string): void {
    const settled = act
      .catch((error: unknown) => log.error({ err: error }, `${what} failed`))
      .finally(() => work.delete(settled));
    work.add(settled);
  }

  function scopeOf({ tenantId }: { readonly tenantId: TenantId }): Scope {
    return readScope(database, tenantId);
  }

  // ── sending ──────────────────────────────────────────────────────────────────────────────────────────────────────────

  function noteSent(): void {
    const sent = unnoted.filter(({ standing }) => standing.name === 'sent');
    unnoted = [];
    const byTenant = new Map<TenantId, { id: CommandId; at: Date }[]>();
    for (const { tenantId, id, sentAt } of sent) {
      if (sentAt === null) continue;
      byTenant.set(tenantId, [...(byTenant.get(tenantId) ?? []), { id, at: sentAt }]);
    }
    for (const [tenantId, notes] of byTenant) {
      inBackground(noteCommandsSent(scopeOf({ tenantId }), notes), 'noting sent commands');
    }
  }

  function send(command: Pending): void {
    const frame = { ...command.body, id: command.id, deadline: command.deadline.toISOString() };
    if (link === null || !link.send(command.iqId, frame)) return;
    const move = moveCommand(command.standing, { type: 'sent' });
    command.standing = move.standing;
    if (move.effect !== 'note') return;
    command.sentAt = clock.now();
    if (unnoted.length === 0) clock.setTimeout(noteSent, noteAfterMs);
    unnoted.push(command);
  }

  /** Follows a command from here until its end. */
  function follow(command: Omit<Pending, 'timer'>): void {
    const leftMs = command.deadline.getTime() - clock.now().getTime();
    const followed: Pending = { ...command, timer: undefined };
    followed.timer = clock.setTimeout(() => move(followed, { type: 'deadline' }), leftMs);
    pending.set(followed.id, followed);
    send(followed);
  }

  function move(command: Pending, input: CommandInput, word?: HubWord): void {
    const { standing, effect } = moveCommand(command.standing, input);
    command.standing = standing;
    if (effect !== 'finish') return;
    command.timer?.cancel();
    pending.delete(command.id);
    const stored = finish(command, word).finally(() => ending.delete(command.id));
    ending.set(command.id, stored);
    inBackground(stored, 'storing the end of a command');
    command.heard();
  }

  async function finish(command: Pending, word?: HubWord): Promise<void> {
    const { id, standing, sentAt } = command;
    try {
      await finishCommand(scopeOf(command), id, {
        name: standing.name,
        word: standing.word,
        sentAt,
        now: clock.now(),
      });
    } finally {
      if (showsState(command.body)) await word?.isWritten;
      // The hub's word is true whether or not it could be stored.
      command.answer(resultOf(id, standing, word?.outcome));
    }
  }

  // ── commands of this process ─────────────────────────────────────────────────────────────────────────────────────────

  async function write(
    scope: Scope,
    request: Omit<CommandRequest, 'tenantId'>,
    alongside?: Alongside,
  ) {
    if (link !== null && !link.isRunning()) throw new ApiError('CCC_FAILED');
    const queuedAt = clock.now();
    const command = {
      id: ids.next<CommandId>(),
      iqId: request.iqId,
      lockId: request.lockId,
      body: request.body,
      requestId: request.requestId,
      queuedAt,
      deadline: new Date(queuedAt.getTime() + commandLifeMs),
    };
    const row = {
      ...command,
      isConnectedHere: link?.isConnected(request.iqId) === true,
      ownGatewayId: link?.gatewayId ?? null,
      waitingLimit,
    };
    const answer = await insertCommand(scope, row, alongside).catch((cause: unknown) => {
      throw new ApiError('CCC_FAILED', { cause });
    });
    if (answer.isWritten) return { command, gatewayId: answer.gatewayId };
    if (answer.isUpdating)
      throw new ApiError('CCC_OPERATION_NOT_ALLOWED', { reason: 'An update is running.' });
    if (answer.waiting >= waitingLimit) {
      const reason = `More than ${waitingLimit} commands wait for this IQ.`;
      throw new ApiError('CCC_OPERATION_NOT_ALLOWED', { reason });
    }
    if (link === null && !answer.isAnyGatewayAlive) throw new ApiError('CCC_FAILED');
    throw new ApiError('IQ_OFFLINE');
  }

  type Written = Awaited<ReturnType<typeof write>>;
  type Started = { readonly tenantId: TenantId; readonly heard: () => unknown };

  function startHere({ command }: Written, started: Started): Promise<CommandResult> {
    return new Promise((answer) => {
      follow({ ...command, ...started, answer, standing: queuedCommand, sentAt: null });
    });
  }

  function startElsewhere(
    { command, gatewayId }: Written,
    { tenantId, heard }: Started,
  ): Promise<CommandResult> {
    const { id, deadline } = command;
    return new Promise((resolve) => {
      const timer = clock.setTimeout(
        () => {
          inBackground(endLeftAlone({ id, tenantId }).then(end), 'ending a command');
        },
        deadline.getTime() - clock.now().getTime() + graceMs,
      );
      const forget = bus.subscribe(endTopic(id), (payload) =>
        end(JSON.parse(payload) as CommandResult),
      );
      function end(result: CommandResult): void {
        timer.cancel();
        forget();
        heard();
        resolve(result);
      }
      const wake = JSON.stringify({ tenantId, id });
      if (gatewayId !== null) bus.publish(commandTopic(gatewayId), wake);
    });
  }

  /** The gateway that should have ended it is gone: the row says whether it was ever sent. */
  async function endLeftAlone(command: {
    readonly id: CommandId;
    readonly tenantId: TenantId;
  }): Promise<CommandResult> {
    const { id } = command;
    const standing = await findCommandStanding(scopeOf(command), id);
    if (standing === undefined) return { id, state: 'expired' };
    const ended = moveCommand(standing, { type: 'deadline' });
    if (ended.effect === 'finish') {
      const { name, word } = ended.standing;
      await finishCommand(scopeOf(command), id, { name, word, sentAt: null, now: clock.now() });
    }
    return resultOf(id, ended.standing, undefined);
  }

  function startWritten(written: Written, started: Started): Promise<CommandResult> {
    const isHere = link?.isConnected(written.command.iqId) === true;
    return isHere || written.gatewayId === null
      ? startHere(written, started)
      : startElsewhere(written, started);
  }

  function queuedOf(written: Written, tenantId: TenantId): QueuedCommand {
    return {
      id: written.command.id,
      start: ({ heard } = unwatched) => startWritten(written, { tenantId, heard }),
    };
  }

  // ── commands of other processes ──────────────────────────────────────────────────────────────────────────────────────

  async function takeFromOther(tenantId: TenantId, id: CommandId): Promise<void> {
    if (pending.has(id) || isStopped) return;
    const taken = await takeCommand(readScope(database, tenantId), id, clock.now());
    if (taken === undefined) return;
    follow({
      ...taken,
      answer: (result) => bus.publish(endTopic(id), JSON.stringify(result)),
      ...unwatched,
      // Taken is not sent: the connection may be gone by now, and then nothing happened.
      standing: queuedCommand,
      sentAt: null,
    });
  }

  async function takeWaiting(gatewayId: string): Promise<void> {
    const waiting = await listQueuedFor(database, { gatewayId, now: clock.now() });
    for (const { tenantId, id } of waiting) await takeFromOther(tenantId, id);
  }

  async function takeLateOutcome(iq: ConnectedIq, outcome: Frame<'outcome'>): Promise<void> {
    const id = outcome.id as CommandId;
    await ending.get(id)?.catch(() => undefined);
    const scope = scopeOf(iq);
    const standing = await findCommandStanding(scope, id);
    if (standing === undefined || standing.iqId !== iq.iqId) return;
    const { result, word } = outcome;
    const moved = moveCommand(standing, { type: 'outcome', result, word });
    if (moved.effect === 'finish') {
      const { name } = moved.standing;
      const end = { name, word: moved.standing.word, sentAt: null, now: clock.now() };
      // Whoever waits hears what is stored, and that once.
      if (await finishCommand(scope, id, end))
        bus.publish(endTopic(id), JSON.stringify(resultOf(id, moved.standing, outcome)));
    }
    if (moved.effect === 'note_late') {
      await noteLateOutcome(scope, id, { result, word, now: clock.now() });
      log.warn({ iqId: iq.iqId, commandId: id, result }, 'an outcome came after the deadline');
    }
  }

  link?.listen({
    outcome(iq, outcome, isWritten) {
      const command = pending.get(outcome.id as CommandId);
      const { result, word } = outcome;
      if (command?.iqId === iq.iqId) {
        move(command, { type: 'outcome', result, word }, { outcome, isWritten });
      } else if (command === undefined) {
        inBackground(takeLateOutcome(iq, outcome), 'storing a late outcome');
      }
    },
    ready(iq) {
      // Sent again: the frame may have been lost with the former connection, and the hub acts once per id.
      for (const command of pending.values()) if (command.iqId === iq.iqId) send(command);
    },
  });

  async function sweep(): Promise<void> {
    if (link !== null) await takeWaiting(link.gatewayId);
    // Whoever asked has given up long before: the process that followed these has died.
    const now = clock.now();
    const before = new Date(now.getTime() - 5 * graceMs);
    const ended = await endForgottenCommands(database, { before, now });
    if (ended > 0) log.warn({ commands: ended }, 'commands of a process that died were ended');
  }

  function sweepAgain(): void {
    sweepTimer = clock.setTimeout(() => {
      inBackground(sweep(), 'the sweep of commands');
      sweepAgain();
    }, sweepMs);
  }

  return {
    async run(request) {
      const written = await write(scopeOf(request), request);
      return startWritten(written, { tenantId: request.tenantId, ...unwatched });
    },
    enqueue: async (scope, request) => queuedOf(await write(scope, request), scope.tenantId),
    enqueueAlone: async (request, alongside) =>
      queuedOf(await write(scopeOf(request), request, alongside), request.tenantId),
    async start() {
      isStopped = false;
      const now = clock.now();
      await endForgottenCommands(database, { before: now, now });
      if (link !== null) {
        const { gatewayId } = link;
        unsubscribe = [
          bus.subscribe(commandTopic(gatewayId), (payload) => {
            const { tenantId, id } = JSON.parse(payload) as { tenantId: TenantId; id: CommandId };
            inBackground(takeFromOther(tenantId, id), 'taking a command');
          }),
          bus.onResync(() => inBackground(takeWaiting(gatewayId), 'taking waiting commands')),
        ];
      }
      sweepAgain();
    },
    async stop() {
      isStopped = true;
      sweepTimer?.cancel();
      for (const end of unsubscribe) end();
      noteSent();
      // Whoever still waits is told the truth as far as it is known here.
      for (const command of pending.values()) move(command, { type: 'deadline' });
      await Promise.all(work);
    },
    waitingCommands: () => pending.size,
  };
}
