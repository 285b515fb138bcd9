import { existsSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createIsolation } from '@acme/db-isolation';
import { urlClient } from '@acme/db-isolation/clients/url';
import { sqlite } from '@acme/db-isolation/engines/sqlite';
import { command } from '@acme/db-isolation/schemas/command';

// Has a template built by a command that never ends, says so, and ends when it is told to.
const [, , file = '', ...run] = process.argv;
const schema = command({ run, files: import.meta.filename });
createIsolation({ engine: sqlite(), client: urlClient(), schema })
  .acquire()
  .catch(() => undefined);
process.on('message', () => process.exit(7));
while (!existsSync(file)) await nextTurn();
process.send?.('runs');
