import { createHash } from 'node:crypto';
import { existsSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { now } from '../../real-time.ts';
import type { Kept } from '../engine.ts';
import { type Directories, discard, isOwn, makeDirectory, onDisk, randomName } from './directories.ts';
import { DATABASE_FILE } from './templates.ts';
import { sqliteUrl } from './url.ts';

/** Kept databases go after this many days … */
const KEPT_DAYS = 7;
/** … and when a project has more than this many, the oldest first, but never one of the current run. */
const KEPT_PER_PROJECT = 20;

const DAY_MS = 86_400_000;
const NAME = /^kept-(\d{13})-/;

/**
 * Puts the directory of a closed database aside, with every file in it. Answers undefined when the project has as many
 * as it may have and all were kept since `runStart` (milliseconds since 1970). A project is a working directory.
 */
export function keepDatabase(
  directories: Directories,
  clone: string,
  title: string,
  runStart: number,
): Kept | undefined {
  const project = join(directories.kept, createHash('sha256').update(process.cwd()).digest('hex').slice(0, 32));
  const ofThisRun = existsSync(project) ? keptIn(project).filter(({ at }) => at >= runStart) : [];
  if (ofThisRun.length >= KEPT_PER_PROJECT) return undefined;
  const directory = join(project, `kept-${now()}-${slug(title)}-${randomName()}`);
  onDisk(project, () => {
    makeDirectory(project);
    renameSync(clone, directory);
  });
  removeOldKept(directories);

  const file = join(directory, DATABASE_FILE);
  return {
    title,
    url: sqliteUrl(file),
    command: `sqlite3 '${file.replaceAll("'", `'\\''`)}'`,
    discard: async () => {
      discard(directories, directory);
    },
  };
}

/** Applies both limits to every project. */
export function removeOldKept(directories: Directories): number {
  let removed = 0;
  const projects = readdirSync(directories.kept, { withFileTypes: true });
  for (const { name: project } of projects.filter((entry) => entry.isDirectory() && isOwn(entry.name))) {
    const old = keptIn(join(directories.kept, project)).filter(
      ({ at }, index) => index >= KEPT_PER_PROJECT || now() - at > KEPT_DAYS * DAY_MS,
    );
    for (const { name } of old) if (discard(directories, join(directories.kept, project, name))) removed += 1;
  }
  return removed;
}

/** The newest first. */
function keptIn(project: string): readonly { readonly name: string; readonly at: number }[] {
  return readdirSync(project)
    .filter(isOwn)
    .map((name) => ({ name, at: Number(NAME.exec(name)?.[1]) }))
    .filter(({ at }) => !Number.isNaN(at))
    .sort((a, b) => b.at - a.at);
}

/** A file name that reminds of the title: up to 40 letters, digits and hyphens. */
function slug(title: string): string {
  return title
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(-40)
    .replace(/^-|-$/g, '');
}
