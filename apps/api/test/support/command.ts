import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { Ended } from './service.ts';

const REPOSITORY = fileURLToPath(new URL('../../../../', import.meta.url));
const COMMAND = ['--conditions=@acme/source', '--import', 'tsx', 'apps/api/src/cli/main.ts'];

/** Runs the operator's command as `npm run api -- …` runs it. */
export async function operate(args: readonly string[], environment: Record<string, string>): Promise<Ended> {
  const { PATH } = process.env;
  const env = { ...(PATH === undefined ? {} : { PATH }), ...environment };
  const child = spawn(process.execPath, [...COMMAND, ...args], { cwd: REPOSITORY, env });
  const [[code], stdout, stderr] = await Promise.all([once(child, 'close'), text(child.stdout), text(child.stderr)]);
  return { code, stdout, stderr };
}
