import { randomBytes } from 'node:crypto';

/** A name for a user or a database of the benchmark, and for nobody else. */
export function newName(): string {
  return `bench_${randomBytes(6).toString('hex')}`;
}

export function newPassword(): string {
  return randomBytes(16).toString('hex');
}

/** A URL of the same server for another user, and another database. */
export function urlFor(url: string, username: string, password: string, database: string): string {
  return Object.assign(new URL(url), { username, password, pathname: `/${database}` }).href;
}
