// Started by a process that exits: see ../server/at-exit.ts.
import { removeAsOrdered } from '../server/at-exit.ts';
import { createMysqlDialect } from './mysql-dialect.ts';

removeAsOrdered((server) => createMysqlDialect('server', server)).catch(() => {
  process.exitCode = 1;
});
