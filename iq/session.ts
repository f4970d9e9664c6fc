/**
 * The session of the device link as a machine, pure.
 *
 *   down ── dial ──> dialling ── connected ──> greeting (hello sent) ── welcome ──> ready | unclaimed
 *    ^                  │                         │ refused, silence                    │ silence, closed
 *    └── wait (back-off)┴─────────────────────────┴─────────────────────────────────────┘
 *
 * `unclaimed` = the hub belongs to nobody and waits for a claim; a claim leads to a new greeting with the new credential.
 */
import { heartbeatMs, offlineAfterMs } from '#contract/iq-link';

export type SessionState =
  | { readonly name: 'down'; readonly failures: number }
  | { readonly name: 'dialling'; readonly failures: number }
  | { readonly name: 'greeting'; readonly session: string; readonly failures: number }
  | { readonly name: 'unclaimed' | 'ready'; readonly session: string; readonly timing: Timing };

export type Timing = { readonly heartbeatMs: number; readonly offlineAfterMs: number };

export type SessionInput =
  | { readonly type: 'dial' }
  | { readonly type: 'connected'; readonly session: string }
  | {
      readonly type: 'welcome';
      readonly session: string;
      readonly iqId: string | null;
      readonly timing: Timing;
    }
  | { readonly type: 'claimed' }
  | { readonly type: 'lost' };

export const usualTiming: Timing = { heartbeatMs, offlineAfterMs };

/** The state after an input; an input that does not belong to the state leaves it as it is. */
export function nextSession(state: SessionState, input: SessionInput): SessionState {
  switch (input.type) {
    case 'dial':
      return state.name === 'down' ? { name: 'dialling', failures: state.failures } : state;
    case 'connected':
      return state.name === 'dialling'
        ? { name: 'greeting', session: input.session, failures: state.failures }
        : state;
    case 'welcome':
      // A welcome of a former connection, still on its way, must not open this one.
      if (state.name !== 'greeting' || state.session !== input.session) return state;
      return {
        name: input.iqId === null ? 'unclaimed' : 'ready',
        session: input.session,
        timing: input.timing,
      };
    case 'claimed':
      return state.name === 'unclaimed' ? { name: 'down', failures: 0 } : state;
    case 'lost':
      return { name: 'down', failures: failuresOf(state) };
    default:
      return state;
  }
}

function failuresOf(state: SessionState): number {
  switch (state.name) {
    case 'down':
      return state.failures;
    case 'dialling':
    case 'greeting':
      return state.failures + 1;
    default:
      // The first return after a good session is quick.
      return 0;
  }
}

const firstBackOffMs = 500;
const longestBackOffMs = 30_000;

/** How long to wait before dialling again: doubling, and spread by `chance` (0-1) so that a thousand hubs do not come at once. */
export function backOffMs(failures: number, chance: number): number {
  const ceiling = Math.min(longestBackOffMs, firstBackOffMs * 2 ** Math.min(failures, 10));
  return Math.round(ceiling * (0.5 + chance / 2));
}
