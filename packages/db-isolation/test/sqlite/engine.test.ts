import { sqlite } from '@acme/db-isolation/engines/sqlite';
import Database from 'better-sqlite3';
import { engineContract } from '../contracts/engine-contract.ts';
import { fileOf } from '../support/workspace.ts';

engineContract('sqlite', {
  engine: () => sqlite(),
  addressOf: (url) => ({ dialect: 'sqlite', url, filename: fileOf({ url }), onConnect: [] }),
  async execute(address, ...statements) {
    const db = new Database(fileOf(address), { fileMustExist: true });
    try {
      let rows: unknown[] = [];
      for (const sql of statements) {
        const statement = db.prepare(sql);
        if (statement.reader) rows = statement.all();
        else statement.run();
      }
      return rows;
    } finally {
      db.close();
    }
  },
});
