import { PARALLEL, runsEndedFromOutside, runsThatExit, SERIAL } from '../runners/ends-of-runs.ts';

runsEndedFromOutside([
  {
    name: 'SIGINT to the group, PostgreSQL',
    engine: 'postgres',
    options: SERIAL,
    signal: 'SIGINT',
    whom: 'group',
    code: 130,
  },
  {
    name: 'SIGTERM to main, parallel, PostgreSQL',
    engine: 'postgres',
    options: PARALLEL,
    signal: 'SIGTERM',
    whom: 'main',
    code: 143,
  },
  { name: 'SIGINT to main, MariaDB', engine: 'mysql', options: SERIAL, signal: 'SIGINT', whom: 'main', code: 130 },
  {
    name: 'SIGINT to the group, parallel, MariaDB',
    engine: 'mysql',
    options: PARALLEL,
    signal: 'SIGINT',
    whom: 'group',
    code: 130,
  },
]);

runsThatExit([
  { engine: 'postgres', parallel: true },
  { engine: 'mysql', parallel: false },
]);
