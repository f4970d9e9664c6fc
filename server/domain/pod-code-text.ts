/** The text of access codes of pods (connect-api.md 4.9): made, read with tolerance, and kept as a hash. */
import { scrypt } from 'node:crypto';
import { promisify } from 'node:util';
import type { Ids } from '#server/runtime/ids';

/** 32 letters and digits, none of which looks like another: a byte's lower five bits choose one evenly. */
const alphabet = '23456789ABCDEFGHJKLMNPQRSTUVWXYZ';
const codeLength = 10;
const codeForm = new RegExp(`^[${alphabet}]{${String(codeLength)}}$`);

const derive = promisify<string, string, number, Buffer>(scrypt);
/** Codes are looked up by their hash, so all have one salt; what it costs keeps a stolen table from being searched in a day. */
const salt = 'cardea access code';
const hashBytes = 32;

/** Ten letters and digits: 50 random bits. */
export function makeAccessCode(ids: Pick<Ids, 'bytes'>): string {
  return Array.from(ids.bytes(codeLength), (byte) => alphabet.charAt(byte & 31)).join('');
}

/** The hash of a code as somebody typed it: case, blanks and dashes do not matter; undefined for what can be none. */
export async function hashAccessCode(typed: string): Promise<Buffer | undefined> {
  const code = typed.replaceAll(/[\s\-\u2010-\u2015]/g, '').toUpperCase();
  return codeForm.test(code) ? derive(code, salt, hashBytes) : undefined;
}
