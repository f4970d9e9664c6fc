import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { changedPin, isOtp, newOtpSource, otpAt } from './otp.ts';

describe('the one-time code', () => {
  it.each([
    ['2026-01-01T12:00:00Z', 'ABCDEFGHIJKLMNOP', '1234', '22e2a'],
    ['2026-08-25T07:25:00Z', 'ABCDEFGHIJKLMNOP', '1234', '28a5a'],
    ['2026-12-31T23:59:59Z', 'qrstuvwxyz012345', '9876', '018bb'],
    ['2030-06-06T10:11:12Z', '0a1b2c3d4e5f6g7h', '0042', '1ddfb'],
    ['2028-02-29T00:00:01Z', 'KLMNOPqrstuv4321', '0000', '57ba2'],
  ])('of %s with %s and %s is %s', (at, secret, pin, otp) => {
    expect(otpAt(new Date(at), { secret, pin })).toBe(otp);
  });

  const source = { secret: 'ABCDEFGHIJKLMNOP', pin: '1234' };
  const made = new Date('2026-01-01T12:00:00Z');
  const after = (seconds: number) => new Date(made.getTime() + seconds * 1000);
  const accepted = (code: string, now: Date) => isOtp(code, source, { now, futureSeconds: 60 });

  it('is accepted in any letter case from 60 s before its second to 180 s after it, and not beyond', () => {
    expect(accepted('22E2A', made)).toBe(true);
    expect(accepted('22e2a', after(180))).toBe(true);
    expect(accepted('22e2a', after(-60))).toBe(true);
    expect(accepted('22e2a', after(181))).toBe(false);
    expect(accepted('22e2a', after(-61))).toBe(false);
  });

  it('is refused when it has not five characters, in whichever script', () => {
    expect(accepted('', made)).toBe(false);
    expect(accepted('22e2', made)).toBe(false);
    expect(accepted('22e2aa', made)).toBe(false);
    expect(accepted('２２e', made)).toBe(false);
  });
});

describe('a PIN', () => {
  it.each([
    ['1234', '5678', '6666'],
    ['6596', '6995', '0601'],
    ['0042', '0000', '0042'],
  ])('%s less %s is %s', (pin, delta, next) => {
    expect(changedPin(pin, delta)).toBe(next);
  });
});

it('a fresh source has 16 letters or digits and 4 digits', () => {
  const { secret, pin } = newOtpSource(randomBytes);
  expect(secret).toMatch(/^[A-Za-z0-9]{16}$/);
  expect(pin).toMatch(/^\d{4}$/);
});
