/**
 * One hub while it is connected or may still be back in time: its connection, its session and the presence of its IQ.
 * Decisions are those of session.ts and presence.ts; here they are carried out, one thing after the other.
 */
import type { HubId } from '#contract/ids';
import {
  heartbeatMs,
  offlineAfterMs,
  protocolVersion,
  type DownFrame,
  type Frame,
  type UpFrame,
} from '#contract/iq-link';
import type { Clock } from '#server/runtime/clock';
import type { Log } from '#server/runtime/log';
import type { Admission } from './admission.ts';
import type { HubConnection } from './broker.ts';
import { FrameError, parseFrame, ProtocolVersionError, type ReceivedFrame } from './frames.ts';
import type { ConnectedIq, LedgerPosition, OfflineReason } from './handlers.ts';
import { absent, movePresence, type PresenceInput, type PresenceState } from './presence.ts';
import {
  moveSession,
  newSession,
  type EndReason,
  type SessionInput,
  type SessionState,
} from './session.ts';

/** What became of a hello. */
export type Welcome =
  | {
      readonly answer: 'iq';
      readonly iq: ConnectedIq;
      readonly acknowledged: LedgerPosition | null;
      readonly tableVersion: number;
    }
  /** Belongs to nobody and may be claimed. */
  | { readonly answer: 'factory' }
  /** Its IQ is gone; it may tell what happened there and is told to wipe itself. */
  | { readonly answer: 'wipe'; readonly iq: ConnectedIq }
  | { readonly answer: 'refused'; readonly reason: string };

export type HubActs = {
  check(hub: Hub, admission: Admission, hello: Frame<'hello'>): Promise<Welcome>;
  /** After the welcome frame has been sent. */
  welcomed(hub: Hub, welcome: Welcome, hello: Frame<'hello'>): void;
  /** A frame after the welcome; a promise holds reading back. */
  take(hub: Hub, frame: ReceivedFrame): Promise<void> | undefined;
  online(iq: ConnectedIq): Promise<void>;
  offline(iq: ConnectedIq, why: { reason: OfflineReason; heardAt: Date | null }): Promise<void>;
  /** The connection has ended and nothing else of this visit will be said. */
  left(hub: Hub, reason: EndReason): void;
};

/** A hub that has more frames waiting than this is read no further. */
const workLimit = 32;

export class Hub {
  readonly hubId: HubId;
  readonly #acts: HubActs;
  readonly #clock: Clock;
  readonly #log: Log;
  #connection: HubConnection | undefined;
  #admission: Admission | undefined;
  #session: SessionState = { name: 'ended', reason: 'closed_by_hub' };
  #welcome: Welcome | undefined;
  #presence: PresenceState = absent;
  /** The IQ whose presence is told; outlives the connection by up to 15 s. */
  #iq: ConnectedIq | undefined;
  #heardAtMs = 0;
  #work: Promise<void> = Promise.resolve();
  #workCount = 0;

  constructor(
    hubId: HubId,
    parts: { readonly acts: HubActs; readonly clock: Clock; readonly log: Log },
  ) {
    this.hubId = hubId;
    this.#acts = parts.acts;
    this.#clock = parts.clock;
    this.#log = parts.log.child({ hubId });
  }

  /** What the hub was welcomed as; undefined = no ready connection. */
  get welcome(): Welcome | undefined {
    return this.#session.name === 'ready' ? this.#welcome : undefined;
  }

  /** The present connection, for promises that outlive it: they compare before they act. */
  get connection(): HubConnection | undefined {
    return this.#connection;
  }

  /** True when nothing is left to wait for. */
  get isGone(): boolean {
    return (
      this.#connection === undefined && this.#presence.name === 'absent' && this.#workCount === 0
    );
  }

  /** A connection was made; a former one ends. */
  connect(connection: HubConnection, admission: Admission): void {
    this.end('replaced');
    this.#connection = connection;
    this.#admission = admission;
    this.#welcome = undefined;
    this.#session = newSession(this.#nowMs());
    this.#log.debug({ remote: connection.remote, provenBy: admission.provenBy }, 'a hub connected');
  }

  /** A frame of this connection; a promise holds reading back. */
  receive(connection: HubConnection, name: UpFrame, payload: Buffer): Promise<void> | undefined {
    if (connection !== this.#connection || this.#session.name === 'ended') return undefined;
    let frame: ReceivedFrame;
    try {
      frame = parseFrame(name, payload);
    } catch (error) {
      if (error instanceof ProtocolVersionError) {
        this.#move({ type: 'frame', frame: 'hello', protocol: error.protocol });
        return undefined;
      }
      const problem = error instanceof FrameError ? error.message : 'unreadable';
      this.#log.warn({ frame: name, problem }, 'a hub sent a frame that does not fit the protocol');
      this.end('malformed_frame');
      return undefined;
    }
    const effect = this.#move(
      frame.name === 'hello'
        ? { type: 'frame', frame: 'hello', protocol: frame.body.protocol }
        : { type: 'frame', frame: frame.name },
    );
    if (effect === 'check' && frame.name === 'hello') this.#check(frame.body);
    return effect === 'pass' ? this.#pass(frame) : undefined;
  }

