import type { Address, Client } from '@acme/db-isolation';
import { knexClient } from '@acme/db-isolation/clients/knex';
import type { Knex } from 'knex';

/** The Knex client with some of its methods replaced. */
export function changedClient(change: (knex: Client<Knex>) => Partial<Client<Knex>>): Client<Knex> {
  const knex = knexClient();
  const unchanged: Client<Knex> = {
    fingerprint: () => knex.fingerprint(),
    open: (address) => knex.open(address),
    execute: (db, sql) => knex.execute(db, sql),
    fence: (db, reason) => knex.fence(db, reason),
    close: (db, ownPorts) => knex.close(db, ownPorts),
  };
  return { ...unchanged, ...change(knex) };
}

/** A client that cannot close databases of which `bad` is true; they are closed all the same. */
export function clientThatCannotClose(bad: (db: Knex) => boolean): Client<Knex> {
  return changedClient((knex) => ({
    async close(db, ownPorts) {
      const leaks = await knex.close(db, ownPorts);
      if (bad(db)) throw new Error('cannot close');
      return leaks;
    },
  }));
}

/** Whether this is the database in which a template is built, not a test's. */
export function isTemplate(address: Address): boolean {
  return address.dialect === 'sqlite' && address.filename.includes('build-');
}
