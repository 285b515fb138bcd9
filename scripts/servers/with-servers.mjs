import { Interrupted } from '../interrupts.mjs';
import { findServers, ServerError } from './find-servers.mjs';

/**
 * Says which servers there are, runs `action` with them, and stops those that were started for it, whatever happens.
 * What is missing is said at the end, where it is not overlooked. Sets the exit code.
 */
export async function withServers(action) {
  try {
    const servers = await findServers();
    try {
      for (const { engine, what } of servers.found) console.log(`${engine}: ${what}`);
      await action(servers);
      for (const line of servers.missing) shout(line);
    } finally {
      await servers.stop();
    }
  } catch (error) {
    if (error instanceof ServerError) console.error(error.message);
    else if (!(error instanceof Interrupted)) throw error;
    process.exitCode = error.exitCode ?? 1;
  }
}

function shout(line) {
  const colors = process.stderr.isTTY && !process.env.NO_COLOR;
  console.error(colors ? `\x1b[1;33m${line}\x1b[0m` : line);
}
