/** Whatever a part of the scorecard has made and must not leave behind. */
export class Scope {
  readonly #closers: (() => Promise<unknown>)[] = [];
  #closing: Promise<void> | undefined;

  /**
   * Keeps how to remove something that has been made.
   *
   * @throws Error when the scope has been closed meanwhile; the thing is removed all the same.
   */
  async add(close: () => Promise<unknown>): Promise<void> {
    if (this.#closing !== undefined) {
      await close();
      throw new Error('interrupted');
    }
    this.#closers.push(close);
  }

  /** Whether nothing more may be made. */
  get closed(): boolean {
    return this.#closing !== undefined;
  }

  /** A scope that is closed with this one, if not before. */
  async child(): Promise<Scope> {
    const child = new Scope();
    await this.add(() => child.close());
    return child;
  }

  /**
   * Removes everything, the newest first; every step runs.
   *
   * @throws AggregateError with what failed.
   */
  close(): Promise<void> {
    this.#closing ??= this.#closeAll();
    return this.#closing;
  }

  async #closeAll(): Promise<void> {
    const failures: unknown[] = [];
    for (const close of this.#closers.reverse()) {
      await close().catch((failure) => failures.push(failure));
    }
    if (failures.length > 0) {
      throw new AggregateError(failures, `not everything could be removed: ${failures.map(String).join('; ')}`);
    }
  }
}
