import { createRequire, syncBuiltinESMExports } from 'node:module';
import { loadPackage } from '../clients/drivers.ts';
import { SANDBOX, type Sandbox } from '../sandbox.ts';

/** What is used of an environment for Jest. */
interface Environment {
  readonly global: object;
  handleTestEvent?(event: unknown, state: unknown): Promise<void> | void;
  teardown(): Promise<void>;
}

// biome-ignore lint/suspicious/noExplicitAny: TypeScript wants this of classes that are extended without being known.
type EnvironmentClass = new (...args: any[]) => Environment;

/**
 * An environment for Jest that does what the given one does, and tells `isolateEachTest` of `runners/jest` how the tests
 * fare. For environments other than jest-environment-node, which {@link default} is made of.
 *
 * @example
 * // test/environment.js, named as testEnvironment in Jest's configuration
 * const { withIsolation } = require('@acme/db-isolation/runners/jest-environment');
 * module.exports = withIsolation(require('jest-environment-jsdom').TestEnvironment);
 */
export function withIsolation<Base extends EnvironmentClass>(environment: Base): Base {
  return class extends environment {
    #state: unknown;
    readonly #sandbox: Sandbox = {
      outside: globalThis,
      modules: createRequire(import.meta.url).cache,
      listeners: new Set(),
      state: () => this.#state,
      ends: new Set(),
      undos: new Set(),
    };

    // biome-ignore lint/suspicious/noExplicitAny: as above.
    constructor(...args: any[]) {
      super(...args);
      Object.defineProperty(this.global, SANDBOX, { value: this.#sandbox });
    }

    override async handleTestEvent(event: unknown, state: unknown): Promise<void> {
      this.#state = state;
      await super.handleTestEvent?.(event, state);
      for (const listener of this.#sandbox.listeners) await listener(event as never, state as never);
      if (Object(event).name === 'teardown') await this.#end();
    }

    override async teardown(): Promise<void> {
      await this.#end(); // a file that could not be loaded has no events
      for (const undo of [...this.#sandbox.undos].reverse()) undo();
      this.#sandbox.undos.clear();
      syncBuiltinESMExports();
      await super.teardown();
    }

    async #end(): Promise<void> {
      for (const end of this.#sandbox.ends) await end();
      this.#sandbox.ends.clear();
    }
  };
}

/**
 * Jest's environment for Node, as tests need it whose databases `isolateEachTest` of `runners/jest` makes.
 *
 * @throws {IsolationError} while it is loaded: `DBI_DRIVER_MISSING`, `DBI_DRIVER_UNSUPPORTED` for Jest before 30.
 * @example
 * // jest.config.js
 * module.exports = { testEnvironment: '@acme/db-isolation/runners/jest-environment' };
 */
// biome-ignore lint/style/noDefaultExport: Jest takes the default export.
export default withIsolation(
  loadPackage<typeof import('jest-environment-node')>('jest-environment-node').exports.TestEnvironment,
);
