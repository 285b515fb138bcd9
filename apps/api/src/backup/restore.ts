import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { isSqliteInUse } from '../db/sqlite-copy.ts';
import { makeDirectory } from '../make-directory.ts';
import { StartupError } from '../startup-failure.ts';
import type { Places } from './back-up.ts';
import { copyDurably, sha256Of, sync } from './durable-files.ts';
import { inspectCopy, type KnownDocument } from './inspect-copy.ts';
import { documentFile, LAYOUT, type Manifest, manifestSchema } from './layout.ts';

/** What a restore did. */
export interface Restored {
  readonly manifest: Manifest;
  /** Where the database that was there before is now. */
  readonly replaced: string | undefined;
}

/**
 * Puts a backup in place of a database that nobody uses. All of it is checked before anything is changed; a database
 * that was there is kept under another name, and so are its documents, which have other names than any others.
 *
 * @throws StartupError when the backup is not sound, the database is in use, or there is one and `force` is not set.
 */
export async function restore(directory: string, places: Places, force: boolean, now: Date): Promise<Restored> {
  const backup = path.resolve(directory);
  const manifest = await readManifest(backup, directory);
  refuseUsed(places.database);
  if (existsSync(places.database) && !force) {
    throw new StartupError('There is a database already: restore elsewhere, or add --force (DATABASE_URL)');
  }
  makeDirectory(path.dirname(places.database));
  const staging = await mkdtemp(`${places.database}.restore-`);
  try {
    const database = path.join(staging, LAYOUT.database);
    const documents = await stageDatabase(backup, database, manifest);
    await placeDocuments(backup, places.storage, documents);
    refuseUsed(places.database);
    const replaced = await setAside(places.database, now);
    await rename(database, places.database);
    await sync(path.dirname(places.database));
    return { manifest, replaced };
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

function refuseUsed(database: string): void {
  if (isSqliteInUse(database)) {
    throw new StartupError('The database is in use: stop the service first (DATABASE_URL)');
  }
}

async function readManifest(backup: string, shown: string): Promise<Manifest> {
  const text = await readFile(path.join(backup, LAYOUT.manifest), 'utf8').catch((cause) => {
    throw new StartupError(`${shown} is no backup: it has no ${LAYOUT.manifest}`, { cause });
  });
  try {
    return manifestSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new StartupError(`${shown} is no backup of this version: ${LAYOUT.manifest} is of another kind`, { cause });
  }
}

/** Checked as a copy, so that the backup itself is only read. */
async function stageDatabase(backup: string, database: string, manifest: Manifest): Promise<KnownDocument[]> {
  const sha256 = await copyDurably(path.join(backup, LAYOUT.database), database);
  if (sha256 !== manifest.database_sha256) {
    throw new StartupError('The backup cannot be relied on: its database was changed after it was made');
  }
  const { auditHead, invoices, documents } = await inspectCopy(database, 'The backup');
  if (auditHead !== manifest.audit_head || invoices !== manifest.invoices) {
    throw new StartupError('The backup cannot be relied on: its database is not the one it describes');
  }
  await sync(database);
  return documents.filter(({ key }) => !manifest.unsound_documents.includes(key));
}

/** All are checked before the first is copied. One that is there already was kept by the service, and is left alone. */
async function placeDocuments(backup: string, storage: string, documents: readonly KnownDocument[]): Promise<void> {
  const copies: (readonly [from: string, to: string])[] = [];
  for (const { key, sha256 } of documents) {
    const from = documentFile(path.join(backup, LAYOUT.documents), key);
    const to = documentFile(path.resolve(storage), key);
    if (from === undefined || to === undefined || !existsSync(from) || (await sha256Of(from)) !== sha256) {
      throw new StartupError(`The backup cannot be relied on: the document ${key} is missing or was changed`);
    }
    copies.push([from, to]);
  }
  await mkdir(path.resolve(storage, 'raw'), { recursive: true, mode: 0o700 });
  for (const [from, to] of copies) {
    await placeDocument(from, to);
  }
  await sync(path.resolve(storage, 'raw'));
}

async function placeDocument(from: string, to: string): Promise<void> {
  if (existsSync(to) && (await sha256Of(to)) === (await sha256Of(from))) {
    return;
  }
  const partial = `${to}.part`;
  await rm(partial, { force: true });
  await copyDurably(from, partial);
  await rename(partial, to);
}

/** Under a name that says since when; with the log files that a damaged one may have left. */
async function setAside(database: string, now: Date): Promise<string | undefined> {
  if (!existsSync(database)) {
    return undefined;
  }
  const aside = `${database}.replaced-${now.toISOString().replaceAll(/[-:]/g, '')}`;
  for (const suffix of ['-wal', '-shm', '']) {
    if (existsSync(database + suffix)) {
      await rename(database + suffix, aside + suffix);
    }
  }
  return aside;
}
