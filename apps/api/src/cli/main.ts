import { Command } from 'commander';
import { startupLine } from '../startup-failure.ts';
import { auditCommand } from './audit.ts';

/** The operator's command: `npm run api -- <command>`, or `node dist/cli/main.js <command>`. */
const program = new Command('api').description('Operates the invoice API').addCommand(auditCommand());

try {
  await program.parseAsync();
} catch (error) {
  console.error(startupLine(error));
  process.exitCode = 1;
}
