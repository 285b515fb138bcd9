import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import type { DirectoryResult } from 'tmp-promise';
import type { RunnerTest } from '../contracts/runner-contract.ts';
import { compilePackage, createProject, type Project } from './installed-package.ts';

const FIXTURES = fileURLToPath(new URL('../fixtures/', import.meta.url));
const JEST = fileURLToPath(new URL('bin/jest.js', import.meta.resolve('jest/package.json')));

/** What the fixtures use besides the library. */
const PACKAGES = ['better-sqlite3', 'express', 'jest-environment-node', 'knex', 'pg', 'supertest'];

/** A project in CommonJS without any loader, in which the compiled package is installed. */
export interface JestProject {
  readonly path: string;
  /** What `node` is started with to run some of its tests. */
  arguments(options: JestOptions): readonly string[];
}

interface JestOptions {
  /** What one process of Jest runs, each part with a configuration of its own. */
  readonly parts: readonly JestPart[];
  /** A file that gets the results as JSON, besides what is printed. */
  readonly report: string;
  readonly args?: readonly string[];
}

export interface JestPart {
  /** Paths of files in the project, without `.suite`. */
  readonly files: readonly string[];
  /** Settings of Jest's configuration besides the environment. */
  readonly settings?: Readonly<Record<string, unknown>>;
}

/** Far above what a busy machine needs. */
const LIMITS = { testTimeout: 60_000 };

let project: Promise<JestProject> | undefined;

/** The project, which is made once for all tests of this process and removed at its end. */
export function jestProject(): Promise<JestProject> {
  project ??= createJestProject();
  return project;
}

async function createJestProject(): Promise<JestProject> {
  const compiled: DirectoryResult = await compilePackage();
  const project: Project = await createProject(compiled);
  await compiled.cleanup();
  for (const name of PACKAGES) project.install(name);
  buildSync({
    entryPoints: [`${FIXTURES}jest/contract/*.suite.ts`],
    outdir: join(project.path, 'contract'),
    bundle: true,
    alias: { 'node:assert/strict': `${FIXTURES}jest/contract/assert.ts` },
    external: [...PACKAGES, '@acme/db-isolation'],
    platform: 'node',
    format: 'cjs',
    logLevel: 'warning',
  });
  const { path } = project;
  cpSync(`${FIXTURES}jest/runs`, join(path, 'runs'), { recursive: true });
  writeFileSync(join(path, 'package.json'), '{ "name": "a-project-with-jest" }');
  process.once('exit', () => rmSync(path, { recursive: true, force: true }));
  let runs = 0;
  const settingsFor = ({ files, settings = {} }: JestPart) => ({
    rootDir: path,
    testEnvironment: '@acme/db-isolation/runners/jest-environment',
    testMatch: files.map((file) => `<rootDir>/${file}.suite.*js`),
    ...settings,
  });
  return {
    path,
    arguments({ parts, report, args = [] }) {
      const config = join(path, `run-${runs++}.json`);
      writeFileSync(config, JSON.stringify({ projects: parts.map(settingsFor), ...LIMITS }));
      return [JEST, '--config', config, '--json', `--outputFile=${report}`, ...args];
    },
  };
}

interface JsonReport {
  readonly testResults: readonly {
    readonly name: string;
    readonly message: string;
    readonly assertionResults: readonly JsonTest[];
  }[];
}

interface JsonTest {
  readonly fullName: string;
  readonly status: 'passed' | 'failed' | 'pending' | 'todo';
  readonly failureMessages?: readonly string[];
}

/** What Jest's JSON report tells. */
export function jestResults(report: string): readonly RunnerTest[] {
  return filesIn(report).flatMap(({ assertionResults }) =>
    assertionResults.map(({ fullName, status, failureMessages = [] }) => ({
      title: fullName,
      state: status === 'passed' || status === 'failed' ? status : 'skipped',
      message: failureMessages.join('\n'),
    })),
  );
}

/** What it tells of each file as a whole, by the file's name; empty for one that passed. */
export function jestFiles(report: string): Readonly<Record<string, string>> {
  return Object.fromEntries(filesIn(report).map(({ name, message }) => [basename(name), message]));
}

function filesIn(report: string): JsonReport['testResults'] {
  return (JSON.parse(readFileSync(report, 'utf8')) as JsonReport).testResults;
}
