// Started by a process that exits: see ../server/at-exit.ts.
import { removeAsOrdered } from '../server/at-exit.ts';
import { createPostgresDialect } from './postgres-dialect.ts';

removeAsOrdered((server) => createPostgresDialect('server', server)).catch(() => {
  process.exitCode = 1;
});
