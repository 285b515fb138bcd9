import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type DirectoryResult, dir } from 'tmp-promise';

const PACKAGE = fileURLToPath(new URL('../..', import.meta.url));
const COMMONJS = join(PACKAGE, '../../scripts/commonjs.mjs');
const WITHOUT_TYPES = ['--noCheck', '--declaration', 'false', '--declarationMap', 'false'];
const require = createRequire(import.meta.url);

/** A project of its own in which the compiled package is installed, with the drivers that a test gives it. */
export interface Project {
  readonly path: string;
  /** Installs a package: a copy of this project's own, or one made of these files. */
  install(name: string, files?: Readonly<Record<string, string>>): void;
  /** Runs a program, an ES module unless its name ends in `.cjs`; answers what it printed and its exit code. */
  run(text: string, options?: { name?: string; env?: Record<string, string> }): { output: string; code: number | null };
  remove(): Promise<void>;
}

/** Compiles the package as it is published, but for its types. */
export async function compilePackage(): Promise<DirectoryResult> {
  const compiled = await dir({ unsafeCleanup: true, prefix: 'db-isolation-package' });
  const tsc = join(dirname(require.resolve('typescript/package.json')), 'bin', 'tsc');
  const args = ['-p', join(PACKAGE, 'tsconfig.build.json'), '--outDir', join(compiled.path, 'dist')];
  execFileSync(process.execPath, [tsc, ...args, ...WITHOUT_TYPES], { stdio: 'pipe' });
  execFileSync(process.execPath, [COMMONJS, join(compiled.path, 'dist')], { stdio: 'pipe' });
  cpSync(join(PACKAGE, 'package.json'), join(compiled.path, 'package.json'));
  return compiled;
}

/** Installs the compiled package in a new project. */
export async function createProject(compiled: DirectoryResult): Promise<Project> {
  const temporary = await dir({ unsafeCleanup: true, prefix: 'db-isolation-project' });
  const path = temporary.path;
  cpSync(compiled.path, join(path, 'node_modules', '@acme', 'db-isolation'), { recursive: true });

  return {
    path,
    install(name, files) {
      const target = join(path, 'node_modules', name);
      mkdirSync(dirname(target), { recursive: true });
      if (!files) return symlinkSync(dirname(require.resolve(`${name}/package.json`)), target);
      mkdirSync(target);
      for (const [file, text] of Object.entries(files)) writeFileSync(join(target, file), text);
    },
    run(text, { name = 'program.mjs', env = {} } = {}) {
      writeFileSync(join(path, name), text);
      // Package managers put this workspace's own packages on NODE_PATH.
      const environment = { ...process.env, NODE_PATH: '', DB_ISOLATION_DIR: path, ...env };
      const { stdout, stderr, status } = spawnSync(process.execPath, [name], {
        cwd: path,
        encoding: 'utf8',
        env: environment,
      });
      return { output: stdout + stderr, code: status };
    },
    remove: () => temporary.cleanup(),
  };
}
