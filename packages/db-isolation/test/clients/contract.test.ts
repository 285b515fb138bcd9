import { sqlite } from '@acme/db-isolation/engines/sqlite';
import { clientContract } from '../contracts/client-contract.ts';
import { clientLeaksContract } from '../contracts/client-leaks-contract.ts';
import { serverClientContract } from '../contracts/server-client-contract.ts';
import { serverClientLeaksContract } from '../contracts/server-client-leaks-contract.ts';
import { engineOn, knexUnderTest, mysql2UnderTest, pgUnderTest } from '../support/clients-under-test.ts';
import { describeWith } from '../support/servers/available.ts';

for (const contract of [clientContract, clientLeaksContract]) {
  contract(
    'knex on SQLite',
    knexUnderTest('sqlite', () => sqlite()),
  );
}

describeWith('postgres', 'clients on PostgreSQL', (url) => {
  const engine = () => engineOn('postgres', url);
  for (const contract of [clientContract, clientLeaksContract, serverClientContract, serverClientLeaksContract]) {
    contract('knex', knexUnderTest('postgres', engine), url);
    contract('pg', pgUnderTest(engine), url);
  }
});

describeWith('mysql', 'clients on MariaDB and MySQL', (url) => {
  const engine = () => engineOn('mysql', url);
  for (const contract of [clientContract, clientLeaksContract, serverClientContract, serverClientLeaksContract]) {
    contract('knex', knexUnderTest('mysql', engine), url);
    contract('mysql2', mysql2UnderTest(engine), url);
  }
});
