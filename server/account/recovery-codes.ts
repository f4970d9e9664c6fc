/** Recovery codes: ten, each once, for somebody who lost the other factors. 80 random bits each, so a fast hash keeps them. */
import { hash } from 'node:crypto';
import type { Ids } from '#server/runtime/ids';

const CODES = 10;
const CODE_BYTES = 10;
/** Crockford's letters: none looks like another. */
const LETTERS = '0123456789abcdefghjkmnpqrstvwxyz';

/** Ten codes as people see them: `xxxx-xxxx-xxxx-xxxx`. */
export function makeRecoveryCodes(ids: Ids): readonly string[] {
  return Array.from({ length: CODES }, () => {
    const bits = [...ids.bytes(CODE_BYTES)].map((byte) => byte.toString(2).padStart(8, '0'));
    const fives = bits.join('').match(/.{5}/g) ?? [];
    const letters = fives.map((five) => LETTERS[Number.parseInt(five, 2)] ?? '').join('');
    return (letters.match(/.{4}/g) ?? []).join('-');
  });
}

/** How a code is kept; letter case, blanks and dashes do not matter, nor does o for 0, i and l for 1. */
export function hashRecoveryCode(code: string): string {
  const letters = code
    .toLowerCase()
    .replaceAll(/[^0-9a-z]/g, '')
    .replaceAll('o', '0')
    .replaceAll(/[il]/g, '1');
  return hash('sha256', `cardea recovery code ${letters}`, 'base64url');
}
