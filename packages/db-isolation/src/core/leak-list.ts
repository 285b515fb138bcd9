import type { Leak, LeakKind, LeakReaction } from '../leaks.ts';

/** A leak, and what it does to its test. */
export interface ReportedLeak extends Leak {
  readonly reaction: Exclude<LeakReaction, 'ignore'>;
}

/** What is held against one test: collected until its release has been reported, and told one by one afterwards. */
export class LeakList {
  readonly #reactionTo: (kind: LeakKind) => LeakReaction;
  readonly #late: (leak: ReportedLeak) => void;
  readonly #leaks = new Set<Leak>();
  readonly #uses = new Set<string | undefined>();
  #closed = false;

  /** @param late is told of each leak that comes after {@link close}. */
  constructor(reactionTo: (kind: LeakKind) => LeakReaction, late: (leak: ReportedLeak) => void) {
    this.#reactionTo = reactionTo;
    this.#late = late;
  }

  /** Answers what takes it back, as long as it has not been reported. */
  add(leak: Leak): () => void {
    if (!this.#closed) this.#leaks.add(leak);
    else for (const reported of this.#react([leak])) this.#late(reported);
    return () => void this.#leaks.delete(leak);
  }

  /** Code used the database after the end of the test. What does so again and again at the same place counts once. */
  addUse(place: string | undefined): void {
    if (this.#uses.has(place)) return;
    this.#uses.add(place);
    this.add({ kind: 'late-use', message: 'it used its database after its end', ...(place && { place }) });
  }

  /** Everything until now, with what the release itself has found. */
  close(found: readonly Leak[] = []): readonly ReportedLeak[] {
    this.#closed = true;
    return this.#react([...this.#leaks, ...found]);
  }

  #react(leaks: readonly Leak[]): readonly ReportedLeak[] {
    return leaks.flatMap((leak) => {
      const reaction = this.#reactionTo(leak.kind);
      return reaction === 'ignore' ? [] : [{ ...leak, reaction }];
    });
  }
}
