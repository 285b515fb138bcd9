import { pathToFileURL } from 'node:url';

/** `sqlite:///absolute/path`, with the characters that URLs need escaped. */
export function sqliteUrl(file: string): string {
  return pathToFileURL(file).href.replace(/^file:/, 'sqlite:');
}
