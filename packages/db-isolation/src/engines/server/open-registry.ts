import { foreignName, hasCode } from '../../errors.ts';
import { sleep } from '../../real-time.ts';
import type { AdminConnection, ServerDialect } from './dialect.ts';
import { createRegistry, foreignTables, isRegistry } from './registry.ts';

/**
 * Connects to the registry, which the first process of all makes.
 *
 * @throws {IsolationError} `DBI_FOREIGN_NAME` when a database of this name holds somebody else's tables.
 */
export async function openRegistry(dialect: ServerDialect): Promise<AdminConnection> {
  const found = await connectIfThere(dialect);
  if (found && (await isRegistry(found.query))) return found;
  await found?.close();

  await createIfMissing(dialect);
  const registry = await dialect.connect(dialect.registryName);
  try {
    while (!(await dialect.tryLocks(registry, [LOCK]))[0]) await sleep(POLL_MS);
    if (!(await isRegistry(registry.query))) {
      const [foreign] = await foreignTables(registry.query, dialect.registryName);
      if (foreign !== undefined) throw foreignName(`The database ${dialect.registryName} with its table ${foreign}`);
      await createRegistry(registry.query);
    }
    await dialect.unlock(registry, [LOCK]);
    return registry;
  } catch (error) {
    await registry.close();
    throw error;
  }
}

const LOCK = 'registry';
const POLL_MS = 20;

/** PostgreSQL's codes have five characters; MariaDB may hide from a user without rights whether a database exists. */
const MISSING = ['3D000', 'ER_BAD_DB_ERROR', 'ER_DBACCESS_DENIED_ERROR'];
const EXISTS = ['42P04', '23505', 'ER_DB_CREATE_EXISTS'];

async function connectIfThere(dialect: ServerDialect): Promise<AdminConnection | undefined> {
  try {
    return await dialect.connect(dialect.registryName);
  } catch (error) {
    if (hasCode(error, ...MISSING)) return undefined;
    throw error;
  }
}

async function createIfMissing(dialect: ServerDialect): Promise<void> {
  const connection = await dialect.connect();
  try {
    await dialect.inspect(connection); // before anything is made where it could not be used
    if (!(await dialect.exists(connection, dialect.registryName))) {
      await dialect.create(connection, dialect.registryName);
    }
  } catch (error) {
    if (!hasCode(error, ...EXISTS)) throw error; // another process was quicker
  } finally {
    await connection.close();
  }
}
