/**
 * What a picture is by its bytes, and the picture without what nobody wanted to publish: where and with what it was taken, notes,
 * thumbnails, whatever hangs behind its end. Pure. Parts that browsers need to show it are copied as they are; all others are left out
 * (PNG: W3C PNG 3rd edition; JPEG: ITU T.81 and EXIF 2.3; WebP: RFC 9649).
 */
import { crc32 } from 'node:zlib';
import { planLimits, type PlanImageType } from '#contract/floor-plans';
import { imageTypeOf } from './image-type.ts';

export type CleanImage = {
  readonly mediaType: PlanImageType;
  /** In pixels, as it is shown. */
  readonly width: number;
  readonly height: number;
  readonly bytes: Buffer;
};

/** kind: none of those that are taken; damaged: it ends too early or contradicts itself; size: more pixels than phones can bear. */
export type ImageFault = 'kind' | 'damaged' | 'size';

/** Thrown inside, told as `damaged`. */
class Damage extends Error {}

export function cleanImage(sent: Buffer): CleanImage | ImageFault {
  const mediaType = imageTypeOf(sent);
  if (mediaType === undefined) return 'kind';
  try {
    const image = { mediaType, ...cleaners[mediaType](sent) };
    return isTooLarge(image) ? 'size' : image;
  } catch (error) {
    if (error instanceof Damage || error instanceof RangeError) return 'damaged';
    throw error;
  }
}

type Cleaned = Omit<CleanImage, 'mediaType'>;

const cleaners: Readonly<Record<PlanImageType, (sent: Buffer) => Cleaned>> = {
  'image/png': cleanPng,
  'image/jpeg': cleanJpeg,
  'image/webp': cleanWebp,
};

function isTooLarge({ width, height }: Cleaned): boolean {
  return Math.max(width, height) > planLimits.sidePixels || width * height > planLimits.pixels;
}

function must(condition: boolean): void {
  if (!condition) throw new Damage();
}

/** A part of the file; a length that leads beyond its end is damage. */
function cut(bytes: Buffer, start: number, length: number): Buffer {
  must(start + length <= bytes.length);
  return bytes.subarray(start, start + length);
}

const pngParts = new Set(
  'IHDR PLTE IDAT IEND tRNS gAMA cHRM sRGB iCCP sBIT pHYs bKGD cICP'.split(' '),
);

/** Chunks of length, type, data and CRC; an animation loses all but its first picture. */
function cleanPng(sent: Buffer): Cleaned {
  const header = cut(sent, 8, 25);
  must(header.readUInt32BE(0) === 13 && header.toString('latin1', 4, 8) === 'IHDR');
  const kept = [cut(sent, 0, 8)];
  let hasPixels = false;
  for (let at = 8; ;) {
    const length = cut(sent, at, 8).readUInt32BE(0);
    const chunk = cut(sent, at, length + 12);
    const type = chunk.toString('latin1', 4, 8);
    must(crc32(chunk.subarray(4, length + 8)) === chunk.readUInt32BE(length + 8));
    if (pngParts.has(type)) kept.push(chunk);
    hasPixels ||= type === 'IDAT';
    if (type === 'IEND') break;
    at += chunk.length;
  }
  const [width, height] = [header.readUInt32BE(8), header.readUInt32BE(12)];
  must(hasPixels && width > 0 && height > 0);
  return { width, height, bytes: Buffer.concat(kept) };
}

/** SOF0, SOF1 and SOF2: the ways of coding that browsers know. */
const jpegFrames = new Set([0xc0, 0xc1, 0xc2]);
/** Tables, frames and scans; the names of those parts that only tell something begin with them. */
const jpegParts = new Set([...jpegFrames, 0xc4, 0xda, 0xdb, 0xdd]);
const jpegNotes: Readonly<Record<number, string>> = {
  0xe0: 'JFIF\0',
  0xe2: 'ICC_PROFILE\0',
  0xee: 'Adobe',
};
const startOfScan = 0xda;
const endOfImage = 0xd9;

/** Segments of marker and length, behind each start of a scan its data. Which side is up is kept: without it a plan lies on its side. */
function cleanJpeg(sent: Buffer): Cleaned {
  const kept: Buffer[] = [];
  let size: { readonly width: number; readonly height: number } | undefined;
  let orientation = 1;
  let hasScan = false;
  for (let at = 2; ;) {
    must(cut(sent, at, 2)[0] === 0xff);
    const marker = sent[at + 1] ?? 0;
    // A marker may have fill bytes before it.
    if (marker === 0xff) {
      at += 1;
      continue;
    }
    if (marker === endOfImage) break;
    const length = cut(sent, at + 2, 2).readUInt16BE(0);
    must(length >= 2);
    let segment = cut(sent, at, length + 2);
    const data = segment.subarray(4);
    if (jpegFrames.has(marker)) {
      must(size === undefined);
      size = { height: cut(data, 1, 4).readUInt16BE(0), width: data.readUInt16BE(3) };
    }
    if (marker === 0xe1) orientation = orientationOf(data) ?? orientation;
    if (marker === startOfScan) {
      must(size !== undefined);
      hasScan = true;
      segment = sent.subarray(at, endOfScan(sent, at + segment.length));
    }
    const note = jpegNotes[marker];
    const isKept = jpegParts.has(marker) || (note !== undefined && begins(data, note));
    if (isKept) kept.push(segment);
    at += segment.length;
  }
  if (size === undefined || !hasScan || size.width === 0 || size.height === 0) throw new Damage();
  const bytes = Buffer.concat([
    Buffer.from([0xff, 0xd8]),
    ...(orientation === 1 ? [] : [orientationPart(orientation)]),
    ...kept,
    Buffer.from([0xff, endOfImage]),
  ]);
  const { width, height } = size;
  return orientation < 5 ? { width, height, bytes } : { width: height, height: width, bytes };
}

