/**
 * The hub's end of the device link: dials, greets, beats and tells when the server is there. The machine is in session.ts; this
 * file moves bytes and timers. A connection that says nothing for 15 s is dead, whatever TCP believes (behaviour.md 2).
 */
import { randomBytes } from 'node:crypto';
import { Socket } from 'node:net';
import { connect, type MqttClient } from 'mqtt';
import { downTopic, protocolVersion, upTopic, type Frame, type UpFrame } from '#contract/iq-link';
import type { SteadyClock, Timer } from './clock.ts';
import type { HubLog } from './log.ts';
import { backOffMs, nextSession, type SessionInput, type SessionState } from './session.ts';
import { parseDown, type DownMessage } from './wire.ts';

export type LinkOptions = {
  /** mqtts://host:port */
  readonly server: string;
  /** PEM of the authority that signed the gateway's certificate. */
  readonly ca: string | Buffer;
  readonly hubId: string;
  readonly steady: SteadyClock;
  readonly log: HubLog;
  /**
   * The password to try. `other` after the usual one was refused: a claim may have been cut between the two ends, so that one
   * of them still goes by the activation code.
   */
  password(which: 'usual' | 'other'): string;
  now(): Date;
  hello(): Promise<Omit<Frame<'hello'>, 'protocol' | 'session'>>;
  /** The server's time, at each welcome and beat. */
  onServerTime(time: Date): void;
  onMessage(message: DownMessage): void;
  /** The state has changed; `ready` comes before the welcome's onMessage. */
  onState(state: SessionState): void;
};

/** A connection that got no welcome by then is given up. */
const welcomeWithinMs = 10_000;

/** A goodbye that the other end does not take by then is cut short. */
const goodbyeWithinMs = 1_000;
const tlsFloor = { minVersion: 'TLSv1.3' } as const;

export class Link {
  readonly #options: LinkOptions;
  #state: SessionState = { name: 'down', failures: 0 };
  #client: MqttClient | null = null;
  readonly #timers = new Set<Timer>();
  #lastHeardMs = 0;
  #password: 'usual' | 'other' = 'usual';
  #isRunning = false;

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  get state(): SessionState {
    return this.#state;
  }

  start(): void {
    this.#isRunning = true;
    this.#dial();
  }

  /** Ends the connection; with `at_once` nothing more is sent, as when the plug is pulled. */
  async stop(how: 'gently' | 'at_once'): Promise<void> {
    this.#isRunning = false;
    const client = this.#client;
    this.#drop();
    this.#step({ type: 'lost' });
    if (!client) return;
    const cut = this.#options.steady.setTimeout(() => client.end(true), goodbyeWithinMs);
    await client.endAsync(how === 'at_once').catch(() => undefined);
    cut.cancel();
  }

  /** Dials anew, as after a claim or a wipe has changed the password. */
  redial(): void {
    this.#password = 'usual';
    this.#step({ type: 'claimed' });
    this.#lose('a new greeting');
  }

