import { statSync } from 'node:fs';
import { type AddressVariables, addressVariables, assertAddressVariables } from '../clients/address-variables.ts';
import { fingerprintOf } from '../clients/fingerprint.ts';
import { invalidOption, schemaFailed, schemaNotFound } from '../errors.ts';
import { maskSecrets } from '../evidence/mask-secrets.ts';
import { environmentValues, hashTrees, toPath } from './files.ts';
import { runProgram } from './run-program.ts';
import type { Schema } from './schema.ts';

/** Options of {@link command}. */
export interface CommandOptions {
  /**
   * A program and its arguments, such as `['prisma', 'migrate', 'deploy']`, or a list of such lists, run one after another.
   * No shell looks at them. Programs are looked for in `node_modules/.bin` of the directory `cwd` and of those above it, then
   * along `PATH`.
   */
  readonly run: readonly string[] | readonly (readonly string[])[];
  /**
   * Files, and directories with all that is below them, that decide what the command makes: when one of them changes, the
   * template is built anew. Such as `['prisma/migrations']`. Modules that they import count as well.
   */
  readonly files: string | URL | readonly (string | URL)[];
  /** Names of environment variables that the command reads: another value means another template. */
  readonly env?: readonly string[];
  /**
   * Environment variables that carry the address of the database for the command, as the option `env` of `urlClient`: names
   * of those that are the URL itself, or a function for each that has another form. Default: `['DATABASE_URL']`.
   */
  readonly addressEnv?: AddressVariables;
  /** Where the command runs. Default: the working directory. */
  readonly cwd?: string | URL;
  /** How long each command may take, in milliseconds. Default: 100,000, which is less than an engine's `templateTimeout`. */
  readonly timeout?: number;
}

/**
 * Fills the template with a command, such as `prisma migrate deploy`, which gets the address of the database that is being
 * built in its environment. Works with every client. What it prints is shown only when it fails.
 *
 * @throws {IsolationError} `DBI_INVALID_OPTION`; on use: `DBI_SCHEMA_NOT_FOUND`, `DBI_SCHEMA_FAILED` with the last lines that
 * the command has printed, when it is not found, does not end with exit code 0, or takes too long.
 * @example
 * createIsolation({
 *   engine: postgres({ server }),
 *   client: urlClient({ env: ['DATABASE_URL'] }),
 *   schema: command({ run: ['prisma', 'migrate', 'deploy'], files: ['prisma/schema.prisma', 'prisma/migrations'] }),
 * });
 */
export function command(options: CommandOptions): Schema<unknown> {
  const commands = commandsIn(options.run);
  const { files, addressEnv = ['DATABASE_URL'], timeout = 100_000 } = options;
  assertAddressVariables(addressEnv, 'addressEnv');
  if (!(timeout > 0)) throw invalidOption('timeout', timeout, 'a number of milliseconds');
  const paths = (Array.isArray(files) ? files : [files]).map((file) => toPath(file, 'files'));
  if (paths.length === 0) throw invalidOption('files', '[]', 'at least one file or directory');
  const cwd = options.cwd === undefined ? undefined : toPath(options.cwd, 'cwd');
  return {
    fingerprint() {
      return fingerprintOf('command', commands, hashTrees(paths), environmentValues(options.env), addressEnv);
    },
    async apply(_db, { execute, url }) {
      const directory = cwd ?? process.cwd();
      if (!statSync(directory, { throwIfNoEntry: false })?.isDirectory()) throw schemaNotFound('directory', directory);
      await execute('select 1'); // the client's first connection may set what stays in the database
      const variables = addressVariables(addressEnv, 'addressEnv', url);
      for (const words of commands) {
        await runProgram(words, { directory, variables, timeout }).catch((error: unknown) => {
          throw schemaFailed('command', maskSecrets(words.join(' ')), error);
        });
      }
    },
  };
}

/** @throws {IsolationError} `DBI_INVALID_OPTION`. */
function commandsIn(run: unknown): readonly (readonly string[])[] {
  const commands: unknown = Array.isArray(run) && Array.isArray(run[0]) ? run : [run];
  const isCommand = (words: unknown) =>
    Array.isArray(words) && words.length > 0 && words[0] !== '' && words.every((word) => typeof word === 'string');
  if (!(commands as unknown[]).every(isCommand)) {
    throw invalidOption('run', run, "a list of words such as ['prisma', 'migrate', 'deploy'], or a list of such lists");
  }
  return commands as readonly (readonly string[])[];
}
