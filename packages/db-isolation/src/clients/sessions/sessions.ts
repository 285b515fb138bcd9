import { claiming } from '../../guard/scopes.ts';
import type { Leak } from '../../leaks.ts';
import { type Place, placeOfCaller } from '../../place.ts';
import { nextTurn, within } from '../../real-time.ts';
import type { Refusal } from '../client.ts';
import { ANSWER_MS, connectError, type Others, type Session } from './session.ts';
import { leakAt, type Step, type Trail } from './trail.ts';

const NO_REASON: Refusal = () => new Error('This handle has been closed, and its database may be gone.');

const RUNNING = {
  'running-query': 'it left a query running, whose connection was cut off',
  'open-cursor': 'it left a cursor or a stream open, whose connection was cut off',
};

/** What a connection does not tell must not hide what others do. */
async function leftIn(session: Session, others: Others | undefined): Promise<readonly Leak[]> {
  try {
    return await session.leftovers(others);
  } catch {
    return [];
  }
}

/** All connections of one database handle: who has them, and how they end. */
export class Sessions<Connection extends object> {
  readonly #sessions = new Map<Connection, Session>();
  readonly #lent = new Set<Connection>();
  /** What a pool itself runs on a connection that the app has never had is no use by the app. */
  readonly #everLent = new WeakSet<Connection>();
  readonly #waiting = new Map<(reason: Error) => void, Place>();
  /** Those that had to stop waiting for a connection at the end. */
  #cutOff: readonly Place[] = [];
  /** What was streamed from a connection that the app has, or had last. */
  readonly #streams = new Map<Connection, string | undefined>();
  /** By connections that are over. */
  readonly #settings: Step[] = [];
  readonly #requests = new Set<Promise<unknown>>();
  #reason: Refusal | undefined;
  #ended = false;
  #used = false;

  /** Whether a connection was ever asked for. */
  get used(): boolean {
    return this.#used;
  }

  get fenced(): boolean {
    return this.#reason !== undefined;
  }

  /** The connections that the app has. */
  get lent(): ReadonlySet<Connection> {
    return this.#lent;
  }

