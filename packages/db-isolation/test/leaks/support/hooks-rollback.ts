// One shared database, and a transaction around every test that is rolled back: what many teams do.
import type { Knex } from 'knex';
import { connectTo } from './connect.ts';
import { useSource } from './current.ts';
import { database } from './database.ts';
import { configuredUrl, engine } from './environment.ts';

const shared = connectTo(configuredUrl, engine);
let transaction: Knex.Transaction;
let restore: () => void;

useSource({ db: () => transaction, url: () => configuredUrl });

export const mochaHooks: Mocha.RootHookObject = {
  async beforeEach() {
    transaction = await shared.transaction();
    restore = database.override(transaction);
  },
  async afterEach() {
    restore();
    await transaction.rollback();
  },
  async afterAll() {
    await shared.destroy();
  },
};
