/**
 * The limits against guessing that apply to the token endpoint (identity.md 10). The numbers are counted in PostgreSQL, so
 * all processes share them; what follows from the numbers is decided by the pure functions below.
 *
 * Nobody can lock a person out: waiting is per source. A network from which the login signed in before is held to one try
 * a minute at most, however many others guess.
 */
import { hash } from 'node:crypto';
import { isIPv4 } from 'node:net';
import type { LoginId, TenantId } from '#contract/ids';
import type { Clock } from '#server/runtime/clock';
import {
  countTokenRequest,
  type FactorFailures,
  insertSignInFailure,
  listFactorFailures,
  listCodeFailures,
  listPasswordFailures,
  type PasswordFailures,
  recordSignIn,
  sweepSignInLimits,
} from '#server/store/sign-in-limits';
import type { Database } from '#server/store/pool';
import { defaultLimits, type Limit, type Limits } from './limit-numbers.ts';
import type { SignInAudit, SignInFailure } from './sign-in-audit.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

const TRY_AGAIN_AFTER_MS = MINUTE_MS;
/** A network from which nobody of the account came for so long is new to it again. */
const NETWORK_KNOWN_FOR_MS = 90 * DAY_MS;
const FAILURES_KEPT_MS = 90 * DAY_MS;

/** Until when a password may not be tried; undefined when it may be tried now. */
export function passwordWait(
  failures: PasswordFailures,
  {
    now,
    isKnownDevice,
    limits: { accountInNetwork, account, network } = defaultLimits,
  }: { readonly now: Date; readonly isKnownDevice: boolean; readonly limits?: Limits },
): Date | undefined {
  const isKnown = isKnownDevice || isKnownNetwork(failures, now);
  const waits = [
    oneTryAMinute(failures.pair, accountInNetwork, now),
    ...(isKnown
      ? []
      : [untilWindowOpens(failures.account, account, now), anHour(failures.network, network)]),
  ];
  return latest(waits, now);
}

/**
 * Until when a second factor or recovery code of an account may not be tried. A source that is known to the account waits for
 * its own failures only, and one minute at most.
 */
export function factorWait(
  failures: FactorFailures,
  {
    kind,
    now,
    isKnownDevice,
    limits = defaultLimits,
  }: {
    readonly kind: FactorKind;
    readonly now: Date;
    readonly isKnownDevice: boolean;
    readonly limits?: Limits;
  },
): Date | undefined {
  const limit = kind === 'second_factor' ? limits.secondFactor : limits.recoveryCode;
  const isKnown = isKnownDevice || isKnownNetwork(failures, now);
  const wait = isKnown
    ? oneTryAMinute(failures.pair, limit, now)
    : untilWindowOpens(failures.account, limit, now);
  return latest([wait], now);
}

function isKnownNetwork(
  { lastSuccessAt }: Pick<PasswordFailures, 'lastSuccessAt'>,
  now: Date,
): boolean {
  return (
    lastSuccessAt !== undefined && now.getTime() - lastSuccessAt.getTime() < NETWORK_KNOWN_FOR_MS
  );
}

/** Until when a client secret may not be tried from a network. */
export function secretWait(
  failures: readonly Date[],
  { now, limits = defaultLimits }: { readonly now: Date; readonly limits?: Limits },
): Date | undefined {
  return latest([untilWindowOpens(failures, limits.clientSecret, now)], now);
}

export type CodeFailures = {
  readonly network: readonly Date[];
  /** Through the client, from anywhere. */
  readonly client: readonly Date[];
};

/** Until when an access code may not be tried: codes are nobody's account, so it is network and client that wait. */
export function accessCodeWait(
  failures: CodeFailures,
  { now, limits = defaultLimits }: { readonly now: Date; readonly limits?: Limits },
): Date | undefined {
  const { accessCodeInNetwork, accessCodeOfClient } = limits;
  return latest(
    [
      untilWindowOpens(failures.network, accessCodeInNetwork, now),
      untilWindowOpens(failures.client, accessCodeOfClient, now),
    ],
    now,
  );
}

/** When the limit is reached: a minute after the newest failure, or when the oldest that counts no longer does. */
function oneTryAMinute(failures: readonly Date[], limit: Limit, now: Date): number {
  const opensAtMs = untilWindowOpens(failures, limit, now);
  const newestMs = failures[0]?.getTime() ?? 0;
  return Math.min(opensAtMs, newestMs + TRY_AGAIN_AFTER_MS);
}

