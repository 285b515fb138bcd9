import { createHash } from 'node:crypto';
import type { Knex } from 'knex';
import { canonicalJson } from '../../json/canonical-json.ts';
import { bearsMark, createTable } from '../create-table.ts';
import { dialectOf } from '../dialect.ts';

const REFUSAL = 'audit_log is append-only';
const NO_HASH = '0'.repeat(64);

/** Triggers that refuse every change of an entry. MySQL fires none for TRUNCATE, which takes the right to drop there. */
const TRIGGERS = {
  sqlite: ['UPDATE', 'DELETE'].map(
    (statement) => `CREATE TRIGGER audit_log_no_${statement.toLowerCase()} BEFORE ${statement} ON audit_log
      BEGIN SELECT RAISE(ABORT, '${REFUSAL}'); END`,
  ),
  postgres: [
    `CREATE FUNCTION audit_log_refuse() RETURNS trigger LANGUAGE plpgsql
      AS $$ BEGIN RAISE EXCEPTION '${REFUSAL}'; END $$`,
    `CREATE TRIGGER audit_log_no_change BEFORE UPDATE OR DELETE ON audit_log
      FOR EACH ROW EXECUTE FUNCTION audit_log_refuse()`,
    `CREATE TRIGGER audit_log_no_truncate BEFORE TRUNCATE ON audit_log
      FOR EACH STATEMENT EXECUTE FUNCTION audit_log_refuse()`,
  ],
  mysql: ['UPDATE', 'DELETE'].map(
    (statement) => `CREATE TRIGGER audit_log_no_${statement.toLowerCase()} BEFORE ${statement} ON audit_log
      FOR EACH ROW SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = '${REFUSAL}'`,
  ),
};

/** The log of all writes, each entry with the hash of the one before it, and the one row that says where it ends. */
export async function up(db: Knex): Promise<void> {
  if (await isDone(db)) {
    return;
  }
  await createTable(db, 'audit_log', ({ table, text }) => {
    table.bigInteger('position').primary();
    text('at', 24).notNullable();
    text('actor');
    text('request_id');
    text('action', 50).notNullable();
    text('invoice_id', 36);
    table.integer('review_version');
    text('changes').notNullable();
    text('previous_hash', 64).notNullable();
    text('hash', 64).notNullable();
    table.index(['invoice_id', 'position']);
  });
  for (const statement of TRIGGERS[dialectOf(db)]) {
    await db.raw(statement);
  }
  await createTable(db, 'audit_head', ({ table, text }) => {
    table.integer('id').primary();
    table.bigInteger('position').notNullable();
    text('hash', 64).notNullable();
  });
  await atOnce(db, () => begin(db));
}

export async function down(db: Knex): Promise<void> {
  await db.schema.dropTable('audit_log');
  await db.schema.dropTable('audit_head');
  if (dialectOf(db) === 'postgres') {
    await db.raw('DROP FUNCTION audit_log_refuse()');
  }
}

/** On MySQL it may have been killed after its last step and before that was written down. */
async function isDone(db: Knex): Promise<boolean> {
  const isThere = dialectOf(db) === 'mysql' && (await bearsMark(db, 'audit_head'));
  return isThere && (await db('audit_head').first()) !== undefined;
}

/** A log that begins when invoices are there says so, and claims nothing of what came before it. */
async function begin(db: Knex): Promise<void> {
  const [invoices, reviews] = [await countOf(db, 'invoices'), await countOf(db, 'review_history')];
  if (invoices === 0) {
    await db('audit_head').insert({ id: 1, position: 0, hash: NO_HASH });
    return;
  }
  const entry = {
    position: 1,
    at: new Date().toISOString(),
    actor: null,
    request_id: null,
    action: 'log.started',
    invoice_id: null,
    review_version: null,
    changes: JSON.stringify([
      { field: 'invoices', old: null, new: invoices },
      { field: 'reviews', old: null, new: reviews },
    ]),
    previous_hash: NO_HASH,
  };
  // As every later entry is hashed: audit/audit-entry.ts.
  const hash = createHash('sha256').update(canonicalJson(entry)).digest('hex');
  await db('audit_log').insert({ ...entry, hash });
  await db('audit_head').insert({ id: 1, position: 1, hash });
}

async function countOf(db: Knex, table: string): Promise<number> {
  const row = await db(table).count({ count: '*' }).first();
  return Number(row?.['count']);
}

/** MySQL has committed with each table; what comes after them needs a transaction of its own. */
async function atOnce(db: Knex, work: () => Promise<void>): Promise<void> {
  if (dialectOf(db) !== 'mysql') {
    await work();
    return;
  }
  await db.raw('START TRANSACTION');
  await work();
  await db.raw('COMMIT');
}
