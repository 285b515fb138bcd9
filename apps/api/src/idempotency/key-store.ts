import { randomUUID } from 'node:crypto';
import type { Knex } from 'knex';
import { inTransaction } from '../db/in-transaction.ts';
import { isUniqueViolation } from '../db/unique-violation.ts';
import { RequestInProgressError, RequestKeyReusedError } from '../errors.ts';

/** What was replied to a request. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON text. */
  readonly body: string;
}

/** The right to work on a request until a time; the token tells it from the claims of those who take over later. */
export interface Claim {
  readonly id: string;
  readonly token: string;
}

/** A request as it is told from others. */
export interface KeyedRequest {
  /** Of the caller, the route and the key. */
  readonly id: string;
  /** Of what was sent. */
  readonly fingerprint: string;
}

interface KeyRow {
  readonly id: string;
  readonly fingerprint: string;
  readonly token: string;
  readonly locked_until: string;
  readonly expires_at: string;
  readonly status: number | null;
  readonly headers: string | null;
  readonly body: string | null;
}

/** How long one that works on a request is waited for; then it is taken for dead. */
const LEASE_MS = 60_000;
/** How long a reply is kept. */
const KEPT_MS = 24 * 60 * 60_000;
const MOST_ATTEMPTS = 5;
const REMOVED_AT_ONCE = 50;

/**
 * Claims a request, or finds what was replied to it before. A claim is committed before the work begins, so that others
 * see it, in single statements that hold no lock afterwards.
 *
 * @throws RequestKeyReusedError when the key came with something else before, RequestInProgressError while another one
 * works on it.
 */
export async function claimRequest(db: Knex, { id, fingerprint }: KeyedRequest, now: Date): Promise<Claim | Reply> {
  for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt += 1) {
    const row = await db<KeyRow>('idempotency_keys').where({ id }).first();
    const isOver = row !== undefined && row.expires_at <= now.toISOString();
    if (row !== undefined && !isOver) {
      if (row.fingerprint !== fingerprint) {
        throw new RequestKeyReusedError();
      }
      if (row.status !== null) {
        return replyOf(row);
      }
      if (row.locked_until > now.toISOString()) {
        throw new RequestInProgressError();
      }
    }
    const claim = newClaim(id, fingerprint, now);
    if (row === undefined ? await insertClaim(db, claim, now) : await takeOver(db, row, claim)) {
      return claim;
    }
  }
  throw new RequestInProgressError();
}

/**
 * Keeps the reply to a claimed request, in the transaction of the work itself.
 *
 * @throws RequestInProgressError when another one has taken the request over; the transaction must not be committed.
 */
export async function keepReply(trx: Knex.Transaction, { id, token }: Claim, reply: Reply): Promise<void> {
  const { status, body } = reply;
  const headers = JSON.stringify(reply.headers);
  const kept = await trx('idempotency_keys').where({ id, token, status: null }).update({ status, headers, body });
  if (kept !== 1) {
    throw new RequestInProgressError();
  }
}

/** Gives a claim back after work that wrote nothing. Where it was written after all, the reply stays. */
export async function releaseClaim(db: Knex, { id, token }: Claim): Promise<void> {
  await inTransaction(db, (trx) => trx('idempotency_keys').where({ id, token, status: null }).delete());
}

function newClaim(id: string, fingerprint: string, now: Date) {
  const after = (milliseconds: number) => new Date(now.getTime() + milliseconds).toISOString();
  const token = randomUUID();
  return { id, fingerprint, token, locked_until: after(LEASE_MS), expires_at: after(KEPT_MS) };
}

/** False when another one was first. */
async function insertClaim(db: Knex, claim: ReturnType<typeof newClaim>, now: Date): Promise<boolean> {
  try {
    await inTransaction(db, (trx) => trx('idempotency_keys').insert(claim));
  } catch (error) {
    if (isUniqueViolation(error)) {
      return false;
    }
    throw error;
  }
  // Tidying up is no reason to refuse a request, whose claim would stay.
  await removeExpired(db, now.toISOString()).catch(() => undefined);
  return true;
}

/** False when another one was first. */
async function takeOver(db: Knex, { id, token }: KeyRow, claim: ReturnType<typeof newClaim>): Promise<boolean> {
  const nothing = { status: null, headers: null, body: null };
  const taken = await inTransaction(db, (trx) =>
    trx('idempotency_keys')
      .where({ id, token })
      .update({ ...claim, ...nothing }),
  );
  return taken === 1;
}

/** A few at a time with each new key, so that there are never many more than a day's and no request waits long. */
async function removeExpired(db: Knex, now: string): Promise<void> {
  const expired = db('idempotency_keys').where('expires_at', '<=', now);
  const ids = await expired.clone().orderBy('expires_at').limit(REMOVED_AT_ONCE).pluck('id');
  if (ids.length > 0) {
    await inTransaction(db, (trx) =>
      trx('idempotency_keys').whereIn('id', ids).where('expires_at', '<=', now).delete(),
    );
  }
}

function replyOf({ status, headers, body }: KeyRow): Reply {
  return { status: Number(status), headers: JSON.parse(String(headers)), body: String(body) };
}
