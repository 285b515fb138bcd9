import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Scope } from './scope.ts';

const API = fileURLToPath(new URL('../../', import.meta.url));

/**
 * Compiles the service as for production, into a directory of its own beside `dist`, where it finds its packages and no
 * other build removes it meanwhile. Answers the directory.
 */
export async function buildService(scope: Scope): Promise<string> {
  const directory = await mkdtemp(join(dirname(API), 'api', 'dist-scorecard-'));
  await scope.add(() => rm(directory, { recursive: true, force: true }));
  await promisify(execFile)('npx', ['tsc', '-p', 'tsconfig.build.json', '--outDir', directory], { cwd: API }).catch(
    ({ stdout, message }) => {
      throw new Error(`The service does not compile: ${stdout || message}`);
    },
  );
  return directory;
}