function begins(data: Buffer, text: string): boolean {
  return data.toString('latin1', 0, text.length) === text;
}

/** Where the next marker is that is none of the data: neither a stuffed FF nor a restart. */
function endOfScan(sent: Buffer, start: number): number {
  for (let at = start; ; at += 2) {
    at = sent.indexOf(0xff, at);
    must(at >= 0 && at + 1 < sent.length);
    const marker = sent[at + 1] ?? 0;
    if (marker !== 0 && (marker < 0xd0 || marker > 0xd7)) return at;
  }
}

/** EXIF 2.3, 4.6.4: 1 to 8; undefined where the part says nothing of it. */
function orientationOf(data: Buffer): number | undefined {
  if (!begins(data, 'Exif\0\0')) return undefined;
  const tiff = data.subarray(6);
  if (tiff.length < 14) return undefined;
  const isLittle = tiff.toString('latin1', 0, 2) === 'II';
  const u16 = (at: number) => (isLittle ? tiff.readUInt16LE(at) : tiff.readUInt16BE(at));
  const first = isLittle ? tiff.readUInt32LE(4) : tiff.readUInt32BE(4);
  if (first + 2 > tiff.length) return undefined;
  for (let n = 0; n < u16(first); n += 1) {
    const entry = first + 2 + n * 12;
    if (entry + 12 > tiff.length) return undefined;
    if (u16(entry) !== 0x0112) continue;
    const value = u16(entry + 8);
    return value >= 1 && value <= 8 ? value : undefined;
  }
  return undefined;
}

/** An EXIF part that says which side is up, and nothing else. */
function orientationPart(orientation: number): Buffer {
  const part = Buffer.from(
    'ffe100224578696600004d4d002a00000008000101120003000000010001000000000000',
    'hex',
  );
  part.writeUInt16BE(orientation, 28);
  return part;
}

const webpParts = new Set(['VP8X', 'VP8 ', 'VP8L', 'ALPH', 'ICCP']);
/** Of VP8X: EXIF, XMP. */
const webpNotes = 0b0000_1100;

/** A RIFF file of chunks of type and length, padded to even. Moving pictures have no pixels outside of their frames. */
function cleanWebp(sent: Buffer): Cleaned {
  const end = cut(sent, 4, 4).readUInt32LE(0) + 8;
  must(end <= sent.length);
  const kept: Buffer[] = [];
  let canvas: { readonly width: number; readonly height: number } | undefined;
  let picture: { readonly width: number; readonly height: number } | undefined;
  for (let at = 12; at < end;) {
    const type = cut(sent, at, 8).toString('latin1', 0, 4);
    const length = sent.readUInt32LE(at + 4);
    const chunk = Buffer.from(cut(sent, at, 8 + length + (length % 2)));
    const data = chunk.subarray(8);
    if (type === 'VP8X') {
      canvas = { width: cut(data, 4, 6).readUIntLE(0, 3) + 1, height: data.readUIntLE(7, 3) + 1 };
      data[0] = (data[0] ?? 0) & ~webpNotes;
    }
    if (type === 'VP8 ' || type === 'VP8L') {
      must(picture === undefined);
      picture = type === 'VP8 ' ? lossySize(data) : losslessSize(data);
    }
    if (webpParts.has(type)) kept.push(chunk);
    at += chunk.length;
  }
  if (picture === undefined) throw new Damage();
  const { width, height } = picture;
  must(canvas === undefined || (canvas.width === width && canvas.height === height));
  const body = Buffer.concat([Buffer.from('WEBP'), ...kept]);
  const head = Buffer.from('RIFF\0\0\0\0', 'latin1');
  head.writeUInt32LE(body.length, 4);
  return { width, height, bytes: Buffer.concat([head, body]) };
}

/** RFC 6386, 9.1: a key frame begins with its tag, a start code and 14 bits for each side. */
function lossySize(data: Buffer) {
  must(cut(data, 3, 7).readUIntBE(0, 3) === 0x9d012a);
  const size = { width: data.readUInt16LE(6) & 0x3fff, height: data.readUInt16LE(8) & 0x3fff };
  must(size.width > 0 && size.height > 0);
  return size;
}

/** RFC 9649, 3.4: a signature, then 14 bits less one for each side. */
function losslessSize(data: Buffer) {
  must(cut(data, 0, 5)[0] === 0x2f);
  const bits = data.readUInt32LE(1);
  return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
}
