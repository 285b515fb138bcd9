import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { invalidOption, schemaNotFound } from '../errors.ts';

/**
 * A path as users write it: relative to the working directory, absolute, or a file URL.
 *
 * @param option names it in the error.
 * @throws {IsolationError} `DBI_INVALID_OPTION`.
 */
export function toPath(path: string | URL, option: string): string {
  if (path instanceof URL) return fileURLToPath(path);
  if (typeof path !== 'string' || path === '') throw invalidOption(option, path, 'a path or a file URL');
  return path.startsWith('file:') ? fileURLToPath(path) : resolve(path);
}

/**
 * One text for the content of all these files, in this order, and of the local modules that they import.
 *
 * @param nameOf what a file is called, wherever the project lies; default: its name without directories.
 */
export function hashFiles(files: readonly string[], nameOf: (file: string) => string = basename): string {
  const hash = createHash('sha256');
  for (const file of withLocalImports(files)) hash.update(`${nameOf(file)}\0${readFileSync(file)}\0`);
  return hash.digest('hex');
}

/**
 * The same for files and for directories with everything below them but `node_modules`, in which files are called by their
 * paths below.
 *
 * @throws {IsolationError} `DBI_SCHEMA_NOT_FOUND` for what is not there, or is an empty directory.
 */
export function hashTrees(paths: readonly string[]): string {
  const names = new Map<string, string>();
  for (const path of paths) {
    const files = filesBelow(path);
    if (files.length === 0) throw schemaNotFound('files', path);
    for (const file of files) names.set(file, relative(path, file) || basename(file));
  }
  return hashFiles([...names.keys()], (file) => names.get(file) ?? basename(file));
}

/** In the order of their paths; a file is below itself. */
function filesBelow(path: string): readonly string[] {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat?.isFile()) return [path];
  const names = stat?.isDirectory() ? readdirSync(path).filter((name) => name !== 'node_modules') : [];
  return names.sort().flatMap((name) => filesBelow(join(path, name)));
}

/** The values of environment variables that migrations or seeds read; unset is different from empty. */
export function environmentValues(names: readonly string[] = []): readonly (readonly [string, string | null])[] {
  return names.map((name) => [name, process.env[name] ?? null]);
}

const IMPORT = /(?:\bfrom|\bimport|\bimport\s*\(|\brequire\s*\()\s*['"](\.{1,2}\/[^'"]+)['"]/g;
const MODULE = /\.[cm]?[jt]sx?$/;
const SUFFIXES = ['', '.ts', '.mts', '.cts', '.js', '.mjs', '.cjs', '.json', '/index.ts', '/index.js'];

/**
 * Follows relative imports, found in the text: a path that stands in a comment costs at most an unnecessary rebuild, and
 * one that is put together at run time is not seen.
 */
function withLocalImports(files: readonly string[]): readonly string[] {
  const found = new Set<string>();
  const visit = (file: string) => {
    if (found.has(file)) return;
    found.add(file);
    if (!MODULE.test(file)) return;
    for (const [, specifier = ''] of readFileSync(file, 'utf8').matchAll(IMPORT)) {
      const imported = locate(resolve(dirname(file), specifier));
      if (imported) visit(imported);
    }
  };
  for (const file of files) visit(file);
  return [...found];
}

function locate(path: string): string | undefined {
  const source = path.replace(/\.([cm]?)js$/, '.$1ts'); // TypeScript sources import each other under compiled names
  return [...SUFFIXES.map((suffix) => path + suffix), source].find((file) => {
    return statSync(file, { throwIfNoEntry: false })?.isFile();
  });
}
