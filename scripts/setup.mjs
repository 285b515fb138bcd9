// The one set-up step behind `npm start`, `npm test` and the others: installs what the lock file says, and nothing when
// nothing has changed since. Needs only Node and npm.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nodeHeaders } from './node-headers.mjs';

const PNPM = 'pnpm@10.34.9';
const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const stamp = join(root, 'node_modules', '.setup-stamp');

requireNode(20, 19);
const wanted = fingerprint();
if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== wanted) {
  install();
  requireNativeModule();
  writeFileSync(stamp, wanted);
}

function requireNode(major, minor) {
  const [hasMajor, hasMinor] = process.versions.node.split('.').map(Number);
  if (hasMajor > major || (hasMajor === major && hasMinor >= minor)) return;
  fail(`Node ${major}.${minor} or later is needed; this is ${process.versions.node}.`);
}

/** Changes whenever the installed packages may no longer fit: manifests, lock file, version of Node, machine. */
function fingerprint() {
  const workspaces = ['packages', 'apps'].flatMap((folder) =>
    readdirSync(join(root, folder)).map((name) => join(folder, name)),
  );
  const files = [
    'pnpm-lock.yaml',
    'pnpm-workspace.yaml',
    ...['.', ...workspaces].map((folder) => join(folder, 'package.json')),
  ];
  const hash = createHash('sha256').update(
    [process.versions.modules, process.platform, process.arch, PNPM, root].join(' '),
  );
  for (const file of files) if (existsSync(join(root, file))) hash.update(readFileSync(join(root, file)));
  return hash.digest('hex');
}

function install() {
  console.log('Installing packages; the first time this compiles better-sqlite3, which takes a minute or two.');
  const { status, stdout, stderr, error } = spawnSync(
    'npx',
    ['--yes', PNPM, 'install', '--frozen-lockfile', '--prefer-offline', '--reporter=append-only'],
    { cwd: root, env: { ...process.env, ...nodeHeaders() }, encoding: 'utf8', maxBuffer: 256 * 1024 * 1024 },
  );
  if (status === 0) return;
  const output = `${stdout ?? ''}${stderr ?? ''}`.trim().split('\n').slice(-40).join('\n');
  fail(`${output}\n\nInstalling the packages failed${error ? ` (${error.message})` : ''}: the reason is above.`);
}

function requireNativeModule() {
  const require = createRequire(join(root, 'apps', 'api', 'package.json'));
  try {
    new (require('better-sqlite3'))(':memory:').close();
  } catch {
    fail(
      'better-sqlite3 was installed but its native part was not built. Install python3, make and a C++ compiler, then ' +
        `run: npx --yes ${PNPM} rebuild better-sqlite3`,
    );
  }
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
