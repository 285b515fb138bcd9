import type { Knex } from 'knex';
import { appendAudit } from '../audit/append-audit.ts';
import { inTransaction } from '../db/in-transaction.ts';
import { KeyNotFoundError } from '../errors.ts';
import type { Role } from '../http/caller.ts';
import type { WriteContext } from '../model/write-context.ts';
import { type ApiKey, isKeyId, newSecret } from './api-key.ts';
import { findKey, insertKey, markRevoked } from './api-key-store.ts';

/** What is asked for with a new key. */
export interface KeyRequest {
  readonly name: string;
  readonly roles: readonly Role[];
  /** In UTC with milliseconds; null for a key that does not expire. */
  readonly expires_at: string | null;
}

/** A new key; its text is known only now. */
export interface CreatedKey {
  readonly key: ApiKey;
  readonly text: string;
}

const DAY_MS = 86_400_000;
/** How long a key is valid unless something else is asked for. */
export const DEFAULT_LIFETIME_DAYS = 365;

/** Makes an API key. What is stored does not give its text back. */
export async function createKey(db: Knex, request: KeyRequest, context: WriteContext): Promise<CreatedKey> {
  const { id, text, hash } = newSecret();
  const { name, roles, expires_at } = request;
  const key: ApiKey = { id, name, roles, created_at: context.now, expires_at, revoked_at: null };
  await inTransaction(db, async (trx) => {
    await insertKey(trx, key, hash);
    const made = Object.entries({ id, name, roles, expires_at });
    const changes = made.map(([field, value]) => ({ field, old: null, new: value }));
    await appendAudit(trx, context, { ...ABOUT_NO_INVOICE, action: 'key.created', changes });
  });
  return { key, text };
}

/**
 * Makes a key worthless from now on; one that is so already stays as it is.
 *
 * @throws KeyNotFoundError
 */
export async function revokeKey(db: Knex, id: string, context: WriteContext): Promise<void> {
  await inTransaction(db, async (trx) => {
    if (!isKeyId(id) || (await findKey(trx, id)) === undefined) {
      throw new KeyNotFoundError(id);
    }
    if (await markRevoked(trx, id, context.now)) {
      const changes = [
        { field: 'id', old: id, new: id },
        { field: 'revoked_at', old: null, new: context.now },
      ];
      await appendAudit(trx, context, { ...ABOUT_NO_INVOICE, action: 'key.revoked', changes });
    }
  });
}

/** When a key expires that is made now and lives for so many days. */
export function expiryAfter(now: Date, days = DEFAULT_LIFETIME_DAYS): string {
  return new Date(now.getTime() + days * DAY_MS).toISOString();
}

const ABOUT_NO_INVOICE = { invoiceId: null, reviewVersion: null };
