import type { Address, Clone, Engine, EngineSession } from '@acme/db-isolation';

/** An engine of which one can see what nobody waits for. */
export class ObservedEngine implements Engine {
  readonly #engine: Engine;
  readonly #drops = new Map<string, Promise<void>>();
  #template: Address | undefined;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** The name of the template that was built. */
  get template(): string {
    return new URL(this.#template?.url ?? '').pathname.slice(1);
  }

  /** Waits until the database at this URL, which has been released, is gone. */
  async gone(url: string): Promise<void> {
    await this.#drops.get(url);
    this.#drops.delete(url);
  }

  async start(): Promise<EngineSession> {
    const session = await this.#engine.start();
    return {
      fingerprint: session.fingerprint,
      worksAhead: session.worksAhead,
      ensureTemplate: (fingerprint, build) =>
        session.ensureTemplate(fingerprint, (address) => {
          this.#template = address;
          return build(address);
        }),
      admit: () => session.admit(),
      clone: async (fingerprint) => this.#observe(await session.clone(fingerprint)),
      sweep: () => session.sweep(),
      close: () => session.close(),
      closeAtExit: () => session.closeAtExit(),
    };
  }

  #observe(clone: Clone | undefined): Clone | undefined {
    if (!clone) return undefined;
    const drop = () => {
      const dropped = Promise.resolve(clone.drop());
      this.#drops.set(clone.address.url, dropped);
      return dropped;
    };
    return { ...clone, drop };
  }
}
