import { fork } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { createIsolation } from '@acme/db-isolation';
import { urlClient } from '@acme/db-isolation/clients/url';
import { sqlite } from '@acme/db-isolation/engines/sqlite';
import { type CommandOptions, command } from '@acme/db-isolation/schemas/command';
import Database from 'better-sqlite3';
import { expect } from 'chai';
import { schemaContract } from '../contracts/schema-contract.ts';
import { engineOn } from '../support/clients-under-test.ts';
import { failure } from '../support/rejections.ts';
import { describeWith } from '../support/servers/available.ts';
import { withSql } from '../support/sql.ts';
import { fileOf, setEnvironment, useWorkspace } from '../support/workspace.ts';

const node = process.execPath;
const PACKAGE = fileURLToPath(new URL('../../', import.meta.url));
const DRIVER = JSON.stringify(fileURLToPath(import.meta.resolve('better-sqlite3')));

/** A program that runs SQL files, whose names it is given, in the database at DATABASE_FILE. */
const MIGRATE = `
  const db = new (require(${DRIVER}))(process.env.DATABASE_FILE);
  for (const file of process.argv.slice(2)) db.exec(require('node:fs').readFileSync(file, 'utf8'));`;
const addressEnv: CommandOptions['addressEnv'] = { DATABASE_FILE: ({ filename }) => filename };