  /** Sends a frame on the present connection, if it is ready for it. */
  send<Name extends DownFrame>(name: Name, body: Frame<Name>): void {
    if (this.#session.name === 'ready') this.#connection?.send(name, JSON.stringify(body));
  }

  /** Runs work of this hub after all work before it; a failure ends the connection it was meant for. */
  enqueue(what: string, act: () => Promise<void>): Promise<void> {
    const connection = this.#connection;
    this.#workCount += 1;
    this.#work = this.#work
      .then(act)
      .catch((error: unknown) => {
        this.#log.error({ err: error, what }, 'work for a hub failed');
        if (connection !== undefined && connection === this.#connection) this.end('failed');
      })
      .finally(() => {
        this.#workCount -= 1;
      });
    return this.#work;
  }

  /** Ends the session with a reason; the connection closes after what was sent. */
  end(reason: EndReason): void {
    this.#move({ type: 'end', reason });
  }

  /** The transport has closed the connection. */
  closed(connection: HubConnection, reason: EndReason): void {
    if (connection !== this.#connection) return;
    this.end(reason);
    this.#connection = undefined;
  }

  tick(): void {
    this.#move({ type: 'tick' });
    this.#movePresence({ type: 'tick' });
  }

  #nowMs(): number {
    return this.#clock.now().getTime();
  }

  #move(input: SessionInput) {
    const before = this.#session;
    const { state, effect } = moveSession(before, input, this.#nowMs());
    this.#session = state;
    if (state.name === 'ready') this.#heardAtMs = state.heardAtMs;
    if (state.name === 'ended' && before.name !== 'ended') {
      const reason =
        state.reason === 'protocol_version'
          ? `protocol ${protocolVersion} is spoken here`
          : this.#welcome?.answer === 'refused'
            ? this.#welcome.reason
            : state.reason;
      if (effect === 'refuse') {
        const refused: Frame<'refused'> = { protocol: protocolVersion, reason };
        this.#connection?.send('refused', JSON.stringify(refused));
      }
      this.#leave(state.reason, before);
    }
    return effect;
  }

  #leave(reason: EndReason, before: SessionState): void {
    this.#log.info({ reason, was: before.name }, 'the session of a hub ended');
    this.#connection?.close(reason);
    this.#acts.left(this, reason);
    if (before.name !== 'ready' || this.#welcome?.answer !== 'iq') return;
    // A gateway that stops leaves the presence to whoever holds the IQ next.
    if (reason === 'stopping') this.#presence = absent;
    else {
      const why = reason === 'silence' ? 'silence' : 'closed';
      this.#movePresence({ type: 'lost', heardAtMs: this.#heardAtMs, reason: why });
    }
  }

  #check(hello: Frame<'hello'>): void {
    const connection = this.#connection;
    const admission = this.#admission;
    if (connection === undefined || admission === undefined) return;
    void this.enqueue('hello', async () => {
      const welcome = await this.#acts.check(this, admission, hello);
      if (connection === this.#connection) this.#answer(welcome, hello);
    });
  }

  #answer(welcome: Welcome, hello: Frame<'hello'>): void {
    this.#welcome = welcome;
    if (this.#move({ type: welcome.answer === 'refused' ? 'refused' : 'welcomed' }) !== 'welcome') {
      return;
    }
    const iqId = welcome.answer === 'iq' || welcome.answer === 'wipe' ? welcome.iq.iqId : null;
    this.send('welcome', {
      protocol: protocolVersion,
      session: hello.session,
      iq_id: iqId,
      server_time: this.#clock.now().toISOString(),
      heartbeat_ms: heartbeatMs,
      offline_after_ms: offlineAfterMs,
      acknowledged: welcome.answer === 'iq' ? welcome.acknowledged : null,
    });
    if (welcome.answer === 'iq') {
      this.#iq = welcome.iq;
      this.#movePresence({ type: 'welcomed' });
    }
    this.#acts.welcomed(this, welcome, hello);
  }

  #pass(frame: ReceivedFrame): Promise<void> | undefined {
    if (frame.name === 'heartbeat') {
      this.send('beat', { server_time: this.#clock.now().toISOString() });
      return undefined;
    }
    const held = this.#acts.take(this, frame);
    const slow = held ?? (this.#workCount > workLimit ? this.#work : undefined);
    if (slow === undefined) return undefined;
    const connection = this.#connection;
    this.#move({ type: 'held' });
    return slow.then(() => {
      if (connection === this.#connection) this.#move({ type: 'released' });
    });
  }

  #movePresence(input: PresenceInput): void {
    const before = this.#presence;
    const { state, effect } = movePresence(before, input, this.#nowMs());
    this.#presence = state;
    const iq = this.#iq;
    if (iq === undefined || effect === 'none') return;
    if (effect === 'declare_online') {
      void this.enqueue('online', () => this.#acts.online(iq));
      return;
    }
    const lost = input.type === 'lost' ? input : before;
    const reason = 'reason' in lost ? lost.reason : 'closed';
    const heardAt = new Date(this.#heardAtMs);
    this.#log.info({ iqId: iq.iqId, reason }, 'an IQ is offline');
    void this.enqueue('offline', () => this.#acts.offline(iq, { reason, heardAt }));
  }
}
