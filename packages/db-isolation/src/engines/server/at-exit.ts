import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { ServerDialect } from './dialect.ts';
import { removeRun } from './remove-run.ts';

/** Longer than this no process should take to end, in milliseconds. */
const TIMEOUT_MS = 10_000;

/** What the second process has to know. Goes through a pipe, since everybody can read the arguments of a process. */
interface Order {
  readonly server: string;
  readonly run: string;
}

/**
 * Removes what a run has made while its process exits. A process that exits can wait for nothing, so a second one does it:
 * `script`, a file beside the engine that calls {@link removeAsOrdered}. What it cannot do, the next run does.
 */
export function removeWhileExiting(script: string, order: Order): void {
  const loaders = script.endsWith('.ts')
    ? process.execArgv.filter((argument) => !argument.startsWith('--inspect'))
    : [];
  spawnSync(process.execPath, [...loaders, fileURLToPath(script)], {
    input: JSON.stringify(order),
    stdio: ['pipe', 'ignore', 'ignore'],
    timeout: TIMEOUT_MS,
  });
}

/** The whole work of the second process. */
export async function removeAsOrdered(createDialect: (server: string) => ServerDialect): Promise<void> {
  const { server, run } = JSON.parse(readFileSync(0, 'utf8')) as Order;
  await removeRun(createDialect(server), run);
}
