const actions = new Set<() => void>();

/**
 * Runs a synchronous action when the process exits, unless the returned function is called before. One listener serves
 * all, since Node warns of a leak when a process has more than ten.
 */
export function atExit(action: () => void): () => void {
  if (!process.listeners('exit').includes(runAll)) process.on('exit', runAll);
  actions.add(action);
  return () => {
    actions.delete(action);
  };
}

function runAll(): void {
  for (const action of actions) {
    try {
      action();
    } catch {
      // The process is over: the next run removes what this one could not.
    }
  }
}
