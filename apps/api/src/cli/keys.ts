import { Command, InvalidArgumentError, Option } from 'commander';
import type { Knex } from 'knex';
import type { ApiKey } from '../auth/api-key.ts';
import { listKeys } from '../auth/api-key-store.ts';
import { keyName } from '../auth/key-request.ts';
import { createKey, DEFAULT_LIFETIME_DAYS, expiryAfter, revokeKey } from '../auth/manage-keys.ts';
import { KeyNotFoundError } from '../errors.ts';
import { ROLES, type Role } from '../http/caller.ts';
import type { WriteContext } from '../model/write-context.ts';
import { StartupError } from '../startup-failure.ts';
import { withDatabase } from './with-database.ts';

const MOST_DAYS = 36_500;

/** `api keys create|list|revoke`: who holds which API key. */
export function keysCommand(): Command {
  return new Command('keys')
    .description('the API keys that callers show')
    .addCommand(createCommand())
    .addCommand(listCommand())
    .addCommand(revokeCommand());
}

interface NewKeyOptions {
  readonly name: string;
  readonly role: Role[];
  /** In days; infinite for never, as commander makes a text of null. */
  readonly expiresIn: number;
}

function createCommand(): Command {
  const role = new Option('--role <role>', `what it may be used for, may be repeated: ${ROLES.join(', ')}`);
  return new Command('create')
    .description('makes a key and prints it, this once')
    .requiredOption('--name <name>', 'what the history calls whoever uses it', readName)
    .addOption(role.argParser(addRole).makeOptionMandatory())
    .option('--expires-in <days>', 'days until it expires, as 90d, or never', readDays, DEFAULT_LIFETIME_DAYS)
    .action(async ({ name, role: roles, expiresIn }: NewKeyOptions) => {
      const now = new Date();
      const expires_at = expiresIn === Number.POSITIVE_INFINITY ? null : expiryAfter(now, expiresIn);
      const created = await onMigrated((db) => createKey(db, { name, roles, expires_at }, byOperator(now)));
      // Nothing else goes to the standard output, so that it can be piped to where secrets are kept.
      console.error(`Key ${created.key.id} for ${name}, ${shownExpiry(expires_at)}. It is not shown again:`);
      console.log(created.text);
    });
}

function listCommand(): Command {
  return new Command('list').description('prints every key without its secret').action(async () => {
    const keys = await onMigrated(listKeys);
    const now = new Date().toISOString();
    console.log(['ID', 'STATE', 'ROLES', 'EXPIRES', 'NAME'].join('\t'));
    for (const key of keys) {
      const { id, roles, expires_at, name } = key;
      console.log([id, stateOf(key, now), roles.join(','), expires_at ?? 'never', JSON.stringify(name)].join('\t'));
    }
  });
}

function revokeCommand(): Command {
  return new Command('revoke')
    .description('makes a key worthless at once')
    .argument('<id>', 'as keys list shows it')
    .action(async (id: string) => {
      await onMigrated((db) => revokeKey(db, id, byOperator(new Date())));
      console.log(`Key ${id} is revoked`);
    });
}

/** Runs something on a database that has the table. */
function onMigrated<T>(work: (db: Knex) => Promise<T>): Promise<T> {
  return withDatabase(async (db) => {
    if (!(await db.schema.hasTable('api_keys'))) {
      throw new StartupError('The database is not migrated: start the service on it once, which makes its tables');
    }
    return work(db).catch((error) => {
      throw error instanceof KeyNotFoundError ? new StartupError(error.message) : error;
    });
  });
}

/** Whoever may run the command has no credential of the service. */
function byOperator(now: Date): WriteContext {
  return { actor: null, requestId: null, now: now.toISOString(), mayApprove: false };
}

function stateOf({ revoked_at, expires_at }: ApiKey, now: string): string {
  if (revoked_at !== null) {
    return 'revoked';
  }
  return expires_at !== null && expires_at <= now ? 'expired' : 'valid';
}

function shownExpiry(expiresAt: string | null): string {
  return expiresAt === null ? 'which does not expire' : `valid until ${expiresAt}`;
}

function readName(text: string): string {
  const { data, error } = keyName.safeParse(text);
  if (data === undefined) {
    throw new InvalidArgumentError(`It ${error.issues[0]?.message ?? 'cannot be used'}.`);
  }
  return data;
}

function addRole(text: string, before: Role[] = []): Role[] {
  const role = ROLES.find((known) => known === text);
  if (role === undefined) {
    throw new InvalidArgumentError(`It must be one of ${ROLES.join(', ')}.`);
  }
  return [...new Set([...before, role])];
}

function readDays(text: string): number {
  const days = /^([1-9]\d{0,4})d$/.exec(text)?.[1];
  if (text !== 'never' && (days === undefined || Number(days) > MOST_DAYS)) {
    throw new InvalidArgumentError('It must be days as 90d, at most 36500d, or never.');
  }
  return text === 'never' ? Number.POSITIVE_INFINITY : Number(days);
}
