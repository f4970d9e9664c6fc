import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { jpegOf, pngOf, webpOf } from '#test/kit/pictures';
import { cleanImage } from './plan-image.ts';

const note = 'Here and there';
const whole: readonly Buffer[] = [
  pngOf({ width: 5, height: 4, more: [['tEXt', Buffer.from(note)]] }),
  jpegOf({ width: 60, height: 40, orientation: 8, note }),
  webpOf({ width: 9, height: 9, note }),
];

it('whatever is wrong with a picture, it is told in a word or cleaned once for all', () => {
  const change = fc.tuple(fc.nat(400), fc.nat(255));
  fc.assert(
    fc.property(
      fc.constantFrom(...whole),
      fc.array(change, { maxLength: 4 }),
      fc.option(fc.nat(400)),
      (picture, changes, length) => {
        const bytes = Buffer.from(picture);
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        const cleaned = cleanImage(length === null ? bytes : bytes.subarray(0, length));
        if (typeof cleaned === 'string') expect(['kind', 'damaged', 'size']).toContain(cleaned);
        else expect(cleanImage(cleaned.bytes)).toEqual(cleaned);
      },
    ),
    { numRuns: 3_000 },
  );
});

it.each([1, 2, 3, 4, 5, 6, 7, 8])('side %i of a photograph stays up', (orientation) => {
  const sent = jpegOf({ width: 60, height: 40, orientation, note });
  const isTurned = orientation > 4;
  const cleaned = cleanImage(sent);
  expect(cleaned).toMatchObject(isTurned ? { width: 40, height: 60 } : { width: 60, height: 40 });
  expect(cleaned).toEqual(cleanImage(jpegOf({ width: 60, height: 40, orientation })));
});
