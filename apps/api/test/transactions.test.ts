import { EventEmitter, once } from 'node:events';
import { expect } from 'chai';
import type { Knex } from 'knex';
import { inTransaction } from '../src/db/in-transaction.ts';
import { readOneState } from '../src/db/one-state.ts';
import { DatabaseBusyError } from '../src/errors.ts';
import { get, handOver, post, stored, validate, writesNothing } from './support/api.ts';
import { onlyOn, testEngine } from './support/engine.ts';
import { isolation } from './support/isolation.ts';
import { failTransiently, refuseInvoices } from './support/refusals.ts';

/** Pauses that take no time and are written down. */
function recordedPauses(random = 0) {
  const lengths: number[] = [];
  const sleep = async (milliseconds: number) => {
    lengths.push(milliseconds);
  };
  return { lengths, sleep, random: () => random };
}

/** Something that is waited for until somebody says it. */
function signal() {
  const emitter = new EventEmitter();
  const promise = once(emitter, 'said');
  return { promise, resolve: () => emitter.emit('said') };
}

/** Lets nobody pass before as many have come. */
function meeting(size: number): () => Promise<unknown> {
  const { promise, resolve } = signal();
  let come = 0;
  return () => {
    come += 1;
    if (come === size) {
      resolve();
    }
    return promise;
  };
}

describe('a transaction', () => {
  let db: Knex;

  beforeEach(async () => {
    ({ db } = isolation.current());
    await db.schema.createTable('counters', (table) => {
      table.string('name', 10).primary();
      table.integer('n').notNullable();
    });
    await db('counters').insert([
      { name: 'a', n: 0 },
      { name: 'b', n: 0 },
    ]);
  });

  const add = (trx: Knex, name: string) => trx('counters').where({ name }).increment('n', 1);
  const counters = async () => Object.fromEntries((await db('counters')).map(({ name, n }) => [name, n]));

  it('has been committed when its promise resolves, with what the work returned', async () => {
    expect(await inTransaction(db, async (trx) => [await add(trx, 'a')])).to.deep.equal([1]);
    expect(await counters()).to.deep.equal({ a: 1, b: 0 });
  });

  it('is rolled back and not run again when the work fails for a reason of its own', async () => {
    let attempts = 0;
    const failure = await inTransaction(db, async (trx) => {
      attempts += 1;
      await add(trx, 'a');
      await trx('counters').insert({ name: 'b', n: 7 });
    }).catch((error: Error) => error);

    expect(failure).to.be.instanceOf(Error);
    expect([attempts, await counters()]).to.deep.equal([1, { a: 0, b: 0 }]);
  });

  it('counts the rows that an update found, not those it changed', async () => {
    const counts = await inTransaction(db, async (trx) => [
      await trx('counters').where({ name: 'a' }).update({ n: 0 }),
      await trx('counters').where({ name: 'nobody' }).update({ n: 0 }),
    ]);
    expect(counts).to.deep.equal([1, 0]);
  });

  onlyOn(['sqlite', 'postgres'], () => {
    it('whose COMMIT fails is never reported as done, nor by the API', async () => {
      await handOver({ id: 'before' });
      await failAtCommit(db);

      const failure = await inTransaction(db, (trx) =>
        trx('invoices').where({ id: 'before' }).update({ status: 'changed' }),
      ).catch((error: Error) => error);
      expect(failure).to.be.instanceOf(Error);

      const review = { invoice_id: 'before', expected_review_version: 0 };
      const responses = await writesNothing(async () => [
        await post('/api/v1/invoices', { id: 'late' }),
        await validate(review),
      ]);
      expect(responses.map(({ status }) => status)).to.deep.equal([500, 500]);
      expect((await get('/api/v1/invoices/late')).status).to.equal(404);
      expect(await stored('before')).to.include({ status: 'EXTRACTED', review_version: 0 });
    });
  });

  onlyOn(['postgres', 'mysql'], () => {
    it('whose connection is lost before COMMIT is never reported as done', async () => {
      const failure = await inTransaction(db, async (trx) => {
        await add(trx, 'a');
        await endConnection(db, trx);
      }).catch((error: Error) => error);

      expect(failure).to.be.instanceOf(Error);
      expect(await counters()).to.deep.equal({ a: 0, b: 0 });
    });

    it('that is the victim of a deadlock is run again', async () => {
      const met = meeting(2);
      let attempts = 0;
      const addBoth = (first: string, second: string) =>
        inTransaction(db, async (trx) => {
          attempts += 1;
          await add(trx, first);
          await met();
          await add(trx, second);
        });

      await Promise.all([addBoth('a', 'b'), addBoth('b', 'a')]);
      expect(await counters()).to.deep.equal({ a: 2, b: 2 });
      expect(attempts).to.equal(3);
    });

    it('that waited too long for a lock is rolled back whole, then run again', async () => {
      const held = signal();
      const ended = signal();
      const holder = db.transaction(async (trx) => {
        await add(trx, 'b');
        held.resolve();
        await ended.promise;
      });
      await held.promise;

      let attempts = 0;
      const sleep = async () => {
        ended.resolve();
        await holder;
      };
      await inTransaction(
        db,
        async (trx) => {
          attempts += 1;
          await waitBriefly(trx);
          await add(trx, 'a');
          await trx('counters').insert({ name: 'c', n: attempts });
          await add(trx, 'b');
        },
        { sleep, random: Math.random },
      );
      expect(attempts).to.equal(2);
      expect(await counters()).to.deep.equal({ a: 1, b: 2, c: 2 });
    });

    for (const [random, expected] of [
      [0, [20, 40, 80, 160]],
      [1, [40, 80, 160, 320]],
    ] as const) {
      it(`is run five times at most, with pauses that grow (random ${random})`, async () => {
        const pauses = recordedPauses(random);
        let attempts = 0;
        const work = async (trx: Knex.Transaction) => {
          attempts += 1;
          await add(trx, 'a');
          await failTransiently(trx);
        };
        const failure = await inTransaction(db, work, pauses).catch((error: Error) => error);

        expect(failure).to.be.instanceOf(DatabaseBusyError).with.property('cause').that.is.instanceOf(Error);
        expect([attempts, pauses.lengths]).to.deep.equal([5, expected]);
        expect(await counters()).to.deep.equal({ a: 0, b: 0 });
      });
    }

    it('inside another one is run again with that one, never alone', async () => {
      const pauses = recordedPauses();
      const attempts = { outer: 0, inner: 0 };
      await inTransaction(
        db,
        async (outer) => {
          attempts.outer += 1;
          await add(outer, 'a');
          await inTransaction(outer, async (inner) => {
            attempts.inner += 1;
            await add(inner, 'b');
            if (attempts.inner < 3) {
              await failTransiently(inner);
            }
          });
        },
        pauses,
      );
      expect(attempts).to.deep.equal({ outer: 3, inner: 3 });
      expect(await counters()).to.deep.equal({ a: 1, b: 1 });
    });

    it('that fails each time is answered with 503 and when to try again, and nothing is written', async () => {
      await handOver({ id: 'A' });
      await refuseInvoices(db, { statement: 'UPDATE', transient: true });
      const review = await writesNothing(() => validate({ invoice_id: 'A', expected_review_version: 0 }));
      expect([review.status, review.headers['retry-after']]).to.deep.equal([503, '1']);
      expect(review.body.detail).to.include({ error_code: 'DATABASE_BUSY', retryable: true });
    });

    it('that fails each time is a problem in the other format as well', async () => {
      await refuseInvoices(db, { transient: true });
      const response = await writesNothing(() => post('/api/v1/invoices', { id: 'A' }));
      expect([response.status, response.headers['retry-after']]).to.deep.equal([503, '1']);
      expect(response.type).to.equal('application/problem+json');
      expect(response.body).to.include({ status: 503, title: 'Service Unavailable' });
    });

    it('reads one state where it must, whatever others commit in between', async () => {
      const seen = await readOneState(db, async (trx) => {
        const before = await trx('counters').where({ name: 'a' }).first('n');
        await add(db, 'a');
        return [before, await trx('counters').where({ name: 'a' }).first('n')];
      });
      expect(seen).to.deep.equal([{ n: 0 }, { n: 0 }]);
      expect(await counters()).to.deep.equal({ a: 1, b: 0 });
    });

    it('that writes sees what others have committed before each of its statements', async () => {
      const seen = await inTransaction(db, async (trx) => {
        await trx('counters').where({ name: 'a' }).first('n');
        await add(db, 'a');
        return trx('counters').where({ name: 'a' }).first('n');
      });
      expect(seen).to.deep.equal({ n: 1 });
    });
  });

  onlyOn('postgres', () => {
    it('that cannot be serialized is run again, also when only COMMIT says so', async () => {
      const met = meeting(2);
      let attempts = 0;
      const addSum = (name: string) =>
        inTransaction(db, async (trx) => {
          attempts += 1;
          await trx.raw('SET TRANSACTION ISOLATION LEVEL SERIALIZABLE');
          const { sum } = (await trx('counters').sum({ sum: 'n' }).first()) ?? {};
          await met();
          await trx('counters')
            .where({ name })
            .update({ n: Number(sum) + 1 });
        });

      await Promise.all([addSum('a'), addSum('b')]);
      // One after the other, in either order: 1, then 1 + 1.
      expect(Object.values(await counters()).sort()).to.deep.equal([1, 2]);
      expect(attempts).to.equal(3);
    });
  });
});

