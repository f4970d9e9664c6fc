/** Tokens a second at the token endpoint, beside the cryptography alone that each kind needs. */
import type { TenantId } from '#contract/ids';
import { createClients } from '#server/identity/clients';
import { createLogins } from '#server/identity/logins';
import { createPasswords } from '#server/identity/passwords';
import { createSystemClock } from '#server/runtime/clock';
import { createRandomIds } from '#server/runtime/ids';
import type { Database } from '#server/store/pool';
import { secondsOf } from './lock-read.ts';
import type { Measure } from './measure.ts';
import type { Figure } from './report.ts';
import { inTurns } from './statistics.ts';

const atOnce = 16;
const password = 'a long and quiet harbour';

type Form = Readonly<Record<string, string>>;

export const signIn: Measure = {
  name: 'sign-in',
  async run({ bed }) {
    const place = await bed.createDatabase('signing');
    // One program asks for more than the limits give to any.
    const server = await bed.startServer(place, {
      CARDEA_SIGN_IN_LIMITS: 'requests_per_minute=9999999',
    });
    const floor = bed.startProgram('./floor-sign-in');
    const { client, people } = await seed(place.database);
    const seconds = secondsOf(bed);
    const rounds = bed.isQuick ? 1 : 3;
    const compare = async (
      what: string,
      act: 'sign' | 'check',
      ask: (worker: number) => Promise<unknown>,
    ): Promise<Figure> => {
      await rateOf(1, ask);
      const result = await inTurns(rounds, {
        floor: () => floor.call<number>(act, seconds),
        ours: () => rateOf(seconds, ask),
      });
      return { what, unit: 'tokens/s', ...result, budget: { kind: 'none' } };
    };

    const post = (form: Form): Promise<Form> => postToken(server.url, { ...client, ...form });
    const asPerson = (worker: number, scope: string): Promise<Form> =>
      post({ grant_type: 'password', username: people[worker] ?? '', password, scope });
    const chains = await Promise.all(
      people.map(async (_, worker) => asPerson(worker, 'user_api.full_access offline_access')),
    );
    const figures = [
      await compare('token of a program', 'sign', () =>
        post({ grant_type: 'client_credentials', scope: 'core_api.full' }),
      ),
      await compare('token renewed', 'sign', async (worker) => {
        const token = chains[worker]?.['refresh_token'] ?? '';
        chains[worker] = await post({ grant_type: 'refresh_token', refresh_token: token });
      }),
      await compare('token by password', 'check', (worker) =>
        asPerson(worker, 'user_api.full_access'),
      ),
    ];
    await floor.stop();
    return figures;
  },
};

/** A client for all three grants, and a person for each worker. */
async function seed(
  database: Database,
): Promise<{ readonly client: Form; readonly people: readonly string[] }> {
  const parts = { database, clock: createSystemClock(), ids: createRandomIds() };
  const tenantId = parts.ids.next<TenantId>();
  await database.pool.query('insert into tenants (id, name) values ($1, $2)', [tenantId, 'Bench']);
  const { id, secret = '' } = await createClients(parts).createClient({
    tenantId,
    name: 'Bench',
    kind: 'confidential',
    grants: ['client_credentials', 'password', 'refresh_token'],
    scopes: ['core_api.full', 'user_api.full_access', 'offline_access'],
  });
  const logins = createLogins({ ...parts, passwords: createPasswords(parts.ids) });
  const people = Array.from({ length: atOnce }, (_, number) => `p${String(number)}@example.test`);
  for (const email of people) {
    const names = { firstName: 'Ann', lastName: 'Example' };
    const made = await logins.createLogin({ email, password, ...names, isEmailVerified: true });
    if ('fault' in made) throw new Error(made.fault);
  }
  return { client: { client_id: id, client_secret: secret }, people };
}

async function rateOf(seconds: number, ask: (worker: number) => Promise<unknown>): Promise<number> {
  const began = performance.now();
  const ends = began + seconds * 1_000;
  let done = 0;
  const work = async (worker: number): Promise<void> => {
    while (performance.now() < ends) {
      await ask(worker);
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, (_, worker) => work(worker)));
  return done / ((performance.now() - began) / 1_000);
}

async function postToken(url: string, form: Form): Promise<Form> {
  const response = await fetch(`${url}/connect/token`, {
    method: 'POST',
    body: new URLSearchParams(form),
  });
  const body = (await response.json()) as Form;
  if (!response.ok) throw new Error(`no token: ${JSON.stringify(body)}`);
  return body;
}
