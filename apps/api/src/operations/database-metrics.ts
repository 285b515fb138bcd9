import type { Knex } from 'knex';
import { Counter, Gauge, type Registry } from 'prom-client';
import { poolUse } from '../db/connection-pool.ts';
import { TRANSACTION_RETRY } from '../db/in-transaction.ts';
import { createDatabaseProbe } from './database-probe.ts';

/** Measures a database and the connections to it until the returned function is called. */
export function watchDatabase(registry: Registry, db: Knex): () => void {
  const registers = [registry];
  new Gauge({
    name: 'invoice_api_db_connections',
    help: 'Connections to the database, by what they do',
    labelNames: ['state'],
    registers,
    collect() {
      const { used, free } = poolUse(db);
      this.set({ state: 'used' }, used);
      this.set({ state: 'free' }, free);
    },
  });
  new Gauge({
    name: 'invoice_api_db_connection_waiters',
    help: 'Requests that wait for a connection to the database',
    registers,
    collect() {
      this.set(poolUse(db).waiting);
    },
  });
  addProbe(registers, db);
  const retries = new Counter({
    name: 'invoice_api_transaction_retries_total',
    help: 'Transactions run again because others were in the way',
    registers,
  });
  const onRetry = () => retries.inc();
  db.on(TRANSACTION_RETRY, onRetry);
  return () => db.off(TRANSACTION_RETRY, onRetry);
}

function addProbe(registers: Registry[], db: Knex): void {
  const probe = createDatabaseProbe(db);
  new Gauge({
    name: 'invoice_api_db_up',
    help: '1 when the database answers, else 0',
    registers,
    async collect() {
      this.set((await probe()).up ? 1 : 0);
    },
  });
  new Gauge({
    name: 'invoice_api_db_ping_seconds',
    help: 'Time until the database answered SELECT 1',
    registers,
    async collect() {
      this.set((await probe()).seconds);
    },
  });
}
