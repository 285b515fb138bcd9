import type { Knex } from 'knex';
import { inTransaction } from '../db/in-transaction.ts';
import { type Claim, claimRequest, type KeyedRequest, keepReply, type Reply, releaseClaim } from './key-store.ts';

/** The reply to a request, and whether it was given before. */
export interface OnceReply extends Reply {
  readonly replayed: boolean;
}

/**
 * Does the work of a request once, however often it is sent: the effect and the reply are written in one transaction.
 * Only a reply that the work returns is kept; work that throws wrote nothing, and may be tried again with the same key.
 *
 * @throws RequestKeyReusedError, RequestInProgressError, whatever `work` throws.
 */
export async function runOnce(
  db: Knex,
  request: KeyedRequest,
  now: Date,
  work: (db: Knex) => Promise<Reply>,
): Promise<OnceReply> {
  const claim = await claimRequest(db, request, now);
  if (!isClaim(claim)) {
    return { ...claim, replayed: true };
  }
  try {
    const reply = await inTransaction(db, async (trx) => {
      const done = await work(trx);
      await keepReply(trx, claim, done);
      return done;
    });
    return { ...reply, replayed: false };
  } catch (error) {
    // If that fails as well, the claim ends with its time.
    await releaseClaim(db, claim).catch(() => undefined);
    throw error;
  }
}

function isClaim(claim: Claim | Reply): claim is Claim {
  return 'token' in claim;
}
