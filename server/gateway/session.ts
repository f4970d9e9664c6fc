/**
 * The session of one connection, as a machine without I/O.
 *
 *     connected ─ hello ─► checking ─ welcome ─► ready ─► ended
 *         │ 10 s            │ refused              │ 15 s of silence, a wrong frame, a second connection, …
 *         └──────────────── ended ◄────────────────┘
 *
 * Nothing but `hello` is heard before the welcome. In `ready` any frame is a sign of life; while reading is held back
 * (the server is slower than its hubs) silence is of our own making and does not count.
 */
import { assertNever } from '#contract/assert-never';
import { offlineAfterMs, protocolVersion, type UpFrame } from '#contract/iq-link';

export const helloWithinMs = 10_000;

export type EndReason =
  | 'closed_by_hub'
  | 'connection_lost'
  | 'hello_missing'
  | 'hello_twice'
  | 'protocol_version'
  | 'refused'
  | 'malformed_frame'
  | 'forbidden_topic'
  | 'too_large'
  | 'overflow'
  | 'silence'
  | 'replaced'
  | 'claimed'
  | 'moved'
  | 'not_stored'
  | 'failed'
  | 'stopping';

export type SessionState =
  | { readonly name: 'connected'; readonly sinceMs: number }
  | { readonly name: 'checking' }
  | { readonly name: 'ready'; readonly heardAtMs: number; readonly isHeld: boolean }
  | { readonly name: 'ended'; readonly reason: EndReason };

export type SessionInput =
  /** A well-formed frame; `protocol` is that of a hello. */
  | { readonly type: 'frame'; readonly frame: UpFrame; readonly protocol?: number }
  | { readonly type: 'welcomed' }
  | { readonly type: 'refused' }
  | { readonly type: 'held' }
  | { readonly type: 'released' }
  | { readonly type: 'tick' }
  | { readonly type: 'end'; readonly reason: EndReason };

export type SessionEffect =
  | 'none'
  /** Ask who this is. */
  | 'check'
  /** Hand the frame on. */
  | 'pass'
  | 'welcome'
  /** Send `refused`, then close. */
  | 'refuse'
  | 'close';

export type SessionMove = { readonly state: SessionState; readonly effect: SessionEffect };

/** A connection that has just been made. */
export function newSession(atMs: number): SessionState {
  return { name: 'connected', sinceMs: atMs };
}

function end(reason: EndReason, effect: 'close' | 'refuse' = 'close'): SessionMove {
  return { state: { name: 'ended', reason }, effect };
}

/** What an input does to a session at a time. */
export function moveSession(state: SessionState, input: SessionInput, atMs: number): SessionMove {
  if (state.name === 'ended') return { state, effect: 'none' };
  if (input.type === 'end') return end(input.reason);
  switch (state.name) {
    case 'connected':
      return moveConnected(state, input, atMs);
    case 'checking':
      if (input.type === 'refused') return end('refused', 'refuse');
      if (input.type !== 'welcomed') return { state, effect: 'none' };
      return { state: { name: 'ready', heardAtMs: atMs, isHeld: false }, effect: 'welcome' };
    case 'ready':
      return moveReady(state, input, atMs);
    default:
      return assertNever(state);
  }
}

function moveConnected(
  state: SessionState & { name: 'connected' },
  input: SessionInput,
  atMs: number,
): SessionMove {
  if (input.type === 'frame' && input.frame === 'hello') {
    if (input.protocol !== protocolVersion) return end('protocol_version', 'refuse');
    return { state: { name: 'checking' }, effect: 'check' };
  }
  if (input.type === 'tick' && atMs - state.sinceMs >= helloWithinMs) return end('hello_missing');
  return { state, effect: 'none' };
}

function moveReady(
  state: SessionState & { name: 'ready' },
  input: SessionInput,
  atMs: number,
): SessionMove {
  switch (input.type) {
    case 'frame':
      if (input.frame === 'hello') return end('hello_twice');
      return { state: { ...state, heardAtMs: atMs }, effect: 'pass' };
    case 'held':
      return { state: { ...state, isHeld: true }, effect: 'none' };
    case 'released':
      return { state: { ...state, isHeld: false, heardAtMs: atMs }, effect: 'none' };
    case 'tick':
      if (!state.isHeld && atMs - state.heardAtMs >= offlineAfterMs) return end('silence');
      return { state, effect: 'none' };
    case 'welcomed':
    case 'refused':
      return { state, effect: 'none' };
    case 'end':
      return end(input.reason);
    default:
      return assertNever(input);
  }
}