const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`;
const insertion = (words: readonly string[]) =>
  words.map((word) => `insert into word values (${quoted(word)});`).join();
const SQL = (...words: string[]) => `create table word (text text); ${insertion(words).replaceAll(';,', ';')}`;

schemaContract('command', {
  source(workspace, id, words) {
    const cwd = workspace.write(id, { 'migrate.cjs': MIGRATE, 'sql/schema.sql': SQL(...words) });
    return command({ run: [node, 'migrate.cjs', 'sql/schema.sql'], files: `${cwd}/sql`, addressEnv, cwd });
  },
});

describe('command', () => {
  const workspace = useWorkspace();
  afterEach(() => setEnvironment('COMMAND_TEST', undefined));

  const words = (options: CommandOptions) =>
    workspace
      .isolation({ schema: command({ addressEnv, ...options }) })
      .run('reads', ({ db }) => db('word').pluck('text'));
  /** Fails with what this program prints and how it ends. */
  const failing = (script: string, options: Partial<CommandOptions> = {}) => {
    const files = workspace.write('failing', { 'a.sql': script });
    return failure('DBI_SCHEMA_FAILED', () => words({ run: [node, '-e', script], files, ...options }));
  };

  it('runs several commands one after another, where it is told to', async () => {
    const cwd = workspace.write('a b', {
      'migrate.cjs': MIGRATE,
      'schema.sql': SQL('schema'),
      'seed.sql': insertion(['seed']),
    });
    const run = [
      [node, 'migrate.cjs', 'schema.sql'],
      [node, 'migrate.cjs', 'seed.sql'],
    ];
    for (const path of [cwd, pathToFileURL(cwd), relative(process.cwd(), cwd)]) {
      expect(await words({ run, files: [path, `${cwd}/seed.sql`], cwd: path })).to.deep.equal(['schema', 'seed']);
    }
    await failure('DBI_SCHEMA_FAILED', () => words({ run: [...run].reverse(), files: cwd, cwd }));
  });

  it('finds the programs of packages of the project, and gives words to them as they are', async () => {
    const project = workspace.write('project', {
      'node_modules/.bin/migrate': `#!${node}\n${MIGRATE}`,
      'packages/app/$HOME; a "b" *.sql': SQL('found'),
    });
    chmodSync(`${project}/node_modules/.bin/migrate`, 0o755);
    const cwd = `${project}/packages/app`;
    expect(await words({ run: ['migrate', '$HOME; a "b" *.sql'], files: cwd, cwd })).to.deep.equal(['found']);
  });

  it('hands the address over in DATABASE_URL, or in what is wanted instead, beside the rest of the environment', async () => {
    const out = workspace.write('out', { 'a.sql': '' });
    const script = `require('node:fs').writeFileSync(process.argv[1], JSON.stringify(
      ['DATABASE_URL', 'A', 'B', 'COMMAND_TEST'].map((name) => process.env[name] ?? null)))`;
    const seen = async (address: CommandOptions['addressEnv']) => {
      const run = [node, '-e', script, `${out}/seen.json`];
      const schema = command({ run, files: out, ...(address && { addressEnv: address }) });
      let url = '';
      const noting = {
        ...schema,
        apply: (db: unknown, tools: { url: string; execute: () => Promise<void> }) => {
          url = tools.url;
          return schema.apply(db, tools);
        },
      };
      await workspace.isolation({ schema: noting }).run('anything', () => undefined);
      return { values: JSON.parse(readFileSync(`${out}/seen.json`, 'utf8')) as unknown, url };
    };
    process.env['COMMAND_TEST'] = 'inherited';
    const usual = await seen(undefined);
    expect(usual.values).to.deep.equal([usual.url, null, null, 'inherited']);
    const names = await seen(['A', 'B']);
    expect(names.values).to.deep.equal([null, names.url, names.url, 'inherited']);
    const functions = await seen({ A: ({ dialect }) => `is ${dialect}`, COMMAND_TEST: () => undefined });
    expect(functions.values).to.deep.equal([null, 'is sqlite', null, null]);
    expect(process.env).to.include({ COMMAND_TEST: 'inherited' }).and.not.have.any.keys('A', 'B');
  });

  it('leaves a database in the journal mode that the engine is told to use', async () => {
    const cwd = workspace.write('wal', { 'migrate.cjs': MIGRATE, 'schema.sql': SQL('a') });
    const schema = command({ run: [node, 'migrate.cjs', 'schema.sql'], files: cwd, addressEnv, cwd });
    const engine = sqlite({ pragmas: { journal_mode: 'wal' } });
    const isolation = createIsolation({ engine, client: urlClient(), schema, keep: 'never' });
    workspace.atEnd(() => isolation.close());
    await isolation.run('reads', (lease) => {
      const file = new Database(fileOf(lease));
      expect(file.pragma('journal_mode', { simple: true })).to.equal('wal');
      file.close();
    });
  });

  it('says which command failed, how, and what it printed last, without passwords', async () => {
    const printing = `for (let i = 1; i <= 100; i += 1) console.log('line ' + i + '.');
      console.error('cannot reach postgres://me:secret@db.example/app'); process.exitCode = 3;`;
    for (let time = 0; time < 2; time += 1) {
      const { message } = await failing(printing);
      expect(message).to.contain(`The command ${node} -e`).and.to.contain('it ended with exit code 3.');
      expect(message).to.contain('line 100.').and.not.to.contain('line 80.');
      expect(message).to.contain('postgres://me:***@db.example/app').and.not.to.contain('secret');
    }
    expect((await failing('process.exit(1)')).message).to.contain(
      'by hand with an empty database. It printed nothing.',
    );
    const argument = await failing("process.exit(1); 'mysql://me:secret@db.example/app'");
    expect(argument.message).to.contain('mysql://me:***@').and.not.to.contain('secret');
    const long = "'mysql://me:' + ['s', 'ecret'].join('').repeat(5000) + '@host\\nend'";
    const cut = await failing(`process.stdout.write(${long}); process.exitCode = 1`);
    expect(cut.message).to.contain('…\n  end').and.not.to.contain('secret');
  });

  it('says by which signal a command was ended', async () => {
    expect((await failing("process.kill(process.pid, 'SIGTERM')")).message).to.contain('it ended with signal SIGTERM');
  });

  it('says that there is no such program, and where it looked', async () => {
    const files = workspace.write('files', { 'a.sql': '' });
    for (const program of ['no-such-program', './no-such-program']) {
      const error = await failure('DBI_SCHEMA_FAILED', () => words({ run: [program, 'migrate'], files, cwd: files }));
      expect(error.message).to.contain(`no program "${program}"`).and.to.contain(files).and.to.contain('Install');
    }
    await failure('DBI_SCHEMA_FAILED', () => words({ run: [`${files}/a.sql`], files })); // may not be executed
  });

  it('ends a command that takes too long, with everything that it has started', async () => {
    const files = workspace.write('files', { 'a.sql': '' });
    // What it has started keeps its output open, and would do so for long.
    const run = ['sh', '-c', 'sleep 600 & echo pid $!; wait'];
    const { message } = await failure('DBI_SCHEMA_FAILED', () => words({ run, files, timeout: 1_000 }));
    expect(message).to.contain('took longer than 1 s').and.to.contain('"timeout"');
    await gone(Number(/pid (\d+)/.exec(message)?.[1]));
  }).timeout(60_000);

  it('ends the command when this process ends in the meantime', async () => {
    const directory = workspace.write('killed', { 'a.sql': '' });
    const end = async (how: 'SIGTERM' | 'SIGINT' | 'exit') => {
      const [started, pid] = [`${directory}/${how}-started`, `${directory}/${how}-pid`];
      const run = ['sh', '-c', 'echo $$ > "$0"; touch "$1"; exec sleep 600', pid, started];
      mkdirSync(`${directory}/${how}`, { mode: 0o700 });
      const child = fork(fileURLToPath(new URL('command-program.ts', import.meta.url)), [started, ...run], {
        env: { ...process.env, DB_ISOLATION_DIR: `${directory}/${how}` },
      });
      await once(child, 'message');
      if (how === 'exit') child.send('exit');
      else child.kill(how);
      const [code, signal] = await once(child, 'exit');
      expect(code ?? signal).to.equal(how === 'exit' ? 7 : how);
      await gone(Number(readFileSync(pid, 'utf8')));
    };
    await Promise.all([end('SIGTERM'), end('SIGINT'), end('exit')]);
  }).timeout(60_000);

  it('says where it looked for files and for the directory to run in', async () => {
    const empty = workspace.write('empty', { 'node_modules/a.sql': '' });
    const file = workspace.write('files', { 'a.sql': '' });
    for (const files of [`${workspace.path}/missing`, empty, [file, `${workspace.path}/missing`]]) {
      const error = await failure('DBI_SCHEMA_NOT_FOUND', () => words({ run: [node, '-e', '0'], files }));
      expect(error.message)
        .to.contain(String([files].flat().at(-1)))
        .and.to.contain(process.cwd());
    }
    for (const cwd of [`${workspace.path}/missing`, `${file}/a.sql`]) {
      const error = await failure('DBI_SCHEMA_NOT_FOUND', () => words({ run: [node, '-e', '0'], files: file, cwd }));
      expect(error.message).to.contain(cwd);
    }
  });

  it('has a fingerprint that follows everything that decides what is built', () => {
    const FILES = { '1_a/migration.sql': '1', '2_b/migration.sql': '2', 'config.ts': "import './lib';", 'lib.ts': '' };
    const print = (changes: Record<string, string> = {}, options: Partial<CommandOptions> = {}, id = 'project') => {
      const files = workspace.write(`${id}-${JSON.stringify(changes).length}`, { ...FILES, ...changes });
      return command({ run: ['a', 'b'], files, ...options }).fingerprint();
    };
    const before = print();
    expect(print({}, {}, 'elsewhere')).to.equal(before);
    expect(print({}, { timeout: 5, cwd: '/' })).to.equal(before);
    const { '2_b/migration.sql': text, ...others } = FILES;
    const renamed = workspace.write('renamed', { ...others, '3_b/migration.sql': text });
    const different = {
      'a file': print({ '2_b/migration.sql': '3' }),
      'one more file': print({ '3_c/migration.sql': '' }),
      'another name of a directory': command({ run: ['a', 'b'], files: renamed }).fingerprint(),
      'an imported module': print({ 'lib.ts': '// changed' }),
      'another argument': print({}, { run: ['a', 'c'] }),
      'two commands': print({}, { run: [['a'], ['b']] }),
      'a listed variable': print({}, { env: ['COMMAND_TEST'] }),
      'another variable for the address': print({}, { addressEnv: ['URL'] }),
      'another form of the address': print({}, { addressEnv }),
    };
    expect(new Set([before, ...Object.values(different)]).size).to.equal(Object.keys(different).length + 1);
  });

  it('refuses what is no command', async () => {
    const files = workspace.write('files', { 'a.sql': '' });
    for (const run of ['prisma migrate deploy', [], [''], [[]], [['a'], []], [7], ['a', 7], undefined]) {
      await failure('DBI_INVALID_OPTION', () => command({ run: run as never, files }));
    }
    for (const wrong of [{ files: [] }, { timeout: 0 }, { timeout: Number.NaN }, { addressEnv: 'URL' as never }]) {
      await failure('DBI_INVALID_OPTION', () => command({ run: ['a'], files, ...wrong }));
    }
  });
});

