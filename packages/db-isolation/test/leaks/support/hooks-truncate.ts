// One shared database, whose tables are emptied and filled before every test: the other thing that many teams do.

import { useSource } from './current.ts';
import { database } from './database.ts';
import { configuredUrl, engine } from './environment.ts';
import { empty } from './template.ts';

useSource({ db: () => database.get(), url: () => configuredUrl });

export const mochaHooks: Mocha.RootHookObject = {
  async beforeEach() {
    await empty(database.get(), engine);
  },
  async afterAll() {
    await database.get().destroy();
  },
};
