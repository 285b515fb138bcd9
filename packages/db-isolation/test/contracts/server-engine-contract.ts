import { expect } from 'chai';
import type { ServerKind } from '../support/server-kinds.ts';
import { useServerUser } from '../support/server-user.ts';
import { describeWith } from '../support/servers/available.ts';
import { urlWith, withSql } from '../support/sql.ts';
import { engineContract } from './engine-contract.ts';

/** The contract of all engines, on the server that the tests were given and as a user without special rights. */
export function serverEngineContract(kind: ServerKind): void {
  describeWith(kind.name, `${kind.name} as a user without special rights`, (url) => {
    const user = useServerUser(kind, url);
    afterEach('leaves no database of a test', async () => {
      const left = await withSql(url, (admin) => kind.databases(admin, user.name));
      expect(left.filter((name) => name.startsWith('dbi_test_'))).to.deep.equal([]);
    });
    engineContract(kind.name, {
      engine: () => kind.engine({ server: user.url }),
      addressOf: (keptUrl) => ({
        dialect: kind.name,
        url: urlWith(keptUrl, { password: user.password }), // a URL that is shown has none
        maxConnections: 1,
      }),
      execute: (address, ...statements) =>
        withSql(address.url, async (sql) => {
          let rows: readonly unknown[] = [];
          for (const statement of statements) rows = await sql.rows(statement);
          return rows;
        }),
    });
  });
}
