import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';
import type { TrustedProxies } from '#server/http/list-origin';

/**
 * Where a request comes from: the nearest address that is not a trusted proxy. X-Forwarded-For is read from its end, as
 * each proxy adds whom it saw; what a stranger wrote in front is never reached.
 */
export function clientAddress(
  request: { readonly headers: IncomingHttpHeaders; readonly remoteAddress: string | undefined },
  isTrustedProxy: TrustedProxies,
): string {
  const forwarded = [request.headers['x-forwarded-for'] ?? []].flat().join(',');
  const hops = forwarded
    .split(',')
    .map((hop) => hop.trim())
    .filter(Boolean);
  let address = request.remoteAddress ?? '';
  while (isTrustedProxy(address)) {
    const hop = hops.pop();
    if (hop === undefined || isIP(hop) === 0) break;
    address = hop;
  }
  return address;
}
