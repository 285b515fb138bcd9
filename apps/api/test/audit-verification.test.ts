import { expect } from 'chai';
import type { Knex } from 'knex';
import { appendAudit } from '../src/audit/append-audit.ts';
import { type AuditEntry, entryHash, NO_HASH } from '../src/audit/audit-entry.ts';
import { accepted, correct, get, handOver } from './support/api.ts';
import { auditEntries, dropProtection, verified } from './support/audit.ts';
import { onlyOn } from './support/engine.ts';
import { isolation } from './support/isolation.ts';

const context = { actor: 'ann', requestId: 'r', now: '2026-01-02T03:04:05.678Z', mayApprove: true };

/** Five entries: two invoices, two reviews, and something that is about no invoice. */
async function writeFive(): Promise<Knex> {
  const { db } = isolation.current();
  await handOver({ id: 'A', vendor_name: 'Acmé 🧾' });
  await handOver({ id: 'B' });
  await accepted({ invoice_id: 'A', expected_review_version: 0, field_validations: [correct('entity', 'E')] });
  await accepted({ invoice_id: 'A', expected_review_version: 1, reviewer: 'ann' });
  await append(db, 1);
  return db;
}

async function append(db: Knex, count: number): Promise<void> {
  await db.transaction(async (trx) => {
    for (let index = 0; index < count; index += 1) {
      const changes = [{ field: 'name', old: null, new: `k${index}` }];
      await appendAudit(trx, context, { action: 'key.created', invoiceId: null, reviewVersion: null, changes });
    }
  });
}

const at = (db: Knex, position: number) => db('audit_log').where({ position });
const row = async (db: Knex, position: number): Promise<AuditEntry> => {
  const found = await at(db, position).first();
  return { ...found, position: Number(found.position) };
};

/** Writes an entry with the hash that belongs to it. */
async function rehash(db: Knex, { hash: _, ...entry }: AuditEntry): Promise<string> {
  const hash = entryHash(entry);
  await at(db, entry.position).update({ ...entry, hash });
  return hash;
}

