/** What is known about a write besides what it writes. */
export interface WriteContext {
  /** Who writes, by their credential; null without one. */
  readonly actor: string | null;
  /** The request that writes, by the id that its reply and the log bear; null outside requests. */
  readonly requestId: string | null;
  /** Whether the writer may say that an invoice is validated, and change one that is. */
  readonly mayApprove: boolean;
  /** The moment, in UTC with milliseconds. */
  readonly now: string;
}
