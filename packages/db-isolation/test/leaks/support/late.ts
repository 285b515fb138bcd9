/** Work of one test that happens while the next one runs, without either of them waiting for some time to pass. */
export interface LateWork {
  /** Starts a timer that does the work as soon as the next test runs. What the work rejects with is dropped. */
  fromTimer(work: () => unknown): void;
  /** In the next test: lets it happen, and waits until it has. */
  happensNow(): Promise<void>;
}

export function lateWork(): LateWork {
  let nextTestRuns = false;
  let finished: Promise<void> = Promise.resolve();
  return {
    fromTimer(work) {
      finished = new Promise((resolve) => {
        const done = () => setImmediate(resolve);
        const timer = setInterval(() => {
          if (!nextTestRuns) return;
          clearInterval(timer);
          let outcome: unknown;
          try {
            outcome = work();
          } finally {
            Promise.resolve(outcome).then(done, done);
          }
        }, 1);
      });
    },
    async happensNow() {
      nextTestRuns = true;
      await finished;
    },
  };
}

/** A promise that somebody else fulfils. */
export function gate(): { readonly passed: Promise<void>; open(): void } {
  let open: () => void = () => undefined;
  const passed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { passed, open: () => open() };
}
