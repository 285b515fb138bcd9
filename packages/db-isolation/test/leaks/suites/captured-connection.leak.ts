import { db, engine, expectTemplate, fails, lateWork } from '../support/index.ts';

describe('captured-connection', () => {
  const late = lateWork();

  it('plants a timer that writes through a driver’s connection, which went back to the pool', async () => {
    const { client } = db();
    const connection = await client.acquireConnection();
    await client.releaseConnection(connection);
    const sql = "insert into note (text) values ('late')";
    late.fromTimer(() => {
      if (engine === 'sqlite') return connection.exec(sql);
      if (engine === 'postgres') return fails(connection.query(sql));
      return fails(connection.promise().query(sql));
    });
  });

  it('starts from the template, and stays so', async () => {
    await late.happensNow();
    await expectTemplate();
  });
});
