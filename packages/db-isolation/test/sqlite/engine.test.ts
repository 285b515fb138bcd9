import { sqlite } from '@acme/db-isolation/engines/sqlite';
import Database from 'better-sqlite3';
import { engineContract } from '../contracts/engine-contract.ts';

engineContract('sqlite', {
  engine: () => sqlite(),
  async execute({ filename }, ...statements) {
    const db = new Database(filename, { fileMustExist: true });
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
