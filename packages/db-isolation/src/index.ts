export type { Client } from './clients/client.ts';
export type { ReportedLeak } from './core/leak-list.ts';
export type { Keep, Lease, ReleaseReport } from './core/lease.ts';
export type { Changes, RowChange, SchemaChange, TableChanges } from './engines/changes.ts';
export type {
  Address,
  Clone,
  Engine,
  EngineSession,
  Kept,
  ServerAddress,
  SqliteAddress,
  SweepReport,
} from './engines/engine.ts';
export { type ErrorCode, errorCodes, IsolationError } from './errors.ts';
export { createIsolation, type Isolation, type IsolationOptions } from './isolation.ts';
export { type Leak, type LeakKind, type LeakReaction, type LeakReactions, leakKinds } from './leaks.ts';
export type { Schema, SchemaTools } from './schemas/schema.ts';
export { type DrivenApp, type Verification, verifyIsolation } from './verify-isolation.ts';
