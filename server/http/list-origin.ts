import { BlockList, isIP } from 'node:net';
import type { IncomingHttpHeaders } from 'node:http';

/** Answers whether an address is a configured proxy, whose forwarding headers are believed. */
export type TrustedProxies = (address: string | undefined) => boolean;

/** Makes the check from addresses and CIDR ranges, IPv4 or IPv6; throws RangeError for one that is neither. */
export function createTrustedProxies(ranges: readonly string[]): TrustedProxies {
  const list = new BlockList();
  for (const range of ranges) {
    const [address = '', bits] = range.split('/');
    const family = isIP(address);
    const prefix = bits === undefined ? (family === 4 ? 32 : 128) : Number(bits);
    const isPrefix = Number.isInteger(prefix) && prefix >= 0 && prefix <= (family === 4 ? 32 : 128);
    if (family === 0 || bits === '' || !isPrefix)
      throw new RangeError(`Not an address or range of addresses: ${range}`);
    list.addSubnet(address, prefix, family === 4 ? 'ipv4' : 'ipv6');
  }
  return (address) => {
    // A socket that listens on both families shows an IPv4 peer as ::ffff:10.0.0.1.
    const plain = address?.replace(/^::ffff:(?=\d+\.)/i, '') ?? '';
    const family = isIP(plain);
    return family !== 0 && list.check(plain, family === 4 ? 'ipv4' : 'ipv6');
  };
}

export type Caller = {
  readonly headers: IncomingHttpHeaders;
  readonly remoteAddress: string | undefined;
  readonly isTls: boolean;
};

export type OriginRules = {
  /** The configured public URL; a path in it is kept. */
  readonly publicUrl: string | undefined;
  readonly isTrustedProxy: TrustedProxies;
};

/**
 * The origin that links to ourselves begin with, and the prefix a proxy took off the path; no slash at its end
 * (core-api.md 5.1): the public URL, else what a trusted proxy forwards, else the connection.
 */
export function requestOrigin(
  { headers, remoteAddress, isTls }: Caller,
  { publicUrl, isTrustedProxy }: OriginRules,
): string {
  if (publicUrl !== undefined) return publicUrl.replace(/\/+$/, '');
  const own = { scheme: isTls ? 'https' : 'http', host: validHost(headers.host) ?? 'localhost' };
  if (!isTrustedProxy(remoteAddress)) return `${own.scheme}://${own.host}`;
  const forwarded = readForwarded(headers);
  const scheme = forwarded.scheme ?? own.scheme;
  const host = withPort(forwarded.host ?? own.host, { scheme, port: forwarded.port });
  return `${scheme}://${host}${forwarded.prefix}`;
}

type Forwarded = {
  readonly scheme: string | undefined;
  readonly host: string | undefined;
  readonly port: string | undefined;
  readonly prefix: string;
};

/** Of several values the first counts: the proxy nearest to the caller wrote it. */
function readForwarded(headers: IncomingHttpHeaders): Forwarded {
  const standard = readStandard(first(headers['forwarded']));
  return {
    scheme: validScheme(first(headers['x-forwarded-proto']) ?? standard.get('proto')),
    host: validHost(first(headers['x-forwarded-host']) ?? standard.get('host')),
    port: /^\d{1,5}$/.exec(first(headers['x-forwarded-port']) ?? '')?.[0],
    prefix: validPrefix(first(headers['x-forwarded-prefix'])),
  };
}

function first(header: string | string[] | undefined): string | undefined {
  const text = Array.isArray(header) ? header[0] : header;
  const value = text?.split(',')[0]?.trim();
  return value === '' ? undefined : value;
}

/** RFC 7239: `for=192.0.2.60;proto=https;host="cardea.example"`. */
function readStandard(element: string | undefined): ReadonlyMap<string, string> {
  const pairs = (element ?? '').split(';').map((pair) => pair.split('='));
  return new Map(
    pairs.map(([name = '', ...value]) => [
      name.trim().toLowerCase(),
      value.join('=').trim().replace(/^"|"$/g, ''),
    ]),
  );
}

function validScheme(text: string | undefined): string | undefined {
  const scheme = text?.toLowerCase();
  return scheme === 'http' || scheme === 'https' ? scheme : undefined;
}

function validHost(text: string | undefined): string | undefined {
  return /^(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i.test(text ?? '') ? text : undefined;
}

function validPrefix(text: string | undefined): string {
  const prefix = (text ?? '').replace(/\/+$/, '');
  return /^(?:\/[\w.~%-]+)+$/.test(prefix) ? prefix : '';
}

function withPort(
  host: string,
  { scheme, port }: { readonly scheme: string; readonly port: string | undefined },
): string {
  const usual = scheme === 'https' ? '443' : '80';
  if (port === undefined || port === usual || /:\d+$/.test(host)) return host;
  return `${host}:${port}`;
}
