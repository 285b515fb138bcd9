/** What a schema source may use while it fills a template. */
export interface SchemaTools {
  /** Runs SQL text that may hold several statements. */
  execute(sql: string): Promise<void>;
  /** The address of the database that is being built. */
  readonly url: string;
}

/** The seam to whatever makes tables and rows. `Db` is the handle of the client that it works with. */
export interface Schema<Db> {
  /** Text that changes whenever the template has to be built anew. Reads files, but no database. */
  fingerprint(): Promise<string> | string;
  /** Fills an empty database. */
  apply(db: Db, tools: SchemaTools): Promise<void>;
}
