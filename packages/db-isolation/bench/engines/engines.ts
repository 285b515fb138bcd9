import type { BenchmarkedEngine } from '../approach.ts';

/** Opens each engine, or says why it cannot be measured here. */
export const ENGINES = {
  sqlite: async () => (await import('./sqlite.ts')).openSqlite(),
  postgres: async () => (await import('./postgres.ts')).openPostgres(),
  mysql: async () => (await import('./mysql.ts')).openMysql(),
} satisfies Record<string, () => Promise<BenchmarkedEngine | string>>;

export type EngineName = keyof typeof ENGINES;
