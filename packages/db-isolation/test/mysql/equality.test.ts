import { expect } from 'chai';
import { describeWith } from '../support/servers/available.ts';
import { dumpMysql } from './dump-mysql.ts';
import { MARIADB_SCHEMAS, SCHEMAS } from './schemas.ts';
import { scratchDatabases } from './scratch-databases.ts';

describeWith('mysql', 'a clone on MariaDB or MySQL equals its template', (url) => {
  const scratch = scratchDatabases(url);

  const isEqual = async (statements: readonly string[]): Promise<void> => {
    const template = await scratch.template(...statements);
    const built = await dumpMysql(url, template);
    const clone = await scratch.clone(template);
    expect(await dumpMysql(url, clone)).to.deep.equal(built);
  };

  for (const [title, statements] of Object.entries(SCHEMAS)) {
    it(title, () => isEqual(statements));
  }

  for (const [title, statements] of Object.entries(MARIADB_SCHEMAS)) {
    it(`${title} (MariaDB)`, async function () {
      const [row] = await scratch.admin.query('select version() as version');
      if (!/mariadb/i.test(String(row?.['version']))) return this.skip();
      await isEqual(statements);
    });
  }
});