describe('the check of the audit log', () => {
  it('finds an empty log whole', async () => {
    const report = { valid: true, entries: 0, head: { position: 0, hash: NO_HASH }, first_bad: null };
    expect(await verified()).to.deep.equal(report);
  });

  it('finds a log whole that nobody changed, and says where it ends', async () => {
    await writeFive();
    const [, , , , last] = await auditEntries();
    const head = { position: 5, hash: last.hash };
    expect(await verified()).to.deep.equal({ valid: true, entries: 5, head, first_bad: null });
  });

  it('goes through more entries than it reads at once', async () => {
    const { db } = isolation.current();
    await append(db, 401);
    expect(await verified()).to.include({ valid: true, entries: 401 });

    await dropProtection(db);
    await at(db, 201).delete();
    expect((await verified()).first_bad).to.deep.equal({ position: 201, reason: 'is missing' });
  });

  const other: Readonly<Record<string, unknown>> = {
    at: '2026-01-01T00:00:00.000Z',
    actor: 'bob',
    request_id: null,
    action: 'invoice.Reviewed',
    invoice_id: 'B',
    review_version: 7,
    changes: '[]',
    previous_hash: '1'.repeat(64),
    hash: '1'.repeat(64),
  };
  for (const [column, value] of Object.entries(other)) {
    it(`finds the entry whose ${column} was changed`, async () => {
      const db = await writeFive();
      await dropProtection(db);
      expect(await at(db, 3).update({ [column]: value })).to.equal(1);

      const { valid, entries, first_bad } = await verified();
      expect([valid, entries, first_bad.position]).to.deep.equal([false, 2, 3]);
    });
  }

  it('tells texts apart that some collations take for the same', async () => {
    const db = await writeFive();
    await dropProtection(db);
    const { changes } = await row(db, 1);
    for (const similar of [`${changes} `, changes.replace('Acmé', 'Acme'), changes.replace('🧾', '🧿')]) {
      await at(db, 1).update({ changes: similar });
      expect((await verified()).first_bad).to.deep.equal({ position: 1, reason: 'was changed' });
    }
    await at(db, 1).update({ changes });
    expect((await verified()).valid).to.equal(true);
  });

  /** What somebody does to the log, and the entry that is then the first bad one. */
  const tampering: Readonly<Record<string, readonly [number, (db: Knex) => Promise<unknown>]>> = {
    'the first entry deleted': [1, (db) => at(db, 1).delete()],
    'one in the middle deleted': [3, (db) => at(db, 3).delete()],
    'the last entry deleted': [5, (db) => at(db, 5).delete()],
    'every entry deleted': [1, (db) => db('audit_log').delete()],
    'two entries in each other’s place': [
      2,
      async (db) => {
        const [second, third] = [await row(db, 2), await row(db, 3)];
        await at(db, 2).update({ ...third, position: 99 });
        await at(db, 3).update({ ...second, position: 3 });
        await at(db, 99).update({ position: 2 });
      },
    ],
    'two entries in each other’s place, with hashes that belong to them': [
      4,
      async (db) => {
        const [second, third] = [await row(db, 2), await row(db, 3)];
        const { previous_hash } = second;
        const hash = await rehash(db, { ...third, position: 2, previous_hash });
        await rehash(db, { ...second, position: 3, previous_hash: hash });
      },
    ],
    'an entry changed, with a hash that belongs to it': [
      4,
      async (db) => rehash(db, { ...(await row(db, 3)), actor: 'bob' }),
    ],
    'the last entry changed, with a hash that belongs to it': [
      5,
      async (db) => rehash(db, { ...(await row(db, 5)), actor: 'bob' }),
    ],
    'an entry added that follows from the last': [
      6,
      async (db) => {
        const last = await row(db, 5);
        const entry = { ...last, position: 6, previous_hash: last.hash };
        const { hash: _, ...hashed } = entry;
        await db('audit_log').insert({ ...entry, hash: entryHash(hashed) });
      },
    ],
    'an entry added before the first': [
      1,
      async (db) => db('audit_log').insert({ ...(await row(db, 1)), position: 0 }),
    ],
    'an entry put between two others': [
      4,
      async (db) => {
        for (const position of [5, 4]) {
          await at(db, position).update({ position: position + 1 });
        }
        const third = await row(db, 3);
        await db('audit_log').insert({ ...third, position: 4, previous_hash: third.hash });
        await db('audit_head').update({ position: 6 });
      },
    ],
    'the end moved back': [5, async (db) => db('audit_head').update({ position: 4, hash: (await row(db, 4)).hash })],
    'the end moved on': [6, (db) => db('audit_head').update({ position: 6 })],
    'the hash of the end changed': [5, (db) => db('audit_head').update({ hash: '1'.repeat(64) })],
    'the end removed': [6, (db) => db('audit_head').delete()],
    'nothing left at all': [1, (db) => Promise.all([db('audit_log').delete(), db('audit_head').delete()])],
  };
  for (const [what, [position, tamper]] of Object.entries(tampering)) {
    it(`finds ${what}`, async () => {
      const db = await writeFive();
      await dropProtection(db);
      await tamper(db);

      const { valid, first_bad } = await verified();
      expect([valid, first_bad.position], first_bad.reason).to.deep.equal([false, position]);
    });
  }

  it('finds a log that was written anew from one entry on by the head that was written down before', async () => {
    const db = await writeFive();
    const { head } = await verified();
    const query = `?position=${head.position}&hash=${head.hash}`;
    await append(db, 2);
    expect(await verified(query)).to.include({ valid: true, entries: 7 });

    await dropProtection(db);
    let previous_hash = NO_HASH;
    for (const position of [1, 2, 3, 4, 5, 6, 7]) {
      previous_hash = await rehash(db, { ...(await row(db, position)), actor: 'eve', previous_hash });
    }
    await db('audit_head').update({ hash: previous_hash });
    expect((await verified()).valid).to.equal(true);
    expect((await verified(query)).first_bad.position).to.equal(5);
  });

  it('finds a log shorter than the head that was written down', async () => {
    await writeFive();
    expect((await verified(`?position=9&hash=${NO_HASH}`)).first_bad).to.deep.equal({
      position: 6,
      reason: 'is missing',
    });
  });

  for (const query of ['?position=1', `?hash=${NO_HASH}`, '?position=0&hash=x', `?position=1&hash=${'G'.repeat(64)}`]) {
    it(`refuses ${query.slice(0, 30)}`, async () => {
      const { status, type } = await get(`/api/v1/audit/verify${query}`);
      expect([status, type]).to.deep.equal([422, 'application/problem+json']);
    });
  }
});

describe('the audit log in the database', () => {
  it('refuses every change of an entry', async () => {
    const db = await writeFive();
    for (const attempt of [db('audit_log').update({ actor: 'x' }), at(db, 5).delete()]) {
      const failure = await attempt.catch((error: Error) => error);
      expect(failure)
        .to.have.property('message')
        .that.matches(/audit_log is append-only/);
    }
    expect(await verified()).to.include({ valid: true, entries: 5 });
  });

  onlyOn('postgres', () => {
    it('refuses TRUNCATE', async () => {
      const db = await writeFive();
      const failure = await db.raw('TRUNCATE audit_log').catch((error: Error) => error);
      expect(failure)
        .to.have.property('message')
        .that.matches(/audit_log is append-only/);
    });
  });

  it('takes no write any more when its end is gone, and the write is not made either', async () => {
    const { db } = isolation.current();
    await db('audit_head').delete();
    const response = await get('/api/v1/audit/verify');
    expect(response.body.first_bad.position).to.equal(1);
    const failure = await append(db, 1).catch((error: Error) => error);
    expect(failure).to.have.property('name', 'AuditHeadMissingError');
  });
});
