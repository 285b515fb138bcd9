import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { type DirectoryResult, dir } from 'tmp-promise';

const api = fileURLToPath(new URL('../', import.meta.url));
const repository = join(api, '..', '..');
const readme = readFileSync(join(repository, 'README.md'), 'utf8');
const fromSource = { ...process.env, NODE_OPTIONS: '--conditions=@acme/source' };

describe('the README of the repository', () => {
  let temporary: DirectoryResult;

  beforeEach(async () => {
    temporary = await dir({ unsafeCleanup: true });
  });

  afterEach(() => temporary.cleanup());

  it('isolates a test with the code that it shows', async () => {
    const [, file = '', text = ''] = /^```ts (\S+)\n(.*?)^```$/ms.exec(readme) ?? [];
    for (const name of ['src', 'node_modules', 'package.json'])
      symlinkSync(join(api, name), join(temporary.path, name));
    mkdirSync(dirname(join(temporary.path, file)), { recursive: true });
    writeFileSync(join(temporary.path, file), text);

    const mocha = createRequire(import.meta.url).resolve('mocha/bin/mocha.js');
    const { stdout, stderr } = spawnSync(process.execPath, [mocha, '--node-option', 'import=tsx', file], {
      cwd: temporary.path,
      env: { ...fromSource, DB_ISOLATION_DIR: temporary.path },
      encoding: 'utf8',
    });
    expect(stdout + stderr).to.match(/2 passing/);
  });

  it('reviews an invoice with the commands that it shows', async function () {
    if (spawnSync('curl', ['--version']).error) {
      console.warn('curl is not installed, so the commands of README.md were not run');
      this.skip();
    }
    const server = await startServer(temporary.path);
    try {
      const section = readme.slice(readme.indexOf('## Review an invoice'), readme.indexOf('## Configure the API'));
      const commands = [...section.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, text = '']) => text);
      const [handOver, find, validate, again] = commands.map((text) => replies(text, server.url));

      expect(handOver?.[0]).to.include({ id: 'INV-2041', total_amount: '113', review_version: 0 });
      expect(find?.[0].invoices.map(({ invoice_id }: { invoice_id: string }) => invoice_id)).to.include('INV-2041');
      expect(find?.[1].low_confidence_fields).to.deep.equal(['vendor_name']);
      expect(validate?.[0]).to.include({ success: true, review_version: 1 });
      expect(again?.[0].detail).to.include({ error_code: 'STALE_WRITE', current_review_version: 1, updated_by: 'ann' });
      expect(again?.[1]).to.have.length(1);
    } finally {
      await server.stop();
    }
  });
});

/** What each command of a shell example answers, as JSON. */
// biome-ignore lint/suspicious/noExplicitAny: replies are looked into freely; the assertions say what is expected
function replies(commands: string, url: string): any[] {
  const separated = commands.replaceAll('http://127.0.0.1:3000', url).replace(/^curl/gm, 'echo; curl');
  const { stdout } = spawnSync('sh', ['-c', separated], { encoding: 'utf8' });
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

/** What `npm start` runs, on a free port and in a directory of its own. */
async function startServer(cwd: string): Promise<{ url: string; stop(): Promise<void> }> {
  const args = ['--import', createRequire(import.meta.url).resolve('tsx'), join(api, 'src', 'main.ts')];
  const child = spawn(process.execPath, args, {
    cwd,
    env: { ...fromSource, PORT: '0', DATABASE_URL: 'sqlite:invoices.sqlite', STORAGE_DIR: 'storage' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const stop = async () => {
    child.kill('SIGTERM');
    if (child.exitCode === null) await once(child, 'exit');
  };
  return { url: await announcedUrl(child), stop };
}

async function announcedUrl(child: ChildProcess): Promise<string> {
  if (!child.stdout) throw new Error('no output to read');
  for await (const line of createInterface({ input: child.stdout })) {
    const url = /http:\/\/[\d.]+:\d+/.exec(line)?.[0];
    if (url) return url;
  }
  throw new Error('the server ended before it listened');
}
