import { expect, it } from 'vitest';
import { createTrustedProxies } from './list-origin.ts';
import { createMetricsAccess } from './metrics-access.ts';

const accessOf = (token: string | undefined, proxies: readonly string[] = []) =>
  createMetricsAccess({ token, isTrustedProxy: createTrustedProxies(proxies) });

it.each([
  ['127.0.0.1', 'allowed'],
  ['::1', 'allowed'],
  ['::ffff:127.0.0.1', 'allowed'],
  ['10.0.0.7', 'not_here'],
  ['::ffff:10.0.0.7', 'not_here'],
  [undefined, 'not_here'],
])('without a token the metrics are for this machine: %s is %s', (remoteAddress, answer) => {
  expect(accessOf(undefined)({ headers: {}, remoteAddress })).toBe(answer);
});

it('without a token they are not for what comes by a proxy of this machine', () => {
  const access = accessOf(undefined, ['127.0.0.1']);
  expect(access({ headers: {}, remoteAddress: '127.0.0.1' })).toBe('not_here');
  const headers = { 'x-real-ip': '203.0.113.7' };
  expect(accessOf(undefined)({ headers, remoteAddress: '127.0.0.1' })).toBe('not_here');
});

it('with a token they are for whoever shows it, from wherever', () => {
  const access = accessOf('a-token-of-the-operator');
  const ask = (authorization?: string) =>
    access({
      headers: authorization === undefined ? {} : { authorization },
      remoteAddress: '203.0.113.7',
    });
  expect(ask('Bearer a-token-of-the-operator')).toBe('allowed');
  expect(ask('Bearer a-token-of-the-operato')).toBe('unknown_token');
  expect(ask()).toBe('unknown_token');
  expect(access({ headers: {}, remoteAddress: '127.0.0.1' })).toBe('unknown_token');
});
