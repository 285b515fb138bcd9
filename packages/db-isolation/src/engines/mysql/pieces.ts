/** A statement, cut where the name of the database goes. */
export type Pieces = readonly string[];

/**
 * Cuts a statement wherever it names `database`. The names of templates are made by this library and mean nothing else,
 * wherever they are found.
 */
export function pieces(sql: string, database: string): Pieces {
  const escaped = database.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  return sql.split(new RegExp(String.raw`(?<![\w$])${escaped}(?![\w$])`, 'u'));
}

/** The statement for a database with this name. */
export function withName(statement: Pieces, database: string): string {
  return statement.join(database);
}
