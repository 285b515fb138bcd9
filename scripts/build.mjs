// npm run build: compiles both packages into their dist folders, from scratch.
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';

for (const project of ['packages/db-isolation', 'apps/api']) {
  rmSync(new URL(`../${project}/dist`, import.meta.url), { recursive: true, force: true });
  const { status } = spawnSync('npx', ['tsc', '-p', `${project}/tsconfig.build.json`], {
    cwd: new URL('..', import.meta.url),
    stdio: 'inherit',
  });
  if (status !== 0) process.exitCode = 1;
}
if (!process.exitCode) {
  const { status } = spawnSync(process.execPath, ['scripts/commonjs.mjs', 'packages/db-isolation/dist'], {
    cwd: new URL('..', import.meta.url),
    stdio: 'inherit',
  });
  if (status !== 0) process.exitCode = 1;
}
