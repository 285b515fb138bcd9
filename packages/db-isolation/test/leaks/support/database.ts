import { createProvider, type Provider } from '@acme/db-isolation/provider';
import type { Knex } from 'knex';
import { connectTo } from './connect.ts';
import { configuredUrl, engine, setup } from './environment.ts';

/** The app's factory for its database. */
export const database: Pick<Provider<Knex>, 'get' | 'override'> = setup === 'library'
  ? createProvider(connect)
  : lastOverrideWins(connect);

function connect(): Knex {
  return connectTo(configuredUrl, engine);
}

/** What teams without the library write for their tests. */
function lastOverrideWins(factory: () => Knex): Pick<Provider<Knex>, 'get' | 'override'> {
  const overrides: { readonly value: Knex }[] = [];
  let real: Knex | undefined;
  return {
    get() {
      const last = overrides.at(-1);
      if (last) return last.value;
      real ??= factory();
      return real;
    },
    override(value) {
      const mine = { value };
      overrides.push(mine);
      return () => {
        if (overrides.includes(mine)) overrides.splice(overrides.indexOf(mine), 1);
      };
    },
  };
}
