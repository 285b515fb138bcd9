/** What a test changed in its database, compared with the template. */
export interface Changes {
  /** Tables with other rows than in the template, by name. Those that were created or dropped are part of `schema`. */
  readonly tables: readonly TableChanges[];
  /** What is new, missing or defined differently. */
  readonly schema: readonly SchemaChange[];
  /** What was left out and why, one sentence each, such as `stopped after 1 s: table log was not compared`. */
  readonly cut: readonly string[];
}

/** How the rows of one table differ. */
export interface TableChanges {
  readonly table: string;
  readonly inserted: number;
  readonly updated: number;
  readonly deleted: number;
  /** The first few. */
  readonly rows: readonly RowChange[];
}

/** One row, by its primary key or another column that tells rows apart. */
export interface RowChange {
  readonly change: 'inserted' | 'updated' | 'deleted';
  readonly key: Readonly<Record<string, string>>;
  /**
   * By column, as text, cut to 100 characters; null is SQL's. An updated row has its changed columns with `before` and
   * `after`, an inserted one all with `after`, a deleted one all with `before`.
   */
  readonly columns: Readonly<Record<string, { readonly before?: string | null; readonly after?: string | null }>>;
}

/** One object of the schema. */
export interface SchemaChange {
  /** Kind and name, such as `table note` or `index note_text`. */
  readonly object: string;
  readonly change: 'created' | 'dropped' | 'altered';
}
