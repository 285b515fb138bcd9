export type { Client, Leak } from './clients/client.ts';
export type { Keep, Lease, ReleaseReport } from './core/lease.ts';
export type { Address, Clone, Engine, EngineSession, Kept, SweepReport } from './engines/engine.ts';
export { type ErrorCode, errorCodes, IsolationError } from './errors.ts';
export { createIsolation, type Isolation, type IsolationOptions } from './isolation.ts';
export type { Schema, SchemaTools } from './schemas/schema.ts';