for (const dialect of ['postgres', 'mysql'] as const) {
  describeWith(dialect, `command on ${dialect}`, (server) => {
    const workspace = useWorkspace();

    it('fills the database that is being built', async () => {
      const connecting = {
        postgres: "new (require('pg').Client)(process.env.DATABASE_URL); connection.connect()",
        mysql: "require('mysql2').createConnection(process.env.DATABASE_URL)",
      }[dialect];
      const script = `const connection = ${connecting};
        connection.query('create table word (text varchar(20))', (error) => { if (error) throw error; connection.end(); });`;
      const files = workspace.write('files', { 'schema.js': script });
      const schema = command({ run: [node, '-e', script], files, cwd: PACKAGE });
      const isolation = createIsolation({ engine: engineOn(dialect, server), client: urlClient(), schema });
      workspace.atEnd(() => isolation.close());
      await isolation.run('reads', async ({ url }) => {
        expect(await withSql(url, (sql) => sql.rows('select * from word'))).to.deep.equal([]);
      });
    });
  });
}

/** Waits until a process has ended, also when nobody has waited for it. */
async function gone(pid: number): Promise<void> {
  expect(pid).to.be.above(1);
  const end = Date.now() + 20_000;
  while (isRunning(pid)) {
    expect(Date.now(), 'it still runs').to.be.below(end);
    await nextTurn();
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    const stat = process.platform === 'linux' ? readFileSync(`/proc/${pid}/stat`, 'latin1') : '';
    return !/\) [ZX] /.test(stat);
  } catch {
    return false;
  }
}
