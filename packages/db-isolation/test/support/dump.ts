import Database from 'better-sqlite3';

/** All that can be told apart about an SQLite database from outside: settings, schema and every row of every table. */
export function dump(file: string): Record<string, unknown> {
  const db = new Database(file);
  try {
    const settings = ['user_version', 'application_id', 'journal_mode', 'encoding', 'page_size', 'auto_vacuum'].map(
      (name) => [name, db.pragma(name, { simple: true })],
    );
    const schema = db.prepare('select type, name, tbl_name, sql from sqlite_schema order by type, name').raw().all();
    const tables = db
      .prepare<[], string>("select name from pragma_table_list where schema = 'main' and type = 'table' order by name")
      .pluck()
      .all();
    const rows = tables.map((table) => [table, db.prepare(`select * from "${table}"`).raw().all()]);
    const checked = db.pragma('integrity_check', { simple: true });
    return { settings, schema, rows, checked };
  } finally {
    db.close();
  }
}
