/** What one check did, held and lost. */
export class Tally {
  /** What was done, in a few words. */
  done = '';
  held = 0;
  lost = 0;
  /** What was lost, in words; the first of them only. */
  readonly losses: string[] = [];
  /** What was measured on the way. */
  readonly figures: Record<string, number | string> = {};
  /** Goals of speed that were not reached; not a loss. */
  readonly missed: string[] = [];

  /** Counts one thing as held, or as lost in these words. */
  expect(holds: boolean, loss: string): void {
    if (holds) {
      this.held += 1;
    } else {
      this.lose(loss);
    }
  }

  lose(loss: string): void {
    this.lost += 1;
    if (this.losses.length < MOST_LOSSES) {
      this.losses.push(loss);
    }
  }
}

const MOST_LOSSES = 8;