/** When fewer than the limit lie within its window again; 0 when they do. */
function untilWindowOpens(failures: readonly Date[], limit: Limit, now: Date): number {
  const oldestMs = failures[limit.count - 1]?.getTime();
  if (oldestMs === undefined || oldestMs + limit.withinMs <= now.getTime()) return 0;
  return oldestMs + limit.withinMs;
}

/** An hour after the failure that reached the limit. */
function anHour(failures: readonly Date[], limit: Limit): number {
  const [newestMs, oldestMs] = [failures[0]?.getTime(), failures[limit.count - 1]?.getTime()];
  if (newestMs === undefined || oldestMs === undefined) return 0;
  return newestMs - oldestMs < limit.withinMs ? newestMs + HOUR_MS : 0;
}

function latest(waitsMs: readonly number[], now: Date): Date | undefined {
  const longestMs = Math.max(...waitsMs);
  return longestMs > now.getTime() ? new Date(longestMs) : undefined;
}

/** IPv4 /32, IPv6 /64: what one source can hold of each (identity.md 10). */
export function networkOf(address: string): string {
  const v4 = address.toLowerCase().replace(/^::ffff:(?=\d+\.)/, '');
  if (isIPv4(v4)) return v4;
  const [head = '', tail = ''] = address.toLowerCase().replace(/%.*$/, '').split('::');
  const left = head.split(':').filter(Boolean);
  const right = tail.split(':').filter(Boolean);
  const zeros = Array.from({ length: Math.max(0, 8 - left.length - right.length) }, () => '0');
  const groups = [...left, ...zeros, ...right].slice(0, 4);
  return `${groups.map((group) => Number.parseInt(group, 16).toString(16)).join(':')}::/64`;
}

export type PasswordTry = {
  readonly email: string;
  readonly loginId: LoginId | undefined;
  readonly clientId: string;
  readonly tenantId: TenantId | null;
  readonly network: string;
  readonly requestId: string | null;
  /** The account has signed in in this browser before, so others' failures do not hold it up. */
  readonly isKnownDevice?: boolean;
};

export type FactorKind = 'second_factor' | 'recovery_code';

/** A second factor of an account whose password was right. */
export type FactorTry = Omit<PasswordTry, 'email' | 'loginId'> & {
  readonly kind: FactorKind;
  readonly loginId: LoginId;
};

export type CodeTry = Omit<PasswordTry, 'email' | 'loginId' | 'isKnownDevice'>;

export type ClientTry = {
  /** Undefined when there is no such client: all unknown ones share a limit per network. */
  readonly clientId: string | undefined;
  readonly network: string;
};

export type SignInLimits = {
  /** The numbers in force. */
  readonly numbers: Limits;
  /** Seconds to wait before a password is tried; undefined when it may be tried now. */
  passwordWaitSeconds(attempt: PasswordTry): Promise<number | undefined>;
  passwordFailed(attempt: PasswordTry): Promise<void>;
  /** Seconds to wait before a second factor or recovery code is tried; undefined when it may be tried now. */
  factorWaitSeconds(attempt: FactorTry): Promise<number | undefined>;
  factorFailed(attempt: FactorTry): Promise<void>;
  /** The person is signed in: the network is known to the account from then on. */
  passwordWasRight(attempt: { readonly loginId: LoginId; readonly network: string }): Promise<void>;
  /** Seconds to wait before an access code is tried; undefined when it may be tried now. */
  accessCodeWaitSeconds(attempt: ClientTry): Promise<number | undefined>;
  accessCodeFailed(attempt: CodeTry): Promise<void>;
  /** Counts a request of a client; seconds to wait, or undefined when it may go on. */
  countRequest(attempt: ClientTry): Promise<number | undefined>;
  /** Counts a request for authorisation, by whatever it says is its client. */
  countAuthorization(attempt: ClientTry): Promise<number | undefined>;
  secretFailed(attempt: ClientTry & Pick<PasswordTry, 'tenantId' | 'requestId'>): Promise<void>;
  /** Forgets what is older than its use. */
  sweep(): Promise<void>;
};

