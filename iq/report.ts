/** Tells the server the last known state of everything: all of it after each welcome, then only what has changed. */
import type { UpdateReport } from '#contract/firmware';
import type { Frame, IqReport, LockReport, RepeaterReport } from '#contract/iq-link';
import type { SteadyClock, Timer } from './clock.ts';

export type Reporter = {
  /** A session is ready: everything is told. */
  begin(): void;
  end(): void;
  /** Something may have changed; what did is told within a moment, together. */
  changed(): void;
  /** A device was let go: should it come back, it is told of anew. */
  forget(id: string): void;
};

/** Changes of one moment travel together. */
const gatherMs = 20;

export function createReporter({
  steady,
  locks,
  repeaters,
  iq,
  updates,
  send,
}: {
  readonly steady: SteadyClock;
  readonly locks: () => readonly LockReport[];
  readonly repeaters: () => readonly RepeaterReport[];
  /** null = not read yet */
  readonly iq: () => IqReport | null;
  readonly updates: () => readonly UpdateReport[];
  readonly send: (frame: Frame<'report'>) => Promise<void>;
}): Reporter {
  /** What the server was told in this session, as text by id. */
  const told = new Map<string, string>();
  let isOpen = false;
  let timer: Timer | null = null;

  function isNews(id: string, report: object): boolean {
    const text = JSON.stringify(report);
    if (told.get(id) === text) return false;
    told.set(id, text);
    return true;
  }

  function tell(): void {
    timer = null;
    if (!isOpen) return;
    const hub = iq();
    const iqNews = hub !== null && isNews('iq', hub) ? { iq: hub } : {};
    const lockNews = locks().filter((report) => isNews(report.id, report));
    const repeaterNews = repeaters().filter((report) => isNews(report.id, report));
    const ended = updates().filter((report) => isNews(report.run_id, report));
    const updateNews = ended.length > 0 ? { updates: ended } : {};
    const news = { ...iqNews, ...updateNews };
    const isEmpty = lockNews.length + repeaterNews.length + Object.keys(news).length === 0;
    if (isEmpty) return;
    // A report that cannot be sent is a lost connection; the next welcome tells everything.
    void send({ ...news, locks: lockNews, repeaters: repeaterNews }).catch(() => undefined);
  }

  return {
    begin() {
      told.clear();
      isOpen = true;
      timer?.cancel();
      tell();
    },
    end() {
      isOpen = false;
      timer?.cancel();
      timer = null;
    },
    forget: (id) => void told.delete(id),
    changed() {
      if (isOpen) timer ??= steady.setTimeout(tell, gatherMs);
    },
  };
}
