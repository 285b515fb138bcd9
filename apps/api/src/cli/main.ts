import { Command } from 'commander';

/** The operator's command: `npm run api -- <command>`, or `node dist/cli/main.js <command>`. */
const program = new Command('api').description('Operates the invoice API');

await program.parseAsync();
