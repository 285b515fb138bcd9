import { isolationByMocha } from './isolation-by-mocha.ts';

isolationByMocha([
  { name: 'root hooks, serial' },
  { name: 'root hooks, parallel', parallel: true },
  { name: 'isolateEachTest, serial', mode: 'each' },
  { name: 'isolateEachTest, parallel', mode: 'each', parallel: true },
  { name: 'root hooks, parallel, Mocha 11', parallel: true, version: 'mocha-11' },
]);
