/** The numbers of the limits against guessing (identity.md 10). An operator may set them; the defaults are those of the specification. */

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** So many failures within `withinMs`. */
export type Limit = { readonly count: number; readonly withinMs: number };

export const defaultLimits = {
  accountInNetwork: { count: 10, withinMs: 15 * MINUTE_MS },
  account: { count: 50, withinMs: HOUR_MS },
  network: { count: 100, withinMs: HOUR_MS },
  clientSecret: { count: 20, withinMs: 10 * MINUTE_MS },
  secondFactor: { count: 20, withinMs: HOUR_MS },
  recoveryCode: { count: 5, withinMs: HOUR_MS },
  accessCodeInNetwork: { count: 10, withinMs: HOUR_MS },
  accessCodeOfClient: { count: 200, withinMs: HOUR_MS },
  requests: { count: 1_200, withinMs: MINUTE_MS },
} as const satisfies Readonly<Record<string, Limit>>;

type LimitName = keyof typeof defaultLimits;
export type Limits = Readonly<Record<LimitName, Limit>>;

/** By the words of the setting. */
const names: ReadonlyMap<string, LimitName> = new Map([
  ['account_in_network', 'accountInNetwork'],
  ['account', 'account'],
  ['network', 'network'],
  ['client_secret', 'clientSecret'],
  ['second_factor', 'secondFactor'],
  ['recovery_code', 'recoveryCode'],
  ['access_code', 'accessCodeInNetwork'],
  ['access_code_of_client', 'accessCodeOfClient'],
  ['requests_per_minute', 'requests'],
]);

/** The limits in force by a setting of `name=number`, and the names of those that are weaker than the defaults. */
export function readLimits(setting: readonly string[]): {
  readonly limits: Limits;
  readonly weakened: readonly string[];
} {
  const limits: Record<LimitName, Limit> = { ...defaultLimits };
  const weakened: string[] = [];
  for (const text of setting) {
    const [word = '', count = ''] = text.split('=');
    const name = names.get(word);
    if (name === undefined) continue;
    limits[name] = { ...limits[name], count: Number(count) };
    if (limits[name].count > defaultLimits[name].count) weakened.push(word);
  }
  return { limits, weakened };
}
