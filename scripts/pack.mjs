// npm run pack: leaves the library's tarball as artifacts/acme-db-isolation-<version>.tgz, and says how large it is.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';

const artifacts = new URL('../artifacts/', import.meta.url);
mkdirSync(artifacts, { recursive: true });
for (const name of readdirSync(artifacts)) if (name.endsWith('.tgz')) rmSync(new URL(name, artifacts));

const { status, stdout, stderr } = spawnSync('npm', ['pack', '--json', '--pack-destination', '../../artifacts'], {
  cwd: new URL('../packages/db-isolation/', import.meta.url),
  encoding: 'utf8',
});
if (status === 0) {
  const [{ filename, size, unpackedSize, entryCount }] = JSON.parse(stdout);
  console.log(`${filename}: ${kilobytes(size)} kB, unpacked ${kilobytes(unpackedSize)} kB in ${entryCount} files`);
} else {
  console.error(stderr);
  process.exitCode = 1;
}

function kilobytes(bytes) {
  return Math.round(bytes / 1000);
}
