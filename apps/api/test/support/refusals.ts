import type { Knex } from 'knex';
import { dialectOf } from '../../src/db/dialect.ts';

/** How a database refuses a statement. */
export interface Refusal {
  readonly statement?: 'INSERT' | 'UPDATE';
  /** Only for rows with this value in this column. */
  readonly when?: readonly [column: string, value: string];
  /** As if another transaction had been in the way; only servers do. */
  readonly transient?: boolean;
}

/** Makes the running test's database refuse to write invoices. */
export async function refuseInvoices(db: Knex, refusal: Refusal = {}): Promise<void> {
  const { statement = 'INSERT', when, transient = false } = refusal;
  const condition = when === undefined ? '1 = 1' : `NEW.${when[0]} = '${when[1]}'`;
  switch (dialectOf(db)) {
    case 'sqlite':
      await db.raw(`CREATE TRIGGER refuse BEFORE ${statement} ON invoices WHEN ${condition}
        BEGIN SELECT RAISE(ABORT, 'disk on fire'); END`);
      break;
    case 'postgres':
      await db.raw(`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'disk on fire' USING ERRCODE = '${transient ? '40001' : '45000'}'; END $$`);
      await db.raw(`CREATE TRIGGER refuse BEFORE ${statement} ON invoices FOR EACH ROW WHEN (${condition})
        EXECUTE FUNCTION refuse()`);
      break;
    case 'mysql':
      await db.raw(`CREATE TRIGGER refuse BEFORE ${statement} ON invoices FOR EACH ROW
        IF ${condition} THEN
          SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'disk on fire', MYSQL_ERRNO = ${transient ? 1213 : 1644};
        END IF`);
  }
}

/** Runs a statement that a server answers as if another transaction had been in the way. */
export async function failTransiently(trx: Knex): Promise<void> {
  await trx.raw(
    dialectOf(trx) === 'postgres'
      ? "DO $$ BEGIN RAISE EXCEPTION 'again' USING ERRCODE = '40001'; END $$"
      : "SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213",
  );
}
