import { describe, expect, it } from 'vitest';
import { createTrustedProxies, requestOrigin } from './list-origin.ts';

const proxies = createTrustedProxies(['10.0.0.0/8', '::1', '127.0.0.1']);

function origin(
  headers: Record<string, string>,
  { remoteAddress = '10.1.2.3', isTls = false, publicUrl }: Parts = {},
): string {
  return requestOrigin(
    { headers: { host: 'inner:8080', ...headers }, remoteAddress, isTls },
    { publicUrl, isTrustedProxy: proxies },
  );
}

type Parts = { remoteAddress?: string; isTls?: boolean; publicUrl?: string };

describe('the origin of links', () => {
  it('is the public URL when one is configured', () => {
    const publicUrl = 'https://keys.example/base/';
    expect(origin({ 'x-forwarded-host': 'other' }, { publicUrl })).toBe(
      'https://keys.example/base',
    );
  });

  it('is the connection when the caller is no trusted proxy', () => {
    const forged = {
      'x-forwarded-host': 'evil.example',
      forwarded: 'host=evil.example;proto=https',
    };
    expect(origin(forged, { remoteAddress: '192.0.2.1' })).toBe('http://inner:8080');
    expect(origin({}, { remoteAddress: '192.0.2.1', isTls: true })).toBe('https://inner:8080');
    expect(origin({ host: 'a b/c' }, { remoteAddress: '192.0.2.1' })).toBe('http://localhost');
  });

  it.each([
    [{ 'x-forwarded-proto': 'https' }, 'https://inner:8080'],
    [{ 'x-forwarded-host': 'keys.example', 'x-forwarded-proto': 'https' }, 'https://keys.example'],
    [
      { 'x-forwarded-host': 'keys.example', 'x-forwarded-proto': 'https, http' },
      'https://keys.example',
    ],
    [
      {
        'x-forwarded-host': 'keys.example',
        'x-forwarded-proto': 'https',
        'x-forwarded-port': '443',
      },
      'https://keys.example',
    ],
    [
      {
        'x-forwarded-host': 'keys.example',
        'x-forwarded-proto': 'https',
        'x-forwarded-port': '8443',
      },
      'https://keys.example:8443',
    ],
    [
      { 'x-forwarded-host': 'keys.example:9443', 'x-forwarded-port': '8443' },
      'http://keys.example:9443',
    ],
    [
      { 'x-forwarded-host': 'keys.example', 'x-forwarded-prefix': '/cardea/' },
      'http://keys.example/cardea',
    ],
    [{ 'x-forwarded-prefix': '//evil.example' }, 'http://inner:8080'],
    [{ 'x-forwarded-host': 'evil.example/path' }, 'http://inner:8080'],
    [{ 'x-forwarded-proto': 'javascript' }, 'http://inner:8080'],
    [
      { forwarded: 'for=192.0.2.60;Proto=https;host="keys.example:444"' },
      'https://keys.example:444',
    ],
    [{ forwarded: 'host=a.example;proto=https, host=b.example;proto=http' }, 'https://a.example'],
  ])('behind a trusted proxy that sends %j is %s', (headers, expected) => {
    expect(origin(headers)).toBe(expected);
  });

  it.each([
    ['10.255.0.1', true],
    ['::ffff:10.0.0.1', true],
    ['::1', true],
    ['127.0.0.1', true],
    ['127.0.0.2', false],
    ['11.0.0.1', false],
    ['nonsense', false],
    [undefined, false],
  ])('%s is a trusted proxy: %s', (address, isTrusted) => {
    expect(proxies(address)).toBe(isTrusted);
  });

  it.each(['proxy', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/x', ''])(
    '%j is no range of addresses',
    (range) => {
      expect(() => createTrustedProxies([range])).toThrow(RangeError);
    },
  );
});
