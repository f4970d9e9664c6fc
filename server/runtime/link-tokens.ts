/** Links that open something to whoever has them: 256 random bits, of which we keep a hash only (identity.md 9). */
import { hash } from 'node:crypto';
import type { Ids } from './ids.ts';

export type LinkToken = { readonly token: string; readonly tokenHash: string };

export function makeLinkToken(ids: Ids): LinkToken {
  const token = ids.bytes(32).toString('base64url');
  return { token, tokenHash: hashOfToken(token) };
}

/** How a token is kept; whatever a stranger puts in its place has a hash that nothing has. */
export function hashOfToken(token: string): string {
  return hash('sha256', token, 'hex');
}
