import { array, assert, integer, property } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPacketMeter } from './packet-meter.ts';

/** A packet as MQTT 3.1.1 writes it: type, length in base 128, body. */
function packet(bodyBytes: number): Buffer {
  const length: number[] = [];
  let left = bodyBytes;
  do {
    const digit = left % 128;
    left = Math.floor(left / 128);
    length.push(left > 0 ? digit | 0x80 : digit);
  } while (left > 0);
  return Buffer.concat([Buffer.from([0x30, ...length]), Buffer.alloc(bodyBytes, 0xff)]);
}

describe('the packet meter', () => {
  it('passes packets up to the limit however the stream is cut, and none above it', () => {
    const sizes = array(integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 12 });
    assert(
      property(sizes, integer({ min: 1, max: 97 }), (bodies, cut) => {
        const meter = createPacketMeter(300);
        const stream = Buffer.concat(bodies.map(packet));
        let isPassed = true;
        for (let at = 0; at < stream.length && isPassed; at += cut) {
          isPassed = meter.take(stream.subarray(at, at + cut));
        }
        expect(isPassed).toBe(bodies.every((bytes) => bytes <= 300));
      }),
    );
  });

  it('sees a packet too large in its header, before any of its body', () => {
    const meter = createPacketMeter(100_000);
    expect(meter.take(packet(100_001).subarray(0, 4))).toBe(false);
  });

  it('refuses a length that never ends', () => {
    expect(createPacketMeter(100).take(Buffer.from([0x30, 0xff, 0xff, 0xff, 0xff, 0xff]))).toBe(
      false,
    );
  });

  it('takes another limit from the next packet on', () => {
    const meter = createPacketMeter(10);
    meter.setLimit(200);
    expect(meter.take(packet(200))).toBe(true);
  });
});
