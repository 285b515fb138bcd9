import { isolationByMocha } from '../runners/isolation-by-mocha.ts';

const FOUR_JOBS = { parallel: true, args: ['--jobs', '4'] };

isolationByMocha([
  { name: 'PostgreSQL, root hooks, parallel', engine: 'postgres', ...FOUR_JOBS },
  { name: 'PostgreSQL, isolateEachTest, serial, Mocha 11', engine: 'postgres', mode: 'each', version: 'mocha-11' },
  { name: 'MariaDB, root hooks, serial, Mocha 11', engine: 'mysql', version: 'mocha-11' },
  { name: 'MariaDB, isolateEachTest, parallel', engine: 'mysql', mode: 'each', ...FOUR_JOBS },
]);
