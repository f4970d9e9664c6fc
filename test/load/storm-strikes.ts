/** What can happen to a building and its server, drawn by a seed. */

/** A generator of numbers in [0, 1) that gives the same ones for the same seed (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d_2b_79_f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export type Strike =
  | { readonly kind: 'kill_server' | 'kill_gateway' | 'kill_postgres' }
  | { readonly kind: 'kill_hub'; readonly hub: number }
  | {
      readonly kind: 'half_open' | 'cut' | 'fill_disk';
      readonly hub: number;
      readonly forMs: number;
    }
  | { readonly kind: 'move_clock'; readonly hub: number; readonly byMs: number };

/** How often each comes, in parts of all. */
const shares: readonly (readonly [Strike['kind'], number])[] = [
  ['kill_server', 2],
  ['kill_gateway', 3],
  ['kill_postgres', 2],
  ['kill_hub', 4],
  ['half_open', 3],
  ['cut', 3],
  ['fill_disk', 2],
  ['move_clock', 2],
];

const longestBreakMs = 8_000;
const longestJumpMs = 10 * 60_000;

/** The next thing to happen to one of `hubs` hubs. */
export function drawStrike(random: () => number, hubs: number): Strike {
  const kind = drawKind(random);
  const hub = Math.floor(random() * hubs);
  switch (kind) {
    case 'kill_hub':
      return { kind, hub };
    case 'half_open':
    case 'cut':
    case 'fill_disk':
      return { kind, hub, forMs: Math.round(500 + random() * longestBreakMs) };
    case 'move_clock':
      return { kind, hub, byMs: Math.round((random() * 2 - 1) * longestJumpMs) };
    default:
      return { kind };
  }
}

function drawKind(random: () => number): Strike['kind'] {
  const total = shares.reduce((sum, [, share]) => sum + share, 0);
  let left = random() * total;
  for (const [kind, share] of shares) {
    left -= share;
    if (left < 0) return kind;
  }
  return 'cut';
}
