import { randomBytes } from 'node:crypto';

/** Everything on a server that this library makes has a name that begins so; a right to `dbi_%` is all that it needs. */
const PREFIX = 'dbi_';

/** The database that is the template of a fingerprint. */
export function templateName(fingerprint: string): string {
  return `${PREFIX}template_${fingerprint}`;
}

/** A name that no database ever had. */
export function newCloneName(): string {
  return `${PREFIX}test_${randomBytes(8).toString('hex')}`;
}

/** Identifies one run of one process: 16 random hexadecimal digits. */
export function newRunId(): string {
  return randomBytes(8).toString('hex');
}
