import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { type DirectoryResult, dir } from 'tmp-promise';
import { multipart } from './support/documents.ts';
import { onlyOn } from './support/engine.ts';
import { pdf } from './support/pdf.ts';
import { Service } from './support/service.ts';

const api = fileURLToPath(new URL('../', import.meta.url));
const repository = join(api, '..', '..');

// The same on every engine.
onlyOn('sqlite', () => {
  describe('the compiled service', () => {
    // Beside the real one, so that a build at the same time does not take it away.
    const built = join(api, 'dist', `test-${process.pid}`);
    let directory: DirectoryResult;
    let service: Service | undefined;

    before(() => {
      const tsc = join(repository, 'node_modules', '.bin', 'tsc');
      const { status, stdout } = spawnSync(tsc, ['-p', 'tsconfig.build.json', '--outDir', built], {
        cwd: api,
        encoding: 'utf8',
      });
      expect(status, stdout).to.equal(0);
    });

    beforeEach(async () => {
      directory = await dir({ unsafeCleanup: true });
    });

    afterEach(async () => {
      await service?.stop('SIGKILL');
      await directory.cleanup();
    });

    after(() => rmSync(built, { recursive: true, force: true }));

    it('runs on Node alone: the service with its thread for documents, the commands, the health check', async () => {
      const environment = {
        DATABASE_URL: `sqlite://${join(directory.path, 'invoices.sqlite')}`,
        STORAGE_DIR: join(directory.path, 'storage'),
      };
      const run = (file: string, args: string[], more: Record<string, string> = {}) =>
        spawnSync(process.execPath, [join(built, file), ...args], {
          env: { ...environment, ...more },
          encoding: 'utf8',
        });

      service = new Service(environment, [], [join(built, 'main.js')]);
      const url = await service.url();
      const reply = await fetch(`${url}/api/ingestion/upload`, {
        method: 'POST',
        headers: { 'Content-Type': 'multipart/form-data; boundary=b0undary', Connection: 'close' },
        body: new Uint8Array(multipart([{ name: 'file', fileName: 'a.pdf', bytes: pdf({ pages: 3 }) }])),
      });
      expect([reply.status, ((await reply.json()) as { page_count: number }).page_count]).to.deep.equal([201, 3]);

      const { port } = new URL(url);
      expect(run('health-check.js', [], { PORT: port }).status).to.equal(0);
      expect(run('cli/main.js', ['audit', 'verify']).stdout).to.match(/^The audit log is whole: \d+ entries$/m);
      expect((await service.stop()).code).to.equal(0);
      expect(run('health-check.js', [], { PORT: port }).status).to.equal(1);
    });
  });

  describe('the Dockerfile', () => {
    const dockerfile = readFileSync(join(repository, 'Dockerfile'), 'utf8');

    it('copies only what is there and what .dockerignore lets through', () => {
      const ignored = readFileSync(join(repository, '.dockerignore'), 'utf8').split('\n');
      const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, paths = '']) =>
        paths.split(' '),
      );
      expect(copied).to.have.length.above(6);
      for (const path of copied) {
        expect(existsSync(join(repository, path)), path).to.equal(true);
        expect(ignored, path).to.include(`!${path}`);
      }
    });

    it('sets, as the compose file does, only what the service reads', () => {
      const config = readFileSync(join(api, 'src', 'config.ts'), 'utf8');
      const known = [...config.matchAll(/^ {2}([A-Z][A-Z_]+): /gm)].map(([, name]) => name);
      const compose = readFileSync(join(repository, 'compose.yaml'), 'utf8');
      const [, environment = ''] = /\n {2}api:.*?\n {4}environment:\n(.*?)\n {4}\w/s.exec(compose) ?? [];
      const set = [
        ...[...environment.matchAll(/^ {6}(\w+):/gm)].map(([, name]) => name),
        ...[...dockerfile.matchAll(/^(?:ENV| ) (?!NODE_ENV)([A-Z_]+)=/gm)].map(([, name]) => name),
      ];
      expect(set).to.have.length.above(8);
      expect(known).to.include.members(set);
    });

    it('installs with the pnpm of the repository, and serves as somebody who is not root', () => {
      const [, pnpm] =
        /const PNPM = '(pnpm@[\d.]+)'/.exec(readFileSync(join(repository, 'scripts', 'setup.mjs'), 'utf8')) ?? [];
      expect(dockerfile).to.contain(`npm install --global ${pnpm}\n`);
      expect(dockerfile.slice(dockerfile.lastIndexOf('FROM '))).to.match(
        /\nUSER node\n[\s\S]*\nCMD \["node", "dist\/main\.js"\]\n$/,
      );
    });
  });
});
