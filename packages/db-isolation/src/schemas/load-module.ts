import { createRequire } from 'node:module';
import { basename, extname } from 'node:path';
import { pathToFileURL } from 'node:url';

/**
 * Loads a module of the user's: ESM or CommonJS, TypeScript where the process has a loader. All loading of files that
 * users write goes through here.
 *
 * @param expected names of functions, all of which it exports: by themselves, or as an object that is its default export.
 * @throws {TypeError} when it does not; and whatever the module throws.
 */
export async function loadModule<T extends object>(file: string, ...expected: (keyof T & string)[]): Promise<T> {
  const namespace = (await load(file)) as T & { default?: T };
  const missingFrom = (module: T) => expected.filter((name) => typeof module[name] !== 'function');
  const module = [namespace, namespace.default].find((each) => each && missingFrom(each).length === 0);
  if (module) return module;
  const names = missingFrom(namespace).map((name) => `"${name}"`);
  throw new TypeError(`${basename(file)} does not export a function ${names.join(' and ')} (${extname(file)} module)`);
}

/** Loads a module in the way of a test runner. */
export type Loader = (file: string) => Promise<unknown>;

/** Registered, so that all copies of this package in a process know it. */
const LOADER: unique symbol = Symbol.for('@acme/db-isolation/typescript-loader') as never;

const shared = globalThis as { [LOADER]?: Loader };

/** Has TypeScript of the user's loaded by a runner that can do so where Node cannot, as Vitest can. */
export function loadTypeScriptWith(loader: Loader): void {
  shared[LOADER] = loader;
}

async function load(file: string): Promise<unknown> {
  const loader = shared[LOADER];
  if (loader && /\.[cm]?ts$/.test(file)) return loader(file);
  try {
    return await import(pathToFileURL(file).href);
  } catch (error) {
    if (!isImportUnavailable(error)) throw error;
    // Jest runs tests where nothing can be imported, and transforms what is required.
    return createRequire(file)(file);
  }
}

function isImportUnavailable(error: unknown): boolean {
  return /^ERR_VM_DYNAMIC_IMPORT_CALLBACK_MISSING/.test(String(Object(error).code));
}
