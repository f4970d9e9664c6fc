import { createHash, timingSafeEqual } from 'node:crypto';
import { BlockList, isIP } from 'node:net';
import type { IncomingHttpHeaders } from 'node:http';
import type { TrustedProxies } from './list-origin.ts';

export type MetricsAccess = (caller: {
  readonly headers: IncomingHttpHeaders;
  readonly remoteAddress: string | undefined;
}) => 'allowed' | 'unknown_token' | 'not_here';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

const forwarding = ['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip'];

/**
 * Who may read the metrics: with a token whoever shows it, without one this machine itself. What a proxy hands on comes
 * from this machine too, so a trusted proxy and whatever was forwarded count as strangers.
 */
export function createMetricsAccess({
  token,
  isTrustedProxy,
}: {
  readonly token: string | undefined;
  readonly isTrustedProxy: TrustedProxies;
}): MetricsAccess {
  if (token !== undefined) {
    const wanted = digest(`Bearer ${token}`);
    return ({ headers }) =>
      timingSafeEqual(digest(headers.authorization ?? ''), wanted) ? 'allowed' : 'unknown_token';
  }
  return ({ headers, remoteAddress }) => {
    const address = remoteAddress?.replace(/^::ffff:(?=\d+\.)/i, '') ?? '';
    const family = isIP(address);
    const isOwn = family !== 0 && loopback.check(address, family === 4 ? 'ipv4' : 'ipv6');
    const isForwarded = forwarding.some((name) => headers[name] !== undefined);
    return isOwn && !isForwarded && !isTrustedProxy(address) ? 'allowed' : 'not_here';
  };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
