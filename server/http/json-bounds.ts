/**
 * How deep and how rich a large JSON body may be, looked at before it is parsed: 64 MiB of `[` or `{},` would become
 * gigabytes of objects. Pure; it judges bounds only, whether it is JSON is for the parser.
 */

export type JsonBounds = {
  /** Objects and lists inside each other. */
  readonly depth: number;
  /** Objects, lists and their members, all together. */
  readonly values: number;
};

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const openers = new Set([0x5b, 0x7b]);
const closers = new Set([0x5d, 0x7d]);

/** What is beyond the bounds, or null. */
export function findJsonExcess(bytes: Buffer, bounds: JsonBounds): string | null {
  let depth = 0;
  let values = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte === quote) {
      at = endOfString(bytes, at);
      continue;
    }
    if (openers.has(byte)) {
      depth += 1;
      values += 1;
      if (depth > bounds.depth) return `It nests deeper than ${bounds.depth}.`;
    } else if (closers.has(byte)) depth -= 1;
    else if (byte === comma) values += 1;
    if (values > bounds.values) return `It holds more than ${bounds.values} values.`;
  }
  return null;
}

/** The place of the closing quote, or the end. */
function endOfString(bytes: Buffer, start: number): number {
  let at = start;
  for (;;) {
    at = bytes.indexOf(quote, at + 1);
    if (at < 0) return bytes.length;
    let before = at - 1;
    while (bytes[before] === backslash) before -= 1;
    if ((at - before) % 2 === 1) return at;
  }
}
