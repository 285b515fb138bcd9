import { randomBytes } from 'node:crypto';
import { dirname, join } from 'node:path';
import type { Lease, ManagedLease } from './core/lease.ts';
import type { Address } from './engines/engine.ts';
import { hasCode, messageOf, notIsolated } from './errors.ts';
import type { Isolation } from './isolation.ts';
import { describeLeak, type Leak } from './leaks.ts';
import { providerOverridden } from './provider.ts';
import { accessOf, type RunnerAccess } from './runner-access.ts';

/** A way to drive the app, as a test would: through its routes, say. */
export interface DrivenApp<Db> {
  /** Makes the app store a marker, a text of 16 letters and digits. */
  write(lease: Lease<Db>, marker: string): Promise<unknown> | unknown;
  /** The markers that the app sees; what else it has stored may be among them. */
  read(lease: Lease<Db>): Promise<readonly string[]> | readonly string[];
}

/** What {@link verifyIsolation} found to hold. */
export interface Verification {
  /** One sentence each. */
  readonly holds: readonly string[];
  /** `'off'` when the isolation was made with `guard: false`. */
  readonly guard: 'armed' | 'off';
}

/**
 * Proves, with some databases and the real app, that a set-up isolates: what the app writes is in the test's database and
 * seen by the test, not by the next one and not by one that runs at the same moment; after a test's end the app reaches
 * nothing, and that it tried is held against that test; no override is left; a foreign database is refused.
 *
 * Call it in one test of your own suite, with the runner set up as for all other tests.
 *
 * @throws {IsolationError} `DBI_NOT_ISOLATED`, which names the first promise that does not hold.
 * @example
 * it('is isolated', () =>
 *   verifyIsolation(isolation, {
 *     write: (lease, marker) => request(createApp(lease.db)).post('/notes').send({ text: marker }).expect(201),
 *     read: async (lease) => (await request(createApp(lease.db)).get('/notes')).body,
 *   }));
 */
export async function verifyIsolation<Db>(isolation: Isolation<Db>, app: DrivenApp<Db>): Promise<Verification> {
  const access = accessOf(isolation);
  const trial = new Trial(access, app);
  try {
    const wrote = await trial.seesItsOwnWrites();
    await trial.nextTestIsClean(wrote);
    await trial.concurrentTestsAreApart();
    await trial.nothingIsReachedAfterTheEnd();
    await trial.nothingStaysOverridden();
    if (access.isGuarded) await trial.foreignDatabasesAreRefused();
    return { holds: trial.holds, guard: access.isGuarded ? 'armed' : 'off' };
  } finally {
    await trial.end();
  }
}

const OWN_DATABASE = 'the app uses the database of the running test';
const OWN_ROWS = 'a test sees what the app has written in it, and nothing of other tests';
const CONCURRENT = 'tests that run at the same moment do not see each other';
const NOTHING_LATE = 'after its end a test reaches no database, and is held to account for trying';
const NO_OVERRIDE = 'no override is left after a test';
const GUARD = 'a database that is not the running test’s is refused';

/** What to look for when the app uses something else. */
const CAUSES =
  'Most likely the app has a second pool or connects by its own configuration, keeps the connection of an earlier test ' +
  'in a cache, or made its handle when a module was loaded.';

/** A test's lease with everything that is held against it. */
interface Subject<Db> {
  readonly lease: ManagedLease<Db>;
  readonly late: Leak[];
}

class Trial<Db> {
  readonly holds: string[] = [];
  readonly #access: RunnerAccess<Db>;
  readonly #app: DrivenApp<Db>;
  readonly #subjects: Subject<Db>[] = [];
  readonly #overridden: readonly boolean[];

  constructor(access: RunnerAccess<Db>, app: DrivenApp<Db>) {
    this.#access = access;
    this.#app = app;
    this.#overridden = this.#overrides();
  }

  /** Answers the marker. */
  async seesItsOwnWrites(): Promise<string> {
    const subject = await this.#begin('writes');
    const marker = await this.#write(subject);
    this.#assertSees(await this.#read(subject), { marker, title: 'the same test' });
    const { changes, leaks } = await subject.lease.release({ failed: true });
    const foreign = leaks.find(({ kind }) => kind === 'foreign-database');
    if (foreign) throw notIsolated(OWN_DATABASE, describeLeak(foreign));
    if (changes && changes.tables.length + changes.schema.length + changes.cut.length === 0) {
      throw notIsolated(OWN_DATABASE, `The app wrote, and nothing has changed in the test's database. ${CAUSES}`);
    }
    this.holds.push(OWN_DATABASE);
    return marker;
  }

  async nextTestIsClean(earlier: string): Promise<void> {
    const subject = await this.#begin('comes next');
    const seen = await this.#read(subject);
    if (seen.includes(earlier)) {
      throw notIsolated(OWN_ROWS, `The next test sees through the app what an earlier one wrote. ${CAUSES}`);
    }
    await subject.lease.release();
    this.holds.push(OWN_ROWS);
  }

