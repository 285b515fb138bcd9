import type { Knex } from 'knex';
import { verifyAudit } from '../audit/verify-audit.ts';
import { createDatabase } from '../db/create-database.ts';
import { NewerSchemaError, refuseNewerSchema } from '../db/migrate.ts';
import { damageOf } from '../db/sqlite-copy.ts';
import { StartupError } from '../startup-failure.ts';

/** A document that the rows of a database speak of. */
export interface KnownDocument {
  readonly key: string;
  readonly sha256: string | null;
}

/** What is in a sound copy of a database. */
export interface CopyContents {
  readonly invoices: number;
  /** As `api audit verify --head` takes it. */
  readonly auditHead: string;
  readonly documents: readonly KnownDocument[];
}

/**
 * Checks a copy of a database from its pages to its audit log, and says what is in it.
 *
 * @throws StartupError saying what is wrong with it.
 */
export async function inspectCopy(file: string, what: string): Promise<CopyContents> {
  const db = createDatabase({ url: `sqlite://${file.split('/').map(encodeURIComponent).join('/')}` });
  try {
    await refuseNewerSchema(db);
    return { ...(await soundContents(db)), auditHead: await soundAudit(db) };
  } catch (cause) {
    throw new StartupError(`${what} cannot be relied on: ${reason(cause)}`, { cause });
  } finally {
    await db.destroy();
  }
}

/** The copy is not as the service would have written it. */
class UnsoundCopyError extends Error {
  override name = 'UnsoundCopyError';
}

async function soundContents(db: Knex): Promise<Omit<CopyContents, 'auditHead'>> {
  const damage = await damageOf(db);
  if (damage !== undefined) {
    throw new UnsoundCopyError(damage);
  }
  const rows = await db('invoices')
    .whereNotNull('file_path')
    .orderBy('file_path')
    .select('file_path', 'content_sha256');
  const counted = await db('invoices').count({ count: '*' }).first();
  const documents = rows.map((row) => ({ key: row.file_path, sha256: row.content_sha256 }));
  return { invoices: Number(counted?.['count']), documents };
}

async function soundAudit(db: Knex): Promise<string> {
  if (!(await db.schema.hasTable('audit_log'))) {
    throw new UnsoundCopyError('it has no audit log yet; start this version of the service on the database first');
  }
  const { first_bad, head } = await verifyAudit(db);
  if (first_bad !== null || head === null) {
    throw new UnsoundCopyError(`entry ${first_bad?.position} of its audit log ${first_bad?.reason}`);
  }
  return `${head.position}:${head.hash}`;
}

/** Messages of SQLite may hold values. */
function reason(cause: unknown): string {
  return cause instanceof UnsoundCopyError || cause instanceof NewerSchemaError
    ? cause.message
    : 'it is no database of the service, or a damaged one';
}
