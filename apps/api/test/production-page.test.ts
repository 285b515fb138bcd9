import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { type DirectoryResult, dir } from 'tmp-promise';
import { watchDatabase } from '../src/operations/database-metrics.ts';
import { createMetrics } from '../src/operations/metrics.ts';
import { watchProcess } from '../src/operations/process-metrics.ts';
import { onlyOn, testEngine } from './support/engine.ts';
import { isolation } from './support/isolation.ts';
import { ownDatabases } from './support/own-databases.ts';
import { Service } from './support/service.ts';
import { isThere, Writing } from './support/writing.ts';

const api = fileURLToPath(new URL('../', import.meta.url));
const page = readFileSync(join(api, 'docs', 'production.md'), 'utf8');

describe('the page for operators', () => {
  onlyOn('sqlite', () => {
    it('lists every variable with its default, and no other', () => {
      const source = readFileSync(join(api, 'src', 'config.ts'), 'utf8');
      const read = [...source.matchAll(/^ {2}([A-Z][A-Z_]+): (?:text\('(.*?)'\)|listed\(\))/gm)];
      const listed = [...page.matchAll(/^\| `([A-Z][A-Z_]+)` +\| (?:`(.+?)`|none) +\|/gm)];
      expect(read).to.have.length.above(15);
      expect(listed.map(([, name, value = '']) => [name, value])).to.have.deep.members(
        read.map(([, name, value = '']) => [name, value]),
      );
    });

    it('lists every metric, and shows alerts of no other', async () => {
      const metrics = createMetrics();
      const stop = [watchDatabase(metrics.registry, isolation.current().db), watchProcess(metrics.registry)];
      const families = await metrics.registry.metrics();
      for (const each of stop) each();

      const measured = new Set([...families.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name));
      const named = [...page.matchAll(/\b((?:http_request|invoice_api_|nodejs_|process_)[a-z_]+)\b/g)];
      expect(new Set(named.map(([, name = '']) => name.replace(/_bucket$/, '')))).to.deep.equal(measured);
    });
  });

  describe('shows commands for', () => {
    const ownDatabase = ownDatabases();
    let directory: DirectoryResult;
    let started: Service[];

    beforeEach(async () => {
      directory = await dir({ unsafeCleanup: true });
      started = [];
    });

    afterEach(async () => {
      await Promise.all(started.map((service) => service.stop('SIGKILL')));
      await directory.cleanup();
    });

    const storage = (name: string) => join(directory.path, name);

    function start(url: string, storageDirectory: string): Service {
      const environment = { DATABASE_URL: url, STORAGE_DIR: storageDirectory, LOAD_SAMPLES: 'false' };
      const service = new Service(environment);
      started.push(service);
      return service;
    }

    /** Backs a service up with the commands of a section while it is written to, restores it elsewhere and looks. */
    async function drill(section: string) {
      const [from, to] = [await ownDatabase(), await ownDatabase()];
      const [backUp = '', restore = ''] = commandsOf(section);
      const service = start(from.url, storage('one'));
      const writing = new Writing(await service.url());
      await writing.acknowledges(20);
      const before = [...writing.acknowledged];

      const backedUp = await run(backUp, { ...places(from.url, storage('one')), ...connection(from.url) });
      expect(backedUp).to.deep.include({ code: 0, stderr: '' });
      await writing.acknowledges(8);
      await writing.stop();
      await service.stop();

      const restored = await run(restore, {
        ...places(to.url, storage('two')),
        ...connection(to.url),
        ...{
          NEW_DATABASE_URL: to.url,
          NEW_DB_NAME: new URL(to.url).pathname.slice(1),
          NEW_STORAGE_DIR: storage('two'),
        },
      });
      expect(restored).to.deep.include({ code: 0, stderr: '' });
      expect(restored.stdout).to.match(/^The audit log is whole: \d+ entries$/m);

      const url = await start(to.url, storage('two')).url();
      expect(await Promise.all(before.map((written) => isThere(url, written)))).to.deep.equal(before.map(() => true));
      const next = new Writing(url, 'next');
      await next.acknowledges(4);
      await next.stop();
    }

    async function run(commands: string, environment: Record<string, string>) {
      const env = { PATH: String(process.env['PATH']), ...environment };
      const shell = spawn('sh', ['-ec', runnable(commands)], { cwd: directory.path, env });
      const [[code], stdout, stderr] = await Promise.all([
        once(shell, 'close'),
        text(shell.stdout),
        text(shell.stderr),
      ]);
      return { code, stdout, stderr };
    }

    onlyOn('sqlite', () => {
      it('backup and restore that bring back all that was acknowledged before', () => drill('### SQLite'));

      it('keys, probes and the nightly check of the audit log', async () => {
        const database = await ownDatabase();
        const service = start(database.url, storage('one'));
        const url = await service.url();
        const environment = places(database.url, storage('one'));
        const [keys = ''] = commandsOf('## Users and keys');
        expect((await run(keys, environment)).stdout).to.contain('scanner in Halifax');
        const [probes = ''] = commandsOf('## Probes');
        expect(await run(probes.replaceAll('http://127.0.0.1:3000', url), environment)).to.include({
          code: 0,
          stderr: '',
        });
        const [nightly = ''] = commandsOf('## Verify the audit log');
        const first = await run(nightly.replace(/--head "[^"]+" /, '').replace('tomorrow', 'today'), environment);
        expect([first.code, first.stderr]).to.deep.equal([0, '']);
        expect(await run(nightly, environment)).to.include({ code: 0, stderr: '' });
      });
    });

    onlyOn(['postgres', 'mysql'], () => {
      const [tool, section] =
        testEngine === 'postgres' ? ['pg_dump', '### PostgreSQL'] : ['mariadb-dump', '### MariaDB and MySQL'];

      it(`${tool} and what restores it, which bring back all that was acknowledged before`, async function () {
        if (spawnSync(tool, ['--version']).error) {
          console.warn(`${tool} is not installed, so the commands of ${section} were not run`);
          this.skip();
        }
        await drill(section);
      });
    });
  });
});

/** The shell commands of a section, a text for each block. */
function commandsOf(heading: string): string[] {
  const start = page.indexOf(`\n${heading}\n`);
  expect(start, heading).to.be.above(0);
  const [section = ''] = page.slice(start + 1 + heading.length).split(/^##/m);
  return [...section.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, text = '']) => text);
}

/** Without npm, which would look whether something has to be installed. */
function runnable(commands: string): string {
  const tsx = createRequire(import.meta.url).resolve('tsx');
  const command = `'${process.execPath}' --conditions=@acme/source --import '${tsx}' '${join(api, 'src', 'cli', 'main.ts')}'`;
  return commands.replaceAll('npm run --silent api --', command);
}

function places(databaseUrl: string, storageDirectory: string): Record<string, string> {
  return { DATABASE_URL: databaseUrl, STORAGE_DIR: storageDirectory };
}

/** A server's URL in parts, as the tools of MariaDB take it. */
function connection(url: string): Record<string, string> {
  if (testEngine === 'sqlite') {
    return {};
  }
  const { hostname, port, username, password, pathname } = new URL(url);
  return {
    ...{ DB_HOST: hostname, DB_PORT: port || '3306', DB_USER: username, DB_NAME: pathname.slice(1) },
    ...(password !== '' && { MYSQL_PWD: decodeURIComponent(password) }),
  };
}
