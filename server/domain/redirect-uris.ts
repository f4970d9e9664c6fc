/** Where a client may have browsers led to: an address that it has registered, to the letter (identity.md 2). */

/** Plain HTTP to this machine itself (RFC 8252 section 7.3), up to its port. */
const loopback = /^(http:\/\/(?:127\.0\.0\.1|\[::1\]|localhost))(?::\d{1,5})?(?=[/?]|$)/i;

/** Schemes that would run or read something in place of opening an app. */
const dangerous: ReadonlySet<string> = new Set([
  'about:',
  'blob:',
  'data:',
  'file:',
  'filesystem:',
  'ftp:',
  'javascript:',
  'vbscript:',
  'view-source:',
  'ws:',
  'wss:',
]);

/** Whether an address is one of the registered ones; that of a program on the person's machine may be on any port. */
export function isRegistered(uri: string, registered: readonly string[]): boolean {
  if (registered.includes(uri)) return true;
  const portless = withoutPort(uri);
  return portless !== undefined && registered.some((other) => withoutPort(other) === portless);
}

/** What is wrong with an address that is to be registered, as a sentence; undefined = nothing. */
export function redirectUriFault(uri: string): string | undefined {
  if (uri.length > 2_000 || !/^[\x21-\x7e]+$/.test(uri)) return 'It is no address.';
  const parsed = URL.parse(uri);
  if (parsed === null) return 'It is no address.';
  if (uri.includes('#')) return 'It must have no fragment.';
  if (parsed.username !== '' || parsed.password !== '') return 'It must name no user.';
  if (uri.includes('*')) return 'It must be written out in full, without *.';
  if (parsed.protocol === 'https:' || withoutPort(uri) !== undefined) return undefined;
  if (parsed.protocol === 'http:') return 'http is for 127.0.0.1, [::1] and localhost only.';
  if (dangerous.has(parsed.protocol)) return `The scheme ${parsed.protocol} is not for this.`;
  return undefined;
}

function withoutPort(uri: string): string | undefined {
  const origin = loopback.exec(uri);
  return origin?.[1] && origin[1] + uri.slice(origin[0].length);
}
