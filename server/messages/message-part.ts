/** The part that makes and sends messages, sends mails of accounts, and erases them with the events of their site. Several processes may run it at once. */
import type { TenantId } from '#contract/ids';
import type { Clock, Timer } from '#server/runtime/clock';
import type { Ids } from '#server/runtime/ids';
import type { Log } from '#server/runtime/log';
import type { Senders } from '#server/runtime/sender';
import { accountMailsTopic, eraseAccountMails } from '#server/store/account-mails';
import type { Bus } from '#server/store/bus';
import { eventsTopic } from '#server/store/events';
import { eraseInvitations } from '#server/store/invitations';
import { listTenantsToTell } from '#server/store/message-events';
import { eraseMessages, messagesTopic } from '#server/store/messages';
import type { Database } from '#server/store/pool';
import { listTenantIds } from '#server/store/tenants';
import { deliverAccountMails } from './deliver-account-mails.ts';
import { deliverMessages } from './deliver-messages.ts';
import { makeMessages } from './make-messages.ts';

/** Of uploads that follow one another closely the events are looked at together. */
const gatherMs = 200;
/** A wake-up that was lost is made good for after this long. */
const pollMs = 2_000;
const eraseMs = 3_600_000;
const erasedAtOnce = 2_000;

export type MessagePart = {
  start(): void;
  /** Ends after the messages that are on their way. */
  stop(): Promise<void>;
};

export function createMessagePart({
  senders,
  database,
  bus,
  clock,
  ids,
  log,
}: {
  readonly senders: Senders;
  readonly database: Database;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
}): MessagePart {
  const heard = new Map<TenantId, () => void>();
  const endings: (() => void)[] = [];
  const timers = new Set<Timer>();
  const ending = new AbortController();
  const { signal } = ending;

  async function makeAll(): Promise<void> {
    for (const tenantId of await listTenantsToTell(database)) {
      try {
        await make(tenantId);
      } catch (error) {
        // The next look comes back to it; nobody else waits for this tenant.
        log.warn({ err: error, tenantId }, 'messages of a tenant could not be made');
      }
    }
  }

  async function make(tenantId: TenantId): Promise<void> {
    for (let hasMore = true; hasMore && !signal.aborted;) {
      const { made, ...rest } = await makeMessages(tenantId, { database, ids, now: clock.now() });
      ({ hasMore } = rest);
      if (made > 0) delivering.wake();
    }
  }

  async function deliverAll(): Promise<void> {
    while (!signal.aborted && (await deliverMessages({ database, senders, clock, log })));
  }

  async function deliverOfAccounts(): Promise<void> {
    while (!signal.aborted && (await deliverAccountMails({ database, senders, clock, log })));
  }

  /** New tenants are heard from their first look on. */
  async function listen(): Promise<void> {
    for (const tenantId of await listTenantIds(database))
      if (!heard.has(tenantId) && !signal.aborted)
        heard.set(tenantId, bus.subscribe(eventsTopic(tenantId), makeSoon));
  }

  let gathering: Timer | undefined;

  function makeSoon(): void {
    if (signal.aborted) return;
    gathering ??= clock.setTimeout(() => {
      gathering = undefined;
      making.wake();
    }, gatherMs);
  }

  async function erase(): Promise<void> {
    const rule = { now: clock.now(), limit: erasedAtOnce };
    while (!signal.aborted && (await eraseMessages(database, rule)) > 0);
    await eraseAccountMails(database, rule.now);
    await eraseInvitations(database, rule.now);
  }

  const making = createTurn(makeAll, log);
  const delivering = createTurn(deliverAll, log);
  const deliveringOfAccounts = createTurn(deliverOfAccounts, log);
  const looking = createTurn(listen, log);
  const erasing = createTurn(erase, log);

  function every(ms: number, act: () => void): void {
    const timer = clock.setTimeout(() => {
      timers.delete(timer);
      if (signal.aborted) return;
      act();
      every(ms, act);
    }, ms);
    timers.add(timer);
  }

  return {
    start() {
      const turns = [looking, making, delivering, deliveringOfAccounts];
      const wakeAll = (): void => {
        for (const turn of turns) turn.wake();
      };
      endings.push(
        bus.subscribe(messagesTopic, delivering.wake),
        bus.subscribe(accountMailsTopic, deliveringOfAccounts.wake),
        bus.onResync(wakeAll),
      );
      wakeAll();
      every(pollMs, wakeAll);
      every(eraseMs, erasing.wake);
    },
    async stop() {
      ending.abort();
      for (const timer of timers) timer.cancel();
      gathering?.cancel();
      await looking.stop();
      for (const end of [...endings, ...heard.values()]) end();
      await Promise.all(
        [making, delivering, deliveringOfAccounts, erasing].map((turn) => turn.stop()),
      );
    },
  };
}

type Turn = { readonly wake: () => void; stop(): Promise<void> };

/** Does something again and again, one at a time; a wake-up meanwhile means once more. */
function createTurn(act: () => Promise<void>, log: Log): Turn {
  let isWanted = false;
  let isStopped = false;
  let running: Promise<void> | undefined;

  async function run(): Promise<void> {
    while (isWanted) {
      if (isStopped) return;
      isWanted = false;
      try {
        await act();
      } catch (error) {
        // The poll comes back to it; nothing is lost, since the tables hold it.
        log.warn({ err: error }, 'messages could not be made or sent');
      }
    }
  }

  function wake(): void {
    isWanted = true;
    if (isStopped || running !== undefined) return;
    running = run().finally(() => {
      running = undefined;
      // A wake-up that came when the work was just over.
      if (isWanted) wake();
    });
  }

  return {
    wake,
    async stop() {
      isStopped = true;
      await running;
    },
  };
}