  /** A connection that was made. One that comes after the end is ended at once, as nobody waits for it any more. */
  add(connection: Connection, session: Session): void {
    this.#used = true;
    const reason = this.#reason;
    if (reason) this.#refuse(connection, session, reason);
    if (this.#ended) session.end(() => (reason ?? NO_REASON)('cut off'));
    else this.#sessions.set(connection, session);
  }

  /** What a connection has been used for. */
  trailOf(connection: Connection): Trail | undefined {
    return this.#sessions.get(connection)?.trail;
  }

  /** A connection that its pool no longer wants, or that is over. */
  remove(connection: Connection): Session | undefined {
    const session = this.#sessions.get(connection);
    this.#settings.push(...(session?.trail.settings ?? []));
    this.#sessions.delete(connection);
    this.giveBack(connection);
    return session;
  }

  lend(connection: Connection): void {
    this.#lent.add(connection);
    this.#everLent.add(connection);
  }

  /** The rows of a statement are handed out one by one, for as long as the app has the connection. */
  stream(connection: Connection, sql: string | undefined): void {
    this.#streams.set(connection, sql);
  }

  /** Answers false for a connection that the app does not have, such as one that was taken back. */
  giveBack(connection: Connection): boolean {
    this.#streams.delete(connection);
    return this.#lent.delete(connection);
  }

  /**
   * Asks a pool for a connection. Fails with the reason of the fence as soon as there is one; a connection that comes
   * after it goes to `tooLate`.
   *
   * @throws {IsolationError} `DBI_TOO_MANY_CONNECTIONS`.
   */
  async request(
    ask: () => Promise<Connection>,
    tooLate: (connection: Connection) => unknown,
    place = placeOfCaller(),
  ): Promise<Connection> {
    this.assertOpen();
    this.#used = true;
    return new Promise((resolve, reject) => {
      this.#waiting.set(reject, place);
      const request = claiming(ask).then(
        (connection) => {
          if (!this.#waiting.delete(reject)) return void tooLate(connection);
          this.trailOf(connection)?.taken(place);
          resolve(connection);
        },
        (error: unknown) => {
          this.#waiting.delete(reject);
          reject(connectError(error));
        },
      );
      this.#requests.add(request);
      request.finally(() => this.#requests.delete(request));
    });
  }

  /** Throws the reason of the fence, if there is one. */
  assertOpen(): void {
    if (this.#reason) throw this.#reason('late');
  }

  /** From now on every statement fails with `reason('late')`, whoever holds the connection. */
  fence(reason: Refusal): void {
    this.#reason = reason;
    for (const [connection, session] of this.#sessions) this.#refuse(connection, session, reason);
    if (this.#waiting.size === 0) return;
    this.#cutOff = [...this.#waiting.values()];
    for (const reject of this.#waiting.keys()) reject(reason('cut off'));
    this.#waiting.clear();
  }

  #refuse(connection: Connection, session: Session, reason: Refusal): void {
    session.refuse(() => reason(this.#everLent.has(connection) ? 'late' : 'cut off'));
  }

  /**
   * Says what the app has left open, once everything is fenced and what has just finished is back. Each connection is
   * reported for what keeps it from being in order, not for what follows from that.
   *
   * @param ownPorts as for {@link Client.close}.
   */
  async leaks(ownPorts?: ReadonlySet<number>): Promise<readonly Leak[]> {
    if (!this.#reason) this.fence(NO_REASON);
    await nextTurn(); // a query that has just finished is still on its way back
    const waiting = this.#cutOff.map((place) =>
      leakAt('running-query', 'it left a query waiting for a connection', place, undefined),
    );
    const others = ownPorts && { ownPorts, own: this.#sessions.size };
    const askOthers = this.#once(others);
    const connections = [...this.#sessions].map(([connection, session]) =>
      this.#leaksOf(connection, session, askOthers),
    );
    const leaks = [...waiting, ...(await Promise.all(connections)).flat()];
    const settings = [...this.#settings, ...[...this.#sessions.values()].flatMap(({ trail }) => trail.settings)];
    const changed = settings.map(({ place, sql }) =>
      leakAt('server-setting', 'it changed what all databases of the server share', place, sql),
    );
    return [...leaks, ...changed];
  }

  async #leaksOf(
    connection: Connection,
    session: Session,
    askOthers: () => Others | undefined,
  ): Promise<readonly Leak[]> {
    const { running, trail } = session;
    const lent = this.#lent.has(connection);
    const streamed = this.#streams.has(connection);
    if (running) {
      const kind = streamed ? 'open-cursor' : running.kind;
      return lent ? [trail.running(kind, RUNNING[kind], running.sql)] : [];
    }
    if (await session.inTransaction()) return [trail.openTransaction()];
    const left = session.idle ? await leftIn(session, askOthers()) : [];
    if (!lent || left.some(({ kind }) => kind !== 'open-connection')) return left;
    const [kind, message] = streamed
      ? (['open-cursor', 'it left a stream open, whose connection was taken back'] as const)
      : (['unreleased-connection', 'it left a connection unreleased, which was taken back'] as const);
    return [...left, trail.leakOfTaker(kind, message, this.#streams.get(connection))];
  }

  /** Only one connection has to ask who else is connected. */
  #once(others: Others | undefined): () => Others | undefined {
    let given = others;
    return () => {
      const answer = given;
      given = undefined;
      return answer;
    };
  }

  /** Hands what the app has to `takeBack`, until nobody waits for a connection any more, or for so long at most. */
  async takeBack(takeBack: (connection: Connection) => unknown): Promise<void> {
    const all = async () => {
      while (this.#lent.size + this.#requests.size > 0) {
        for (const connection of this.#lent) {
          this.giveBack(connection);
          takeBack(connection);
        }
        await Promise.allSettled(this.#requests);
      }
    };
    await within(ANSWER_MS, all(), () => new Error('late')).catch(() => undefined); // the fence holds all the same
  }

  /** Ends all sessions. */
  async end(): Promise<void> {
    this.#ended = true;
    const stopped: unknown[] = [];
    const reason = this.#reason ?? NO_REASON;
    for (const [connection, session] of this.#sessions) {
      const { running } = session;
      this.remove(connection);
      session.end(() => reason('cut off'));
      if (running) stopped.push(session.stop?.());
    }
    await Promise.all(stopped);
  }
}
