/** What has to be done when the process ends by itself. */
export interface EndOfProcess {
  /** When nothing is left to do but there is still time: may start what keeps the process alive. */
  whenIdle?(): void;
  /** While the process exits: synchronous. */
  whileExiting(): void;
}

const ends = new Set<EndOfProcess>();

/**
 * Has something done at the end of the process, unless the returned function is called before. One listener serves all,
 * since Node warns of a leak when a process has more than ten.
 */
export function atExit(end: EndOfProcess): () => void {
  for (const [event, listener] of [
    ['beforeExit', idle],
    ['exit', exiting],
  ] as const) {
    if (!process.listeners(event as 'exit').includes(listener)) process.on(event, listener);
  }
  ends.add(end);
  return () => {
    ends.delete(end);
  };
}

function idle(): void {
  for (const end of ends) end.whenIdle?.();
  // Comes last then: Mocha sets the exit code in a listener that it adds when its run is over.
  process.off('exit', exiting).on('exit', exiting);
}

function exiting(): void {
  for (const end of ends) {
    try {
      end.whileExiting();
    } catch {
      // The process is over: the next run removes what this one could not.
    }
  }
}