  async concurrentTestsAreApart(): Promise<void> {
    const subjects = await Promise.all([this.#begin('runs beside another'), this.#begin('runs beside the first')]);
    const markers = await Promise.all(subjects.map((subject) => this.#write(subject)));
    const seen = await Promise.all(subjects.map((subject) => this.#read(subject)));
    for (const [index, marker] of markers.entries()) {
      this.#assertSees(seen[index] ?? [], { marker, title: 'a test that runs beside another one' });
      if (seen[1 - index]?.includes(marker)) {
        throw notIsolated(CONCURRENT, `One sees through the app what the other wrote. ${CAUSES}`);
      }
    }
    await Promise.all(subjects.map(({ lease }) => lease.release()));
    this.holds.push(CONCURRENT);
  }

  async nothingIsReachedAfterTheEnd(): Promise<void> {
    const ended = await this.#begin('has ended');
    await this.#write(ended);
    await ended.lease.release();
    const next = await this.#begin('runs meanwhile');
    const marker = newMarker();
    const write = async () => this.#app.write(ended.lease, marker);
    const error = await this.#access.context.run(ended.lease, write).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    if ((await this.#read(next)).includes(marker)) {
      throw notIsolated(NOTHING_LATE, `The app wrote for a test that had ended into that of another one. ${CAUSES}`);
    }
    if (ended.late.length === 0) {
      const outcome = error === undefined ? 'succeeded' : `failed by itself (${messageOf(error)})`;
      throw notIsolated(NOTHING_LATE, `What the app wrote for a test that had ended ${outcome}. ${CAUSES}`, error);
    }
    await next.lease.release();
    this.holds.push(NOTHING_LATE);
  }

  async nothingStaysOverridden(): Promise<void> {
    if (this.#overrides().some((overridden, index) => overridden && !this.#overridden[index])) {
      throw notIsolated(NO_OVERRIDE, 'A provider is still overridden: call what override() returned.');
    }
    this.holds.push(NO_OVERRIDE);
  }

  async foreignDatabasesAreRefused(): Promise<void> {
    const { lease } = await this.#begin('opens a foreign database');
    const error = await this.#access.context.run(lease, () => this.#openAndAsk(foreignTo(lease.address)));
    if (!hasCode(error, 'DBI_FOREIGN_DATABASE')) {
      const outcome = error === undefined ? 'It could be opened.' : `Instead: ${messageOf(error)}.`;
      throw notIsolated(
        GUARD,
        `${outcome} Set the runner up (isolationHooks() or isolateEachTest()) before the app and its driver are loaded.`,
        error,
      );
    }
    await lease.release();
    this.holds.push(GUARD);
  }

  /** Whatever happened. What is held against the trial's own tests has served its purpose. */
  async end(): Promise<void> {
    await Promise.allSettled(this.#subjects.map(({ lease }) => lease.release()));
  }

  async #begin(deed: string): Promise<Subject<Db>> {
    const late: Leak[] = [];
    const lease = this.#access.open(`verifyIsolation: a test that ${deed}`, {
      keep: 'never',
      reactionTo: () => 'warn',
      late: (_title, leak) => void late.push(leak),
    });
    const subject = { lease, late };
    this.#subjects.push(subject);
    await lease.ready;
    if (lease.error !== undefined) throw lease.error;
    return subject;
  }

  async #write({ lease }: Subject<Db>): Promise<string> {
    const marker = newMarker();
    await this.#drive('write', lease, () => this.#app.write(lease, marker));
    return marker;
  }

  async #read({ lease }: Subject<Db>): Promise<readonly string[]> {
    return this.#drive('read', lease, () => this.#app.read(lease));
  }

  async #drive<T>(what: string, lease: ManagedLease<Db>, work: () => Promise<T> | T): Promise<T> {
    try {
      return await this.#access.context.run(lease, async () => work());
    } catch (error) {
      const causes = hasCode(error, 'DBI_STALE_LEASE') ? ` ${CAUSES}` : ''; // what that error says itself is not the cause here
      throw notIsolated(OWN_DATABASE, `${what}() failed in it: ${messageOf(error)}${causes}`, error);
    }
  }

  #assertSees(seen: readonly string[], { marker, title }: { readonly marker: string; readonly title: string }): void {
    if (!Array.isArray(seen))
      throw notIsolated(OWN_ROWS, 'read() has to answer a list of the markers that the app sees.');
    if (seen.includes(marker)) return;
    throw notIsolated(
      OWN_ROWS,
      `What the app has written is not seen by ${title}. Does read() answer what write() stored?`,
    );
  }

  /** The error, if there is one. */
  async #openAndAsk(address: Address): Promise<unknown> {
    const { client } = this.#access;
    const db = await client.open(address);
    try {
      await client.execute(db, 'select 1');
      return undefined;
    } catch (error) {
      return error;
    } finally {
      await client.close(db);
    }
  }

  #overrides(): readonly boolean[] {
    return this.#access.providers.map((provider) => provider[providerOverridden]());
  }
}

/** A database that no test has: beside the test's own, so that nothing is left should it be opened after all. */
function foreignTo(address: Address): Address {
  if (address.dialect === 'sqlite') {
    return { ...address, filename: join(dirname(dirname(address.filename)), `foreign-${newMarker()}.sqlite`) };
  }
  const url = new URL(address.url);
  url.pathname = `/dbi_foreign_${newMarker()}`;
  return { ...address, url: url.href };
}

function newMarker(): string {
  return randomBytes(8).toString('hex');
}