export function createSignInLimits({
  database,
  clock,
  signInAudit,
  limits,
}: {
  readonly database: Database;
  readonly clock: Clock;
  readonly signInAudit: SignInAudit;
  readonly limits: Limits;
}): SignInLimits {
  const secondsUntil = (instant: Date | undefined): number | undefined =>
    instant && Math.max(1, Math.ceil((instant.getTime() - clock.now().getTime()) / 1000));

  /** Counted first: what limits a guesser does not wait for the log. */
  async function failed(failure: SignInFailure): Promise<void> {
    const { kind, account, clientId, network } = failure;
    await insertSignInFailure(database, { kind, account, clientId, network, at: clock.now() });
    await signInAudit.note(failure);
  }

  async function count(account: string, network: string): Promise<number | undefined> {
    const now = clock.now();
    const minute = new Date(Math.floor(now.getTime() / MINUTE_MS) * MINUTE_MS);
    const { requests, failures } = await countTokenRequest(database, {
      account,
      network,
      minute,
      failureLimit: limits.clientSecret.count,
    });
    const isTooMany = requests > limits.requests.count;
    const nextMinute = isTooMany ? new Date(minute.getTime() + MINUTE_MS) : undefined;
    return secondsUntil(secretWait(failures, { now, limits }) ?? nextMinute);
  }

  return {
    numbers: limits,
    async passwordWaitSeconds({ email, loginId, network, isKnownDevice = false }) {
      const failures = await listPasswordFailures(database, {
        account: accountOf(email, loginId),
        loginId,
        network,
        limits: {
          pair: limits.accountInNetwork.count,
          account: limits.account.count,
          network: limits.network.count,
        },
      });
      return secondsUntil(passwordWait(failures, { now: clock.now(), isKnownDevice, limits }));
    },
    passwordFailed: ({ email, loginId, isKnownDevice: _known, ...where }) =>
      failed({ kind: 'password', account: accountOf(email, loginId), ...where }),
    async factorWaitSeconds({ kind, loginId, network, isKnownDevice = false }) {
      const failures = await listFactorFailures(database, {
        kind,
        account: `login:${loginId}`,
        loginId,
        network,
        count: Math.max(limits.secondFactor.count, limits.recoveryCode.count),
      });
      return secondsUntil(factorWait(failures, { kind, now: clock.now(), isKnownDevice, limits }));
    },
    factorFailed: ({ loginId, isKnownDevice: _known, ...failure }) =>
      failed({ account: `login:${loginId}`, ...failure }),
    passwordWasRight: ({ loginId, network }) =>
      recordSignIn(database, { loginId, network, at: clock.now() }),
    async accessCodeWaitSeconds({ clientId, network }) {
      const failures = await listCodeFailures(database, {
        account: clientAccount(clientId),
        network,
        limits: {
          network: limits.accessCodeInNetwork.count,
          client: limits.accessCodeOfClient.count,
        },
      });
      return secondsUntil(accessCodeWait(failures, { now: clock.now(), limits }));
    },
    accessCodeFailed: (attempt) =>
      failed({ kind: 'access_code', account: clientAccount(attempt.clientId), ...attempt }),
    countRequest: ({ clientId, network }) => count(clientAccount(clientId), network),
    countAuthorization: ({ clientId, network }) => count(authorizationAccount(clientId), network),
    secretFailed: (attempt) =>
      failed({ kind: 'client_secret', account: clientAccount(attempt.clientId), ...attempt }),
    async sweep() {
      const nowMs = clock.now().getTime();
      await sweepSignInLimits(database, {
        failures: new Date(nowMs - FAILURES_KEPT_MS),
        networks: new Date(nowMs - NETWORK_KNOWN_FOR_MS),
        minutes: new Date(nowMs - HOUR_MS),
      });
    },
  };
}

function accountOf(email: string, loginId: LoginId | undefined): string {
  if (loginId !== undefined) return `login:${loginId}`;
  return `unknown:${hash('sha256', email.toLowerCase(), 'hex')}`;
}

function clientAccount(clientId: string | undefined): string {
  return clientId === undefined ? 'client' : `client:${clientId}`;
}

/** What strangers write is hashed, so that a long or odd id is no different. */
function authorizationAccount(clientId: string | undefined): string {
  return `authorize:${hash('sha256', clientId ?? '', 'base64url')}`;
}
