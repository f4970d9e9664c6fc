/** What a transport was given and its reader has not taken yet. */
export type Backlog = {
  readonly messages: number;
  readonly bytes: number;
  /** Counts a payload; the result takes it off again. */
  add(bytes: number): () => void;
  /** Resolves when nothing waits, or at `release`. */
  whenEmpty(): Promise<void>;
  /** Lets go of everybody who waits: the connection has ended. */
  release(): void;
};

export function createBacklog(): Backlog {
  let messages = 0;
  let bytes = 0;
  let isReleased = false;
  let waiting: (() => void)[] = [];
  const wake = (): void => {
    const those = waiting;
    waiting = [];
    for (const resolve of those) resolve();
  };
  return {
    get messages() {
      return messages;
    },
    get bytes() {
      return bytes;
    },
    add(size) {
      messages += 1;
      bytes += size;
      return () => {
        messages -= 1;
        bytes -= size;
        if (messages === 0) wake();
      };
    },
    whenEmpty() {
      if (messages === 0 || isReleased) return Promise.resolve();
      return new Promise((resolve) => {
        waiting.push(resolve);
      });
    },
    release() {
      isReleased = true;
      wake();
    },
  };
}
