import path from 'node:path';
import { z } from 'zod';

/** Where things are in the directory of a backup. */
export const LAYOUT = { database: 'invoices.sqlite', documents: 'documents', manifest: 'backup.json' } as const;

/** What a backup says about itself. */
export const manifestSchema = z.strictObject({
  format: z.literal(1),
  created_at: z.string(),
  invoices: z.number(),
  /** How many documents were copied. */
  documents: z.number(),
  /** Keys of documents that were lost or changed already when the backup was made. */
  unsound_documents: z.array(z.string()),
  /** Where the audit log ended, as `api audit verify --head` takes it. */
  audit_head: z.string(),
  /** Of the copied database, in lower-case hexadecimal. */
  database_sha256: z.string(),
});

/** What a backup says about itself. */
export type Manifest = z.infer<typeof manifestSchema>;

/** Where a document is kept under a directory; undefined for a key that no storage made. */
export function documentFile(directory: string, key: string): string | undefined {
  return /^raw\/[A-Za-z0-9_-]+\.pdf$/.test(key) ? path.join(directory, key) : undefined;
}
