import { encode } from '@msgpack/msgpack';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { messagePackProtocol as protocol } from './messagepack-protocol.ts';

const framed = (value: unknown): Buffer => {
  const body = encode(value);
  if (body.byteLength >= 128) throw new Error('a short message');
  return Buffer.concat([Buffer.from([body.byteLength]), body]);
};

describe('MessagePack (streaming.md 5)', () => {
  it.each([
    [{ kind: 'event', text: '{"id":"é"}' }, [1, {}, null, 'ReceiveMessage', ['{"id":"é"}'], []]],
    [{ kind: 'result', invocationId: '7', result: true }, [3, {}, '7', 3, true]],
    [{ kind: 'error', invocationId: '7', error: 'no' }, [3, {}, '7', 1, 'no']],
    [{ kind: 'ping' }, [6]],
    [{ kind: 'close', error: null, allowReconnect: true }, [7, null, true]],
    [{ kind: 'close', error: 'why', allowReconnect: false }, [7, 'why', false]],
  ] as const)('%j is the array %j behind its length', (message, items) => {
    expect(protocol.write(message)).toEqual(framed(items));
  });

  it('a length over 127 takes more bytes, the lowest seven bits first', () => {
    const written = protocol.write({ kind: 'event', text: 'x'.repeat(300) });
    const length = written.length - 2;
    expect([written[0], written[1]]).toEqual([(length & 0x7f) | 0x80, length >> 7]);
  });

  it.each([
    [[6], { kind: 'ping' }],
    [[7], { kind: 'close' }],
    [[7, 'error', true, 'more'], { kind: 'close' }],
    [
      [1, {}, null, 'A'],
      { kind: 'call', target: 'A', invocationId: null, given: [], isStream: false },
    ],
    [
      [1, { a: 'b' }, '3', 'Ack', ['c'], [], 'unknown'],
      { kind: 'call', target: 'Ack', invocationId: '3', given: ['c'], isStream: false },
    ],
    [
      [4, {}, '3', 'S', []],
      { kind: 'call', target: 'S', invocationId: '3', given: [], isStream: true },
    ],
    [[2, {}, '3', 1], { kind: 'ignored' }],
    [[9, 4], { kind: 'ignored' }],
    [[1, {}, '3', 4], { kind: 'unreadable' }],
    [[], { kind: 'unreadable' }],
    [{ type: 6 }, { kind: 'unreadable' }],
    [['6'], { kind: 'unreadable' }],
  ])('%j is read as %j', (items, message) => {
    expect(protocol.read(Buffer.from(encode(items)))).toEqual(message);
  });

  it('messages are found in whatever pieces they come', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ maxLength: 40 }), { maxLength: 6 }),
        fc.nat(),
        (texts, cut) => {
          const bytes = Buffer.concat(texts.map((text) => framed([1, {}, null, text, []])));
          const at = bytes.length === 0 ? 0 : cut % bytes.length;
          const first = protocol.split(bytes.subarray(0, at));
          const rest = Buffer.concat([first?.rest ?? Buffer.alloc(0), bytes.subarray(at)]);
          const second = protocol.split(rest);
          const all = [...(first?.messages ?? []), ...(second?.messages ?? [])];
          expect(all.map((message) => protocol.read(message))).toMatchObject(
            texts.map((target) => ({ target })),
          );
          expect(second?.rest).toHaveLength(0);
        },
      ),
    );
  });

  it.each([
    ['a length of six bytes', [0x80, 0x80, 0x80, 0x80, 0x80, 0x01]],
    ['a message over 32 KiB', [0x81, 0x80, 0x02]],
  ])('%s cannot be read', (_name, bytes) => {
    expect(protocol.split(Buffer.from(bytes))).toBeNull();
  });

  it('nothing a client sends makes it fail', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        const split = protocol.split(Buffer.from(bytes));
        for (const message of split?.messages ?? [])
          expect(protocol.read(message)).toHaveProperty('kind');
      }),
    );
  });
});