/** Makes every COMMIT fail that comes after a write to an invoice. */
async function failAtCommit(db: Knex): Promise<void> {
  if (testEngine === 'sqlite') {
    await db.raw('CREATE TABLE nobody (id INTEGER PRIMARY KEY)');
    await db.raw('CREATE TABLE orphans (parent INTEGER REFERENCES nobody (id) DEFERRABLE INITIALLY DEFERRED)');
    for (const statement of ['INSERT', 'UPDATE']) {
      await db.raw(`CREATE TRIGGER orphan_after_${statement} AFTER ${statement} ON invoices
        BEGIN INSERT INTO orphans VALUES (1); END`);
    }
    return;
  }
  await db.raw("CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'late'; END $$");
  await db.raw(`CREATE CONSTRAINT TRIGGER fail_late AFTER INSERT OR UPDATE ON invoices
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION fail()`);
}

/** Ends the connection of a transaction from another one. */
async function endConnection(db: Knex, trx: Knex): Promise<void> {
  if (testEngine === 'postgres') {
    const { rows } = await trx.raw('SELECT pg_backend_pid() AS id');
    await db.raw('SELECT pg_terminate_backend(?, 5000)', [rows[0].id]);
  } else {
    const [[{ id }]] = await trx.raw('SELECT CONNECTION_ID() AS id');
    await db.raw('KILL CONNECTION ?', [id]);
  }
}

/** Makes a transaction wait for locks no longer than it has to; MySQL knows only whole seconds. */
async function waitBriefly(trx: Knex): Promise<void> {
  await trx.raw(testEngine === 'postgres' ? "SET LOCAL lock_timeout = '20ms'" : 'SET innodb_lock_wait_timeout = 1');
}
