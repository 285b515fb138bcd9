/** What a process that makes load is asked to do. */
export type Task = HttpTask | BareTask;

/** Requests over a number of connections, each sending its next one when its reply is there. */
export interface HttpTask {
  readonly kind: 'read' | 'review';
  readonly origin: string;
  /** Of a read; `{n}` stands for the number of an invoice. */
  readonly path: string;
  readonly connections: number;
  readonly seconds: number;
}

/** The same without HTTP: statements through the database's own driver. */
export interface BareTask {
  readonly kind: 'bare-query' | 'bare-commit';
  readonly databaseUrl: string;
  readonly statements: readonly Statement[];
  readonly connections: number;
  readonly seconds: number;
}

/** SQL as the driver takes it. */
export interface Statement {
  readonly sql: string;
  readonly bindings: readonly unknown[];
}

/** What was measured. */
export interface Measured {
  /** How many a second. */
  readonly rate: number;
  /** Of how long each took, in milliseconds. */
  readonly median: number;
  readonly p99: number;
  /** What failed; nothing should. */
  readonly failures: number;
}
