import type { Knex } from 'knex';

/** How the connections of a Knex instance are used at this moment. */
export interface PoolUse {
  readonly used: number;
  readonly free: number;
  /** How many wait for one. */
  readonly waiting: number;
}

/** Looks at the pool of a Knex instance; all zero when it is closed. */
export function poolUse(db: Knex): PoolUse {
  const { pool } = db.client;
  return pool === undefined
    ? { used: 0, free: 0, waiting: 0 }
    : { used: pool.numUsed(), free: pool.numFree(), waiting: pool.numPendingAcquires() };
}
