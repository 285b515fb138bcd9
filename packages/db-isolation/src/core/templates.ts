import { createHash } from 'node:crypto';
import type { Client } from '../clients/client.ts';
import type { Address, Clone, EngineSession } from '../engines/engine.ts';
import { templateUnfinished } from '../errors.ts';
import { permit } from '../guard/guard.ts';
import type { Leak, LeakKind } from '../leaks.ts';
import type { Schema } from '../schemas/schema.ts';

/** What a schema may leave: it ends with the connection, or is meant to stay, as roles are that a migration makes. */
const HARMLESS: ReadonlySet<LeakKind> = new Set([
  ...(['temporary-table', 'advisory-lock', 'listener', 'attached-database'] as const),
  'server-setting',
]);

/** Raised when templates of earlier releases must not be used any more. */
const FORMAT = 1;

/** The template of one isolation: named by its fingerprint, built where it is missing, cloned for each test. */
export class Templates<Db> {
  readonly #session: EngineSession;
  readonly #client: Client<Db>;
  readonly #schema: Schema<Db>;
  #fingerprint: Promise<string> | undefined;
  #ensured: Promise<void> | undefined;

  constructor(session: EngineSession, client: Client<Db>, schema: Schema<Db>) {
    this.#session = session;
    this.#client = client;
    this.#schema = schema;
  }

  /** A new database equal to the template. */
  async clone(): Promise<Clone> {
    const fingerprint = await this.#fingerprintOnce();
    for (;;) {
      await this.#ensureOnce(fingerprint);
      const clone = await this.#session.clone(fingerprint);
      if (clone) return clone;
      this.#ensured = undefined; // another run removed it to make room: build it again
    }
  }

  #fingerprintOnce(): Promise<string> {
    this.#fingerprint ??= this.#computeFingerprint().catch((error: unknown) => {
      this.#fingerprint = undefined;
      throw error;
    });
    return this.#fingerprint;
  }

  async #computeFingerprint(): Promise<string> {
    const parts = [
      FORMAT,
      this.#session.fingerprint,
      await this.#client.fingerprint(),
      await this.#schema.fingerprint(),
    ];
    return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);
  }

  #ensureOnce(fingerprint: string): Promise<void> {
    this.#ensured ??= this.#session
      .ensureTemplate(fingerprint, (address) => this.#build(address))
      .catch((error: unknown) => {
        this.#ensured = undefined; // the next test tries again
        throw error;
      });
    return this.#ensured;
  }

  async #build(address: Address): Promise<void> {
    const permitted = permit(address);
    const leaks: Leak[] = [];
    try {
      const db = await this.#client.open(address);
      try {
        const execute = (sql: string) => this.#client.execute(db, sql);
        await this.#schema.apply(db, { execute, url: address.url });
      } finally {
        leaks.push(...(await this.#client.close(db)));
      }
    } finally {
      leaks.push(...permitted.closeRest());
    }
    const unfinished = leaks.filter(({ kind }) => !HARMLESS.has(kind));
    if (unfinished.length > 0) throw templateUnfinished(unfinished.map(({ message }) => message));
  }
}
