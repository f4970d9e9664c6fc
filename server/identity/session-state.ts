import type { SessionState } from '#server/http/token';
import type { Clock } from '#server/runtime/clock';
import { areActive } from '#server/store/clients';
import type { Database } from '#server/store/pool';

/** Tokens of an ended client or login are refused within 60 s (identity.md 6); half of it leaves room for a slow answer. */
const ASK_AGAIN_AFTER_MS = 30_000;
const REMEMBERED_PAIRS = 50_000;

type Answer = { readonly isActive: boolean; readonly askedAtMs: number };

/** Answers from memory for 30 s per client and login, then asks the database again. */
export function createSessionState({
  database,
  clock,
}: {
  readonly database: Database;
  readonly clock: Clock;
}): SessionState {
  const answers = new Map<string, Answer>();
  const asking = new Map<string, Promise<boolean>>();

  const ask = async (
    key: string,
    pair: { readonly clientId: string; readonly loginId: string | undefined },
  ): Promise<boolean> => {
    const askedAtMs = clock.now().getTime();
    const isActive = await areActive(database, pair);
    if (answers.size >= REMEMBERED_PAIRS) answers.clear();
    answers.set(key, { isActive, askedAtMs });
    return isActive;
  };

  return {
    isActive({ clientId, subject }) {
      const key = `${clientId} ${subject ?? ''}`;
      const answer = answers.get(key);
      const ageMs = clock.now().getTime() - (answer?.askedAtMs ?? 0);
      if (answer !== undefined && Math.abs(ageMs) < ASK_AGAIN_AFTER_MS) return answer.isActive;
      const question =
        asking.get(key) ??
        ask(key, { clientId, loginId: subject }).finally(() => asking.delete(key));
      asking.set(key, question);
      return question;
    },
  };
}
