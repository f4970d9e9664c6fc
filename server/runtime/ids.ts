import { randomBytes, randomUUID } from 'node:crypto';

/** Where ids and secrets come from; tests may give a fixed row of them. */
export type Ids = {
  /** A random UUID in lower case. */
  next<Id extends string>(): Id;
  /** So many random bytes. */
  bytes(count: number): Buffer;
};

export function createRandomIds(): Ids {
  return {
    next: <Id extends string>() => randomUUID() as string as Id,
    bytes: (count) => randomBytes(count),
  };
}
