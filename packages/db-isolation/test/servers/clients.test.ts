import { serverClientContract } from '../contracts/server-client-contract.ts';
import { serverClientLeaksContract } from '../contracts/server-client-leaks-contract.ts';
import { drizzleOnMysql, drizzleOnPostgres, engineOn, kyselyUnderTest } from '../support/clients-under-test.ts';
import { describeWith } from '../support/servers/available.ts';

describeWith('postgres', 'query builders on PostgreSQL', (url) => {
  const engine = () => engineOn('postgres', url);
  for (const contract of [serverClientContract, serverClientLeaksContract]) {
    contract('kysely', kyselyUnderTest('postgres', engine), url);
    contract('drizzle', drizzleOnPostgres(engine), url);
  }
});

describeWith('mysql', 'query builders on MariaDB and MySQL', (url) => {
  const engine = () => engineOn('mysql', url);
  for (const contract of [serverClientContract, serverClientLeaksContract]) {
    contract('kysely', kyselyUnderTest('mysql', engine), url);
    contract('drizzle', drizzleOnMysql(engine), url);
  }
});
