import { sqlite } from '@acme/db-isolation/engines/sqlite';
import { clientContract } from '../contracts/client-contract.ts';
import { clientLeaksContract } from '../contracts/client-leaks-contract.ts';
import { serverClientContract } from '../contracts/server-client-contract.ts';
import { serverClientLeaksContract } from '../contracts/server-client-leaks-contract.ts';
import {
  betterSqlite3UnderTest,
  drizzleOnMysql,
  drizzleOnPostgres,
  drizzleOnSqlite,
  engineOn,
  knexUnderTest,
  kyselyUnderTest,
  mysql2UnderTest,
  pgUnderTest,
} from '../support/clients-under-test.ts';
import { describeWith } from '../support/servers/available.ts';

describe('clients on SQLite', () => {
  const engine = () => sqlite();
  for (const contract of [clientContract, clientLeaksContract]) {
    contract('knex', knexUnderTest('sqlite', engine));
    contract('better-sqlite3', betterSqlite3UnderTest(engine));
    contract('kysely', kyselyUnderTest('sqlite', engine));
    contract('drizzle', drizzleOnSqlite(engine));
  }
});

describeWith('postgres', 'clients on PostgreSQL', (url) => {
  const engine = () => engineOn('postgres', url);
  for (const contract of [clientContract, clientLeaksContract, serverClientContract, serverClientLeaksContract]) {
    contract('knex', knexUnderTest('postgres', engine), url);
    contract('pg', pgUnderTest(engine), url);
  }
  // Over the same pools: what all clients for a server have to do is proven for these in test/servers/clients.test.ts.
  for (const contract of [clientContract, clientLeaksContract]) {
    contract('kysely', kyselyUnderTest('postgres', engine));
    contract('drizzle', drizzleOnPostgres(engine));
  }
});

describeWith('mysql', 'clients on MariaDB and MySQL', (url) => {
  const engine = () => engineOn('mysql', url);
  for (const contract of [clientContract, clientLeaksContract, serverClientContract, serverClientLeaksContract]) {
    contract('knex', knexUnderTest('mysql', engine), url);
    contract('mysql2', mysql2UnderTest(engine), url);
  }
  for (const contract of [clientContract, clientLeaksContract]) {
    contract('kysely', kyselyUnderTest('mysql', engine));
    contract('drizzle', drizzleOnMysql(engine));
  }
});