  /** Sends a frame; QoS 1 frames resolve when the gateway has taken them. Rejects when the connection ends before. */
  async send<Name extends UpFrame>(name: Name, frame: Frame<Name>): Promise<void> {
    const client = this.#client;
    if (!client?.connected) throw new LinkDownError();
    const qos = name === 'heartbeat' ? 0 : 1;
    await client.publishAsync(upTopic(this.#options.hubId, name), JSON.stringify(frame), { qos });
  }

  #step(input: SessionInput): void {
    const former = this.#state;
    this.#state = nextSession(former, input);
    if (this.#state !== former) this.#options.onState(this.#state);
  }

  #dial(): void {
    if (!this.#isRunning) return;
    this.#step({ type: 'dial' });
    const { hubId, server, ca } = this.#options;
    const client = connect(server, {
      protocolVersion: 4,
      clientId: hubId,
      username: hubId,
      password: this.#options.password(this.#password),
      ca,
      ...tlsFloor,
      clean: true,
      reconnectPeriod: 0,
      connectTimeout: welcomeWithinMs,
      // Our own heartbeat is the judge of life.
      keepalive: 0,
    });
    this.#client = client;
    const isCurrent = (): boolean => this.#client === client;
    client.on('message', (topic, payload) => {
      if (isCurrent()) this.#hear(topic, payload);
    });
    client.on('error', (error) => {
      if (!isCurrent()) return;
      if (isPasswordRefused(error)) this.#password = this.#password === 'usual' ? 'other' : 'usual';
      this.#lose(error.message);
    });
    client.on('close', () => {
      if (isCurrent()) this.#lose('the connection was closed');
    });
    client.on('connect', () => {
      // An outcome leaves right behind the packet that acknowledges its command, and would wait until that has been acknowledged
      // in turn: a whole round trip more until the caller knows that the door is open.
      if (client.stream instanceof Socket) client.stream.setNoDelay(true);
      if (isCurrent()) void this.#greet(client);
    });
  }

  async #greet(client: MqttClient): Promise<void> {
    const session = randomBytes(12).toString('hex');
    this.#step({ type: 'connected', session });
    this.#after(welcomeWithinMs, () => {
      if (this.#state.name === 'greeting') this.#lose('no welcome');
    });
    try {
      await client.subscribeAsync(
        ['welcome', 'refused', 'claim', 'beat', 'ack', 'command', 'desired', 'image'].map((name) =>
          downTopic(this.#options.hubId, name as DownMessage['name']),
        ),
        { qos: 1 },
      );
      const hello = await this.#options.hello();
      await this.send('hello', { protocol: protocolVersion, session, ...hello });
    } catch (error) {
      if (this.#client === client)
        this.#lose(error instanceof Error ? error.message : 'greeting failed');
    }
  }

  #hear(topic: string, payload: Uint8Array): void {
    const message = parseDown(topic, payload);
    if (!message) {
      this.#options.log.warn('a frame was not understood', { topic });
      return;
    }
    this.#lastHeardMs = this.#options.steady.nowMs();
    switch (message.name) {
      case 'welcome':
        this.#welcome(message.frame);
        return;
      case 'refused':
        this.#lose(`refused by the server: ${message.frame.reason}`);
        return;
      case 'beat':
        this.#options.onServerTime(new Date(message.frame.server_time));
        return;
      default:
        break;
    }
    // Nothing but the welcome is heard before it.
    const { name } = this.#state;
    const isForUnclaimed = message.name === 'claim' || message.name === 'command';
    if (name === 'ready' || (name === 'unclaimed' && isForUnclaimed)) {
      this.#options.onMessage(message);
    }
  }

  #welcome(frame: Frame<'welcome'>): void {
    if (this.#state.name !== 'greeting' || frame.session !== this.#state.session) return;
    this.#options.onServerTime(new Date(frame.server_time));
    const timing = { heartbeatMs: frame.heartbeat_ms, offlineAfterMs: frame.offline_after_ms };
    this.#step({ type: 'welcome', session: frame.session, iqId: frame.iq_id, timing });
    this.#beat(timing.heartbeatMs);
    this.#watch(timing.offlineAfterMs);
    this.#options.onMessage({ name: 'welcome', frame });
  }

  #beat(everyMs: number): void {
    this.#after(everyMs, () => {
      // A heartbeat that cannot be sent shows as silence soon enough.
      void this.send('heartbeat', { clock: this.#options.now().toISOString() }).catch(
        () => undefined,
      );
      this.#beat(everyMs);
    });
  }

  #watch(limitMs: number): void {
    const silentMs = this.#options.steady.nowMs() - this.#lastHeardMs;
    if (silentMs >= limitMs) this.#lose('the server fell silent');
    else this.#after(limitMs - silentMs, () => this.#watch(limitMs));
  }

  #after(ms: number, act: () => void): void {
    const timer = this.#options.steady.setTimeout(() => {
      this.#timers.delete(timer);
      act();
    }, ms);
    this.#timers.add(timer);
  }

  /** Leaves the connection behind without waiting for it: a half-open one never answers. */
  #drop(): void {
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
    const client = this.#client;
    this.#client = null;
    if (!client) return;
    // An error of an abandoned connection has nobody left to tell.
    client.removeAllListeners('error');
    client.on('error', () => undefined);
  }

  #lose(reason: string): void {
    const client = this.#client;
    this.#drop();
    client?.end(true);
    this.#step({ type: 'lost' });
    if (!this.#isRunning || this.#state.name !== 'down') return;
    const waitMs = backOffMs(this.#state.failures, Math.random());
    this.#options.log.info('no link to the server', { reason, retry_ms: waitMs });
    this.#after(waitMs, () => this.#dial());
  }
}

/** CONNACK 4 and 5 of MQTT 3.1.1: bad user name or password, not authorised. */
function isPasswordRefused(error: unknown): boolean {
  const code = (error as { code?: unknown }).code;
  return code === 4 || code === 5;
}

/** There is no connection to send over. */
export class LinkDownError extends Error {
  override readonly name = 'LinkDownError';
}
