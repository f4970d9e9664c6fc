/**
 * Who is signed in where: the one memory of it. Browsers carry the secret of theirs in a cookie (session-cookie.ts); tokens
 * name it as `sid`. It begins with a proof of the person, may be strengthened by another, and ends by signing out, by a change
 * of the password, or by itself: 12 hours after its last use, or 30 days after its beginning when the person asked to stay
 * signed in. What ended by itself leaves refresh tokens alone; what was ended takes all its tokens along (identity.md 6 and 9).
 */
import { hash } from 'node:crypto';
import type { LoginId } from '#contract/ids';
import type { Clock } from '#server/runtime/clock';
import type { Ids } from '#server/runtime/ids';
import type { Database } from '#server/store/pool';
import {
  type AliveSince,
  endSignInSession,
  endSignInSessions,
  findSignInSession,
  insertSignInSession,
  keepForTokens,
  listSignInSessions,
  type SignInSessionRow,
  strengthenSignInSession,
  sweepSignInSessions,
  touchSignInSession,
} from '#server/store/sign-in-sessions';

const HOUR_MS = 3_600_000;
const IDLE_MS = 12 * HOUR_MS;
/** How long somebody who asked to stay signed in does. */
export const REMEMBERED_MS = 30 * 24 * HOUR_MS;
/** Written so often at most, since every page asks. */
const TOUCH_EVERY_MS = 60_000;
const SECRET_BYTES = 32;
const LONGEST_USER_AGENT = 300;

/** `clientId` and `clientName` name a program that signed the person in by their password; both are null for a browser. */
export type SignInSession = SignInSessionRow;

export type SessionOrder = {
  readonly loginId: LoginId;
  readonly amr: readonly string[];
  /** `local`, or the name of an outside provider. */
  readonly identityProvider: string;
  /** The person asked to stay signed in. */
  readonly isRemembered: boolean;
  readonly network: string;
  readonly userAgent: string | null;
};

export type Sessions = {
  /** Begins a session of a browser; `secret` is the value of its cookie and is known nowhere else. */
  begin(order: SessionOrder): Promise<{ readonly session: SignInSession; readonly secret: string }>;
  /** Begins a session of a program that was given the password; it lives as long as its tokens. */
  beginForProgram(
    order: SessionOrder & { readonly clientId: string; readonly tokensUntil: Date },
  ): Promise<SignInSession>;
  /** The session of a cookie; undefined when it is ended or expired or its login is disabled. */
  find(secret: string | undefined): Promise<SignInSession | undefined>;
  /** After a second factor, or the password once more. */
  strengthen(
    id: string,
    proof: { readonly amr: readonly string[]; readonly authTime: Date },
  ): Promise<void>;
  /** Browsers and programs of a login, the last used first. */
  list(loginId: LoginId): Promise<readonly SignInSession[]>;
  /** Ends a session and its tokens. False when there is none that could end. */
  end(id: string): Promise<boolean>;
  endAll(loginId: LoginId, options?: { readonly except?: string }): Promise<void>;
  /** Keeps a session in mind for as long as tokens of it may be in use. */
  keepForTokens(id: string, until: Date): Promise<void>;
  /** Forgets what is of no use any more. */
  sweep(): Promise<void>;
};

export function createSessions({
  database,
  clock,
  ids,
}: {
  readonly database: Database;
  readonly clock: Clock;
  readonly ids: Ids;
}): Sessions {
  const aliveSince = (): AliveSince => {
    const nowMs = clock.now().getTime();
    return { idle: new Date(nowMs - IDLE_MS), remembered: new Date(nowMs - REMEMBERED_MS) };
  };

  async function insert(
    order: SessionOrder,
    more: {
      readonly secretHash: string | null;
      readonly clientId: string | null;
      readonly tokensUntil: Date | null;
    },
  ): Promise<SignInSession> {
    const at = clock.now();
    const id = ids.next<string>();
    const userAgent = order.userAgent?.slice(0, LONGEST_USER_AGENT) ?? null;
    await insertSignInSession(database, { ...order, ...more, id, userAgent, at });
    const { clientId } = more;
    return {
      ...order,
      id,
      userAgent,
      clientId,
      clientName: null,
      authTime: at,
      createdAt: at,
      lastUsedAt: at,
    };
  }

  return {
    async begin(order) {
      const secret = ids.bytes(SECRET_BYTES).toString('base64url');
      const more = { secretHash: hashSecret(secret), clientId: null, tokensUntil: null };
      return { session: await insert(order, more), secret };
    },
    beginForProgram: ({ clientId, tokensUntil, ...order }) =>
      insert(order, { secretHash: null, clientId, tokensUntil }),
    async find(secret) {
      if (secret === undefined || secret === '') return undefined;
      const session = await findSignInSession(database, {
        secretHash: hashSecret(secret),
        since: aliveSince(),
      });
      if (session === undefined) return undefined;
      const at = clock.now();
      if (at.getTime() - session.lastUsedAt.getTime() < TOUCH_EVERY_MS) return session;
      await touchSignInSession(database, { id: session.id, at });
      return { ...session, lastUsedAt: at };
    },
    strengthen: (id, proof) => strengthenSignInSession(database, { id, ...proof }),
    list: (loginId) =>
      listSignInSessions(database, { loginId, since: aliveSince(), at: clock.now() }),
    end: (id) => endSignInSession(database, { id, at: clock.now() }),
    endAll: (loginId, options) =>
      endSignInSessions(database, {
        loginId,
        except: options?.except ?? null,
        at: clock.now(),
      }),
    keepForTokens: (id, until) => keepForTokens(database, { id, until }),
    sweep: () => sweepSignInSessions(database, { since: aliveSince(), at: clock.now() }),
  };
}

/** 256 random bits cannot be guessed, so a fast hash keeps them as safe as a slow one (docs/decisions/0051). */
function hashSecret(secret: string): string {
  return hash('sha256', secret, 'base64url');
}
