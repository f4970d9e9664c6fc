import { hash, verify } from '@node-rs/argon2';
import type { Ids } from '#server/runtime/ids';
import { createTurns } from './turns.ts';

/** 19 MiB, 2 passes, 1 lane: what OWASP names for Argon2id. The library's default kind is Argon2id. */
const cost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** Each takes its 19 MiB and a thread while it runs; more at once would only keep others from theirs. */
const HASHES_AT_ONCE = 4;

export type Passwords = {
  /** The hash of a password in PHC form; takes some 30 ms, off the event loop. */
  hash(password: string): Promise<string>;
  /** Whether the password is right; without a hash it takes as long and is false (identity.md 10). */
  isRight(password: string, passwordHash: string | undefined): Promise<boolean>;
};

export function createPasswords(ids: Ids): Passwords {
  // Nobody knows what it is a hash of; made at the first sign-in that needs it.
  let decoy: Promise<string> | undefined;
  const inTurn = createTurns(HASHES_AT_ONCE);
  return {
    hash: (password) => inTurn('hash', () => hash(password, cost)),
    async isRight(password, passwordHash) {
      decoy ??= hash(ids.bytes(32), cost);
      const decoyHash = await decoy;
      const isRight = await inTurn('hash', () => verify(passwordHash ?? decoyHash, password));
      return isRight && passwordHash !== undefined;
    },
  };
}
