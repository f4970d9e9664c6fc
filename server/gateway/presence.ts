/**
 * Whether an IQ counts as online, as a machine without I/O (behaviour.md 2 and 10).
 *
 *     absent ─ welcomed ─► present ─ connection gone ─► lingering ─ 15 s since last heard ─► absent (declare offline)
 *                             ▲──────── welcomed ──────────┘
 *
 * A hub that comes back within the 15 s was never offline. Commands do not look here but at the connection itself.
 */
import { assertNever } from '#contract/assert-never';
import { offlineAfterMs } from '#contract/iq-link';

export type PresenceState =
  | { readonly name: 'absent' }
  | { readonly name: 'present' }
  | {
      readonly name: 'lingering';
      readonly heardAtMs: number;
      readonly reason: 'silence' | 'closed';
    };

export type PresenceInput =
  | { readonly type: 'welcomed' }
  | { readonly type: 'lost'; readonly heardAtMs: number; readonly reason: 'silence' | 'closed' }
  | { readonly type: 'tick' };

export type PresenceMove = {
  readonly state: PresenceState;
  readonly effect: 'none' | 'declare_online' | 'declare_offline';
};

export const absent: PresenceState = { name: 'absent' };

/** What an input does to the presence of an IQ at a time. */
export function movePresence(
  state: PresenceState,
  input: PresenceInput,
  atMs: number,
): PresenceMove {
  switch (input.type) {
    // Told again by each connection: the IQ may have been with another gateway in between.
    case 'welcomed':
      return { state: { name: 'present' }, effect: 'declare_online' };
    case 'lost': {
      if (state.name === 'absent') return { state, effect: 'none' };
      const { heardAtMs, reason } = input;
      return settle({ name: 'lingering', heardAtMs, reason }, atMs);
    }
    case 'tick':
      return state.name === 'lingering' ? settle(state, atMs) : { state, effect: 'none' };
    default:
      return assertNever(input);
  }
}

function settle(state: PresenceState & { name: 'lingering' }, atMs: number): PresenceMove {
  return atMs - state.heardAtMs >= offlineAfterMs
    ? { state: absent, effect: 'declare_offline' }
    : { state, effect: 'none' };
}
