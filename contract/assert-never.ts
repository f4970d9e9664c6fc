/** Ends a switch over a union: the compiler finds the forgotten case, a value that came in unparsed is named at run time. */
export function assertNever(value: never): never {
  throw new TypeError(`unexpected value: ${JSON.stringify(value)}`);
}
