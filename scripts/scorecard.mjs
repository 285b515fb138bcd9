// npm run scorecard: finds the servers as the tests do, and runs apps/api/scorecard with them. Arguments go to it:
// npm run scorecard -- --help
import { spawn } from 'node:child_process';
import { endOf } from './interrupts.mjs';
import { withServers } from './servers/with-servers.mjs';

const SCORECARD = ['--conditions=@acme/source', '--import', 'tsx', 'apps/api/scorecard/main.ts'];

await withServers(async ({ env }) => {
  const child = spawn(process.execPath, [...SCORECARD, ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: { ...process.env, ...env },
  });
  process.exitCode = await endOf(child);
});
