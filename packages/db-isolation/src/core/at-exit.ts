import { atEndOfSandbox, outside } from '../sandbox.ts';

/** What has to be done when the process ends by itself, or the sandbox in which this code runs. */
export interface EndOfProcess {
  /** When nothing is left to do but there is still time: may start what keeps the process alive. Never rejects. */
  whenIdle?(): Promise<void>;
  /** While the process exits: synchronous. */
  whileExiting(): void;
}

const { process } = outside;

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
  atEndOfSandbox(leave);
  ends.add(end);
  return () => {
    ends.delete(end);
  };
}

function idle(): void {
  for (const end of ends) void end.whenIdle?.();
  // Comes last then: Mocha sets the exit code in a listener that it adds when its run is over.
  process.off('exit', exiting).on('exit', exiting);
}

/** The process goes on, and has to forget the sandbox. */
export async function leave(): Promise<void> {
  await Promise.all([...ends].map((end) => end.whenIdle?.()));
  exiting();
  ends.clear();
  process.off('beforeExit', idle).off('exit', exiting);
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
