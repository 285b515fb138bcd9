import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const FIXTURE = fileURLToPath(new URL('../fixtures/killed-while-migrating.ts', import.meta.url));
const REPOSITORY = fileURLToPath(new URL('../../../../', import.meta.url));

/** Migrates a database in a process of its own that is killed just before the first statement that matches. */
export async function killBefore(pattern: string, url: string): Promise<void> {
  const command = ['--conditions=@acme/source', '--import', 'tsx', FIXTURE, url, pattern];
  const [, signal] = await once(spawn(process.execPath, command, { cwd: REPOSITORY, stdio: 'inherit' }), 'exit');
  expect(signal).to.equal('SIGKILL');
}
