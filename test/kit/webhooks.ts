/** Webhooks of a running server whose clock a test moves: a site with two doors, its owner, and a receiver. */
import type { DeliveryState } from '#contract/webhooks';
import type { ManualClock } from '#server/runtime/clock';
import { startTestServer, type Answer, type TestServer } from './cardea.ts';
import { startOtherProcess, type OtherProcess } from './other-process.ts';
import { addPerson, addSite, type TestPerson } from './people.ts';
import { startReceiver, type TestReceiver } from './receiver.ts';
import { insertLock } from './rows.ts';
import { addEventPlace, storeEntry, type EventPlace } from './stored-events.ts';
import { until } from './wait.ts';

export type Hook = { readonly id: string; readonly secret: string };

/** A row of what was sent, or has to be. */
export type SentRow = {
  readonly id: string;
  readonly event_id: string;
  readonly state: DeliveryState;
  readonly attempts: number;
  readonly next_attempt_at: Date | null;
  readonly last_status: number | null;
  readonly replay: boolean;
};

export type WebhookHouse = {
  readonly server: TestServer;
  readonly clock: ManualClock;
  readonly other: OtherProcess;
  /** A site of its own. */
  addStage(): Promise<WebhookStage>;
  /**
   * Lets time pass: a long one over a restart, since every part of a running server would do a second's work for each of its
   * seconds. What waits is in rows, so that it makes no difference.
   */
  pass(ms: number): Promise<void>;
  stop(): Promise<void>;
};

export type WebhookStage = {
  readonly receiver: TestReceiver;
  readonly place: EventPlace;
  readonly owner: TestPerson;
  readonly doors: readonly [string, string];
  /** Asks below the webhooks of the site, as the owner unless another token is given. */
  ask(method: string, path: string, body?: object, token?: string): Promise<Answer>;
  /** A webhook to the receiver, for everything unless told otherwise. */
  create(more?: object): Promise<Hook>;
  /** Somebody opens a door: an entry is stored and the server woken. Gives its id. */
  open(door: string): Promise<string>;
  rowsOf(hook: Hook): Promise<readonly SentRow[]>;
  /** Waits until what was due is settled: each delivery has been tried as often as expected, in the order of storing. */
  untilTried(hook: Hook, attempts: readonly number[]): Promise<unknown>;
};

const hour = 3_600_000;
const deadline = { timeoutMs: 60_000 };

export async function startWebhookHouse(start: Date): Promise<WebhookHouse> {
  const server = await startTestServer({
    clock: start,
    settings: { CARDEA_WEBHOOK_ALLOW: '127.0.0.1' },
  });
  const { clock } = server;
  if (clock === undefined) throw new Error('no clock');
  const other = await startOtherProcess(server);
  const receivers: TestReceiver[] = [];
  return {
    server,
    clock,
    other,
    async addStage() {
      const receiver = await startReceiver();
      receivers.push(receiver);
      return stageOf({ server, other, receiver });
    },
    async pass(ms) {
      if (ms <= hour) {
        clock.advance(ms);
        return;
      }
      await server.pause();
      clock.advance(ms);
      await server.resume();
    },
    async stop() {
      await other.stop();
      await server.stop();
      await Promise.all(receivers.map((receiver) => receiver.stop()));
    },
  };
}

async function stageOf({
  server,
  other,
  receiver,
}: Pick<WebhookHouse, 'server' | 'other'> & Pick<WebhookStage, 'receiver'>): Promise<WebhookStage> {
  const { database, tenant } = server;
  const siteId = await addSite(server);
  const owner = await addPerson(server, { siteId, role: 'owner' });
  const place = await addEventPlace(database, { tenantId: tenant.tenantId, siteId });
  const lock = () => insertLock(server, { collection_id: siteId });
  const ask: WebhookStage['ask'] = (method, path, body, token = owner.token) =>
    server.ask(method, `//ext/v1/sites/${siteId}/webhooks${path}`, {
      token,
      ...(body === undefined ? {} : { body }),
    });

  async function rowsOf(hook: Hook): Promise<readonly SentRow[]> {
    const { rows } = await database.pool.query<SentRow>(
      `select id, event_id, state, attempts, last_status, next_attempt_at, replay_id is not null as replay
         from webhook_deliveries where webhook_id = $1 order by number, created_at`,
      [hook.id],
    );
    return rows;
  }

  async function isSettled(hook: Hook): Promise<boolean> {
    const { rows } = await database.pool.query(
      'select 1 from webhook_lanes where webhook_id = $1 and claim is not null',
      [hook.id],
    );
    return rows.length === 0;
  }

  return {
    receiver,
    place,
    owner,
    doors: [await lock(), await lock()],
    ask,
    async create(more = {}) {
      const wanted = { url: receiver.url, events: ['entry', 'incident'], ...more };
      const answer = await ask('POST', '', wanted);
      if (answer.status !== 200) throw new Error(answer.text);
      return answer.json as Hook;
    },
    async open(door) {
      const id = await storeEntry(database, {
        ...place,
        lockId: door,
        accessorId: owner.accessorId,
      });
      other.wake(place.tenantId);
      return id;
    },
    rowsOf,
    untilTried: (hook, attempts) =>
      until(
        async () => {
          const tried = (await rowsOf(hook)).map((row) => row.attempts);
          return (await isSettled(hook)) && tried.join() === attempts.join();
        },
        { what: `deliveries were tried ${attempts.join()} times`, ...deadline },
      ),
  };
}
