/** Pictures made by hand, part by part, so that tests say what is in them. */
import { crc32, deflateSync } from 'node:zlib';

export type Chunk = readonly [type: string, data: Buffer];

function chunk([type, data]: Chunk): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}

/** A grey PNG; `says` = sides that its header claims, `more` = chunks between header and pixels. */
export function pngOf({
  width,
  height,
  says = { width, height },
  more = [],
}: {
  readonly width: number;
  readonly height: number;
  readonly says?: { readonly width: number; readonly height: number };
  readonly more?: readonly Chunk[];
}): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(says.width, 0);
  header.writeUInt32BE(says.height, 4);
  header.set([8, 0, 0, 0, 0], 8);
  const rows = Buffer.alloc((width + 1) * height, 0xdd);
  for (let row = 0; row < height; row += 1) rows[row * (width + 1)] = 0;
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    ...[
      ['IHDR', header] as const,
      ...more,
      ['IDAT', deflateSync(rows)] as const,
      ['IEND', Buffer.alloc(0)] as const,
    ].map(chunk),
  ]);
}

/** Markers of a JPEG with their data: as much of one as tells its size, with notes of where it was taken. */
export function jpegOf({
  width,
  height,
  orientation = 1,
  note = '',
}: {
  readonly width: number;
  readonly height: number;
  readonly orientation?: number;
  readonly note?: string;
}): Buffer {
  const segment = (marker: number, data: Buffer): Buffer => {
    const head = Buffer.from([0xff, marker, 0, 0]);
    head.writeUInt16BE(data.length + 2, 2);
    return Buffer.concat([head, data]);
  };
  const frame = Buffer.from([8, 0, 0, 0, 0, 1, 1, 0x11, 0]);
  frame.writeUInt16BE(height, 1);
  frame.writeUInt16BE(width, 3);
  // TIFF in little endian: one entry, which says what side is up.
  const exif = Buffer.from(
    '45786966000049492a0008000000010012010300010000000000000000000000',
    'hex',
  );
  exif.writeUInt16LE(orientation, 24);
  return Buffer.concat([
    Buffer.from([0xff, 0xd8]),
    segment(0xe0, Buffer.from('JFIF\0\x01\x01\0\0\x01\0\x01\0\0', 'latin1')),
    segment(0xe1, Buffer.concat([exif, Buffer.from(note)])),
    segment(0xfe, Buffer.from(note)),
    segment(0xdb, Buffer.alloc(65, 1)),
    segment(0xc0, frame),
    segment(0xc4, Buffer.alloc(20)),
    segment(0xda, Buffer.from([1, 1, 0, 0, 63, 0])),
    // Pixels, with a stuffed byte and a restart between them.
    Buffer.from([0x12, 0xff, 0x00, 0x34, 0xff, 0xd0, 0x56, 0xff, 0xd9]),
  ]);
}

/** A WebP without loss in the extended form, with a part that holds notes. */
export function webpOf({
  width,
  height,
  note = '',
}: {
  readonly width: number;
  readonly height: number;
  readonly note?: string;
}): Buffer {
  const part = (type: string, data: Buffer): Buffer => {
    const length = Buffer.alloc(4);
    length.writeUInt32LE(data.length);
    return Buffer.concat([Buffer.from(type), length, data, Buffer.alloc(data.length % 2)]);
  };
  const canvas = Buffer.alloc(10);
  canvas[0] = 0b1000;
  canvas.writeUIntLE(width - 1, 4, 3);
  canvas.writeUIntLE(height - 1, 7, 3);
  const pixels = Buffer.alloc(7);
  pixels[0] = 0x2f;
  pixels.writeUInt32LE((width - 1) | ((height - 1) << 14), 1);
  const body = Buffer.concat([
    Buffer.from('WEBP'),
    part('VP8X', canvas),
    part('VP8L', pixels),
    part('EXIF', Buffer.from(note)),
  ]);
  return Buffer.concat([part('RIFF', body)]);
}
