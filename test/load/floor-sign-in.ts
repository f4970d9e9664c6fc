/** The floor of signing in: the two things that cost, alone. RS256 signatures of RSA 3072 by jose, Argon2id checks as we keep passwords. */
import { hash, verify } from '@node-rs/argon2';
import { generateKeyPair, SignJWT } from 'jose';
import { offer } from './programs.ts';

const claims = { scope: ['core_api.full'], client_id: 'bench', tenant_id: 'bench' };
const signing = generateKeyPair('RS256', { modulusLength: 3072 });
const kept = hash('a long and quiet harbour', { memoryCost: 19_456, timeCost: 2, parallelism: 1 });

/** How often `work` is done in a second by so many at once. */
async function rateOf(
  { seconds, atOnce }: { readonly seconds: number; readonly atOnce: number },
  work: () => Promise<unknown>,
): Promise<number> {
  const began = performance.now();
  const ends = began + seconds * 1_000;
  let done = 0;
  const worker = async (): Promise<void> => {
    while (performance.now() < ends) {
      await work();
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return done / ((performance.now() - began) / 1_000);
}

offer({
  sign: async (seconds: number) => {
    const { privateKey } = await signing;
    const sign = (): Promise<string> =>
      new SignJWT(claims)
        .setProtectedHeader({ alg: 'RS256', typ: 'at+jwt' })
        .setExpirationTime('1h')
        .sign(privateKey);
    return rateOf({ seconds, atOnce: 16 }, sign);
  },
  check: async (seconds: number) => {
    const present = await kept;
    return rateOf({ seconds, atOnce: 4 }, () => verify(present, 'a long and quiet harbour'));
  },
});
