import { Command } from 'commander';
import { backUp, type Places } from '../backup/back-up.ts';
import { restore } from '../backup/restore.ts';
import { readConfig } from '../config.ts';
import { dialectOfUrl } from '../db/database-url.ts';
import { sqliteFile } from '../db/sqlite.ts';
import { StartupError } from '../startup-failure.ts';

/** `api backup <directory>`: a checked copy of the SQLite database and its documents, while the service goes on. */
export function backupCommand(): Command {
  return new Command('backup')
    .description('copies the SQLite database and its documents to a new directory, and checks the copy')
    .argument('<directory>', 'made by the command; there must be none by that name')
    .action(async (directory: string) => {
      const manifest = await backUp(places(), directory, new Date());
      console.log(`Backed up ${manifest.invoices} invoices and ${manifest.documents} documents to ${directory}`);
      console.log(`head ${manifest.audit_head}`);
      for (const key of manifest.unsound_documents) {
        console.error(`The document ${key} is lost or was changed, and is not in the backup`);
      }
    });
}

/** `api restore <directory>`: puts such a copy in place. */
export function restoreCommand(): Command {
  return new Command('restore')
    .description('checks a backup and puts it in place of the database, while the service is stopped')
    .argument('<directory>', 'as `backup` made it')
    .option('--force', 'also where there is a database, which is kept under another name')
    .action(async (directory: string, { force = false }: { force?: boolean }) => {
      const { manifest, replaced } = await restore(directory, places(), force, new Date());
      console.log(
        `Restored ${manifest.invoices} invoices and ${manifest.documents} documents of ${manifest.created_at}`,
      );
      console.log(`head ${manifest.audit_head}`);
      if (replaced !== undefined) {
        console.log(`The database that was there is now ${replaced}`);
      }
    });
}

const SERVER_TOOLS = { postgres: 'pg_dump and pg_restore', mysql: 'mariadb-dump and mariadb' };

function places(): Places {
  const { databaseUrl, storageDirectory } = readConfig();
  const dialect = dialectOfUrl(databaseUrl);
  if (dialect === 'postgres' || dialect === 'mysql') {
    throw new StartupError(
      `This is for SQLite; for this database use ${SERVER_TOOLS[dialect]}, as apps/api/docs/production.md shows`,
    );
  }
  return { database: sqliteFile(databaseUrl), storage: storageDirectory };
}
