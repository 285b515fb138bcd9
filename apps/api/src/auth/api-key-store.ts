import type { Knex } from 'knex';
import { isRole } from '../http/caller.ts';
import type { ApiKey } from './api-key.ts';

const TABLE = 'api_keys';
const COLUMNS = ['id', 'name', 'roles', 'created_at', 'expires_at', 'revoked_at'] as const;

type Row = Record<(typeof COLUMNS)[number], string>;

/** Adds a key. */
export async function insertKey(trx: Knex.Transaction, key: ApiKey, hash: string): Promise<void> {
  await trx(TABLE).insert({ ...key, roles: JSON.stringify(key.roles), secret_sha256: hash });
}

/** A key with the hash of its secret. */
export async function findKey(db: Knex, id: string): Promise<(ApiKey & { readonly hash: string }) | undefined> {
  const row = await db(TABLE)
    .where({ id })
    .first(...COLUMNS, 'secret_sha256');
  return row && { ...keyOf(row), hash: row.secret_sha256 };
}

/** All keys, the newest first, those that cannot be used any more too. */
export async function listKeys(db: Knex): Promise<ApiKey[]> {
  const rows = await db(TABLE)
    .orderBy([{ column: 'created_at', order: 'desc' }, 'id'])
    .select(...COLUMNS);
  return rows.map(keyOf);
}

/** Notes when a key was revoked; false when it was before, or there is none. */
export async function markRevoked(trx: Knex.Transaction, id: string, at: string): Promise<boolean> {
  return (await trx(TABLE).where({ id, revoked_at: null }).update({ revoked_at: at })) === 1;
}

function keyOf({ id, name, roles, created_at, expires_at, revoked_at }: Row): ApiKey {
  return { id, name, roles: JSON.parse(roles).filter(isRole), created_at, expires_at, revoked_at };
}
