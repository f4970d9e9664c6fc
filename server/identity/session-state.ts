import type { SessionState } from '#server/http/token';
import type { Clock } from '#server/runtime/clock';
import type { Database } from '#server/store/pool';
import { isTokenInForce } from '#server/store/sign-in-sessions';
import { revocableIds } from './access-token.ts';

/** Tokens of an ended client, login or session are refused within 60 s (identity.md 6); half of it leaves room for a slow answer. */
const ASK_AGAIN_AFTER_MS = 30_000;
const REMEMBERED_TOKENS = 50_000;

type Answer = { readonly isActive: boolean; readonly askedAtMs: number };
type Token = Parameters<SessionState['isActive']>[0];

export type RememberedState = SessionState & {
  /** The next question about a token goes to the database. */
  forget(tokenId: string): void;
};

/** Answers from memory for 30 s per token, then asks the database again. */
export function createSessionState({
  database,
  clock,
}: {
  readonly database: Database;
  readonly clock: Clock;
}): RememberedState {
  const answers = new Map<string, Answer>();
  const asking = new Map<string, Promise<boolean>>();

  const ask = async (key: string, token: Token): Promise<boolean> => {
    const askedAtMs = clock.now().getTime();
    const isActive = await isTokenInForce(database, {
      clientId: token.clientId,
      loginId: token.subject ?? null,
      sessionId: token.sessionId ?? null,
      tokenIds: token.tokenId === undefined ? [] : revocableIds(token.tokenId),
    });
    if (answers.size >= REMEMBERED_TOKENS) answers.clear();
    answers.set(key, { isActive, askedAtMs });
    return isActive;
  };

  return {
    forget(tokenId) {
      answers.delete(tokenId);
    },
    isActive(token) {
      const key = token.tokenId ?? `${token.clientId} ${token.sessionId ?? token.subject ?? ''}`;
      const answer = answers.get(key);
      const ageMs = clock.now().getTime() - (answer?.askedAtMs ?? 0);
      if (answer !== undefined && Math.abs(ageMs) < ASK_AGAIN_AFTER_MS) return answer.isActive;
      const question = asking.get(key) ?? ask(key, token).finally(() => asking.delete(key));
      asking.set(key, question);
      return question;
    },
  };
}
