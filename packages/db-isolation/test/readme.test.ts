import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { errorCodes } from '@acme/db-isolation';
import { expect } from 'chai';
import { type DirectoryResult, dir } from 'tmp-promise';
import { describeWith } from './support/servers/available.ts';

const root = fileURLToPath(new URL('../', import.meta.url));
const readme = readFileSync(join(root, 'README.md'), 'utf8');

describe('the README', () => {
  let project: DirectoryResult;

  before(async () => {
    project = await dir({ unsafeCleanup: true });
    installInto(project.path);
    for (const { file, text } of examples(readme)) {
      mkdirSync(dirname(join(project.path, file)), { recursive: true });
      writeFileSync(join(project.path, file), text);
    }
  });

  after(() => project.cleanup());

  it('has examples that run as they stand, from the quick start on', async () => {
    const files = filesThat((name) => !/^(whole-suite|concurrent|postgres|mysql)\b/.test(name));
    expect(files).to.have.length.above(3);
    const output = await mocha(files);
    expect(output, output)
      .to.match(/ passing/)
      .and.not.match(/failing|db-isolation:/);
  });

  describeWith('postgres', 'has examples for PostgreSQL', () => {
    it('that run as they stand', async () => {
      const output = await mocha(filesThat((name) => name.startsWith('postgres')));
      expect(output, output).to.match(/3 passing/);
    });
  });

  describeWith('mysql', 'has an example for MariaDB and MySQL', () => {
    it('that runs as it stands', async () => {
      const output = await mocha(filesThat((name) => name.startsWith('mysql')));
      expect(output, output).to.match(/1 passing/);
    });
  });

  it('has examples of the whole-suite plugin that run, serial and parallel', async () => {
    const files = ['test/whole-suite.test.ts', 'test/concurrent.test.ts'];
    const plugin = ['--require', 'tsx', '--require', './test/support/hooks.ts'];
    expect(await mocha([...plugin, ...files])).to.match(/2 passing/);
    expect(await mocha([...plugin, '--parallel', '--jobs', '2', ...files])).to.match(/2 passing/);
  });

  it('explains every error code, and no other, under what its message says', () => {
    const headings = [...readme.matchAll(/^### (.*) \((DBI_\w+)\)$/gm)];
    expect(headings.map(([, , code]) => code)).to.deep.equal(Object.keys(errorCodes));
    const source = sourceText();
    for (const [, message = ''] of headings) {
      for (const part of message.split('…')) expect(source, message).to.contain(part.trim());
    }
  });

  it('lists every subpath that the package exports', () => {
    const { exports } = createRequire(import.meta.url)('../package.json') as { exports: Record<string, unknown> };
    const subpaths = Object.keys(exports).filter((name) => name !== './package.json');
    const listed = [...readme.matchAll(/^\| `@acme\/db-isolation(\S*)` +\|/gm)].map(([, subpath]) => `.${subpath}`);
    expect(listed.sort()).to.deep.equal(subpaths.sort());
  });

  function filesThat(condition: (name: string) => boolean): readonly string[] {
    const files = readdirSync(join(project.path, 'test')).filter((name) => name.endsWith('.test.ts'));
    return files.filter(condition).map((name) => `test/${name}`);
  }

  async function mocha(args: readonly string[]): Promise<string> {
    const bin = createRequire(import.meta.url).resolve('mocha/bin/mocha.js');
    const child = spawn(process.execPath, [bin, '--timeout', '60000', ...args], {
      cwd: project.path,
      env: { ...process.env, DB_ISOLATION_DIR: project.path, NODE_OPTIONS: '--conditions=@acme/source' },
    });
    const output: string[] = [];
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => output.push(String(data)));
    await once(child, 'close');
    return output.join('');
  }
});

/**
 * Code blocks that name a file: ```ts test/note.test.ts. Not those of the quick starts with other runners, which
 * `npm run test:consumers` follows.
 */
function examples(markdown: string): { file: string; text: string }[] {
  const sections = markdown.split(/^## /m).filter((section) => !/^Start with (?!Mocha)/.test(section));
  return [...sections.join('## ').matchAll(/^```\w+ (\S+)\n(.*?)^```$/gms)].map(([, file = '', text = '']) => ({
    file,
    text,
  }));
}

/** All sources, with what is put together from several lines in one piece. */
function sourceText(): string {
  const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  );
  return files
    .map((file) => readFileSync(join(root, 'src', file), 'utf8'))
    .join('\n')
    .replaceAll(/[`'"] \+\n\s*[`'"]/g, '');
}

/** What `npm install` would do, without a registry: this package and its development dependencies. */
function installInto(project: string): void {
  writeFileSync(join(project, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
  mkdirSync(join(project, 'node_modules', '@acme'), { recursive: true });
  symlinkSync(root, join(project, 'node_modules', '@acme', 'db-isolation'));
  for (const name of readdirSync(join(root, 'node_modules'))) {
    if (!name.startsWith('.')) symlinkSync(join(root, 'node_modules', name), join(project, 'node_modules', name));
  }
}
