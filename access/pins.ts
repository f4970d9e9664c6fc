import { createHmac } from 'node:crypto';

/** base64 HMAC-SHA-256 under which a keypad code stands in the access table; `key` is base64. */
export function hashPin(code: string, key: string): string {
  return createHmac('sha256', Buffer.from(key, 'base64')).update(code, 'utf8').digest('base64');
}
