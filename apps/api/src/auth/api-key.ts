import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Role } from '../http/caller.ts';

/** An API key as it is stored: without its secret. */
export interface ApiKey {
  /** The public part of the key, by which it is found. */
  readonly id: string;
  /** What the history calls whoever uses it. */
  readonly name: string;
  readonly roles: readonly Role[];
  readonly created_at: string;
  /** Null for one that does not expire. */
  readonly expires_at: string | null;
  readonly revoked_at: string | null;
}

/** The text that a client sends, and what is stored to recognise it. */
export interface NewSecret {
  readonly id: string;
  /** `inv_<id>_<secret>`; the prefix lets scanners for leaked secrets find it. */
  readonly text: string;
  readonly hash: string;
}

/** The parts of a key that was sent. */
export interface SentKey {
  readonly id: string;
  readonly secret: string;
}

const PREFIX = 'inv_';
const KEY = /^inv_([0-9a-f]{16})_([A-Za-z0-9_-]{43})$/;
const ID = /^[0-9a-f]{16}$/;
const ID_BYTES = 8;
const SECRET_BYTES = 32;

/** Makes the secret of a new key: 256 random bits. */
export function newSecret(): NewSecret {
  const id = randomBytes(ID_BYTES).toString('hex');
  const secret = randomBytes(SECRET_BYTES).toString('base64url');
  return { id, text: `${PREFIX}${id}_${secret}`, hash: secretHash(secret) };
}

/** Whether a credential is meant to be an API key. */
export function looksLikeKey(credential: string): boolean {
  return credential.startsWith(PREFIX);
}

/** Whether a text can be the id of a key; no database is asked for any other, as some cannot even be asked. */
export function isKeyId(text: string): boolean {
  return ID.test(text);
}

/** Takes a key apart; undefined for a text that is none. */
export function parseKey(credential: string): SentKey | undefined {
  const [, id, secret] = KEY.exec(credential) ?? [];
  return id === undefined || secret === undefined ? undefined : { id, secret };
}

/** Whether a secret is the one that a hash was made of, in a time that does not tell how much of it is right. */
export function isSecretOf(hash: string, secret: string): boolean {
  return timingSafeEqual(Buffer.from(secretHash(secret), 'hex'), Buffer.from(hash, 'hex'));
}

/**
 * Plain SHA-256. Slow and salted hashes are for passwords, which people choose and others can guess; 256 random bits
 * cannot be guessed however quickly each guess is tried, nor be in any table.
 */
function secretHash(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}
