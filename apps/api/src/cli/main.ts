import { Command } from 'commander';
import { startupLine } from '../startup-failure.ts';
import { auditCommand } from './audit.ts';
import { backupCommand, restoreCommand } from './backup.ts';
import { keysCommand } from './keys.ts';

/** The operator's command: `npm run api -- <command>`, or `node dist/cli/main.js <command>`. */
const program = new Command('api')
  .description('Operates the invoice API')
  .addCommand(auditCommand())
  .addCommand(keysCommand());
program.addCommand(backupCommand()).addCommand(restoreCommand());

try {
  await program.parseAsync();
} catch (error) {
  console.error(startupLine(error));
  process.exitCode = 1;
}
