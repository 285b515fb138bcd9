// npm run pack: leaves the library's tarball as artifacts/acme-db-isolation-<version>.tgz.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';

const artifacts = new URL('../artifacts/', import.meta.url);
mkdirSync(artifacts, { recursive: true });
for (const name of readdirSync(artifacts)) if (name.endsWith('.tgz')) rmSync(new URL(name, artifacts));

const { status } = spawnSync('npm', ['pack', '--silent', '--pack-destination', '../../artifacts'], {
  cwd: new URL('../packages/db-isolation/', import.meta.url),
  stdio: 'inherit',
});
process.exitCode = status ?? 1;
