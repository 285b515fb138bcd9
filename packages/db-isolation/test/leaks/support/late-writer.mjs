// A program of the app beside the app itself, as a worker thread or a child process: opens a database, and writes to it
// when it is told to. Messages: "ready", "write", "written".
import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import knex from 'knex';

const { client, connection } = isMainThread ? JSON.parse(process.argv[2]) : workerData;
const say = (text) => (isMainThread ? process.send(text) : parentPort.postMessage(text));
const db = knex({ client, connection, useNullAsDefault: true, pool: { min: 1, max: 1 } });

async function write(text) {
  await db('note')
    .insert({ text })
    .catch(() => undefined);
  say('written');
}

(isMainThread ? process : parentPort).on('message', () => write('late, by another program'));
if (isMainThread) process.on('disconnect', () => process.exit());
// A file that is locked is not waited for, or else a test could time out.
if (client === 'better-sqlite3') await db.raw('pragma busy_timeout = 100');
await db('note').select();
say('ready');
