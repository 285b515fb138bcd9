/** The product and version of a server, as its `version()` tells it, such as `10.11.19-MariaDB-…`. */
export interface ServerVersion {
  readonly product: 'MariaDB' | 'MySQL' | 'other';
  readonly parts: readonly [number, number, number];
}

/** What this engine needs. */
export const WANTED = 'MariaDB 10.6 or later, or MySQL 8.0 or later';

const OLDEST = { MariaDB: [10, 6, 0], MySQL: [8, 0, 0] } as const;

/** Whether this engine works with a server of this version. */
export function isSupported(version: string): boolean {
  const { product, parts } = parseVersion(version);
  return product !== 'other' && atLeast(parts, OLDEST[product]);
}

/** Whether a database can be made read-only: MySQL 8.0.22 and later. */
export function hasReadOnly(version: string): boolean {
  const { product, parts } = parseVersion(version);
  return product === 'MySQL' && atLeast(parts, [8, 0, 22]);
}

export function parseVersion(version: string): ServerVersion {
  const [major = 0, minor = 0, patch = 0] = (/\d+(\.\d+)*/.exec(version)?.[0] ?? '').split('.').map(Number);
  // Some servers speak the protocol and the version of MySQL, but lack most of what a clone needs.
  const other = /tidb|vitess|oceanbase|doris|starrocks|clickhouse/i.test(version);
  return { product: other ? 'other' : /mariadb/i.test(version) ? 'MariaDB' : 'MySQL', parts: [major, minor, patch] };
}

function atLeast(found: readonly number[], wanted: readonly number[]): boolean {
  const at = wanted.findIndex((part, i) => found[i] !== part);
  return at < 0 || (found[at] ?? 0) > (wanted[at] ?? 0);
}
