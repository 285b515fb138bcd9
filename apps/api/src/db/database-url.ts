/** The kinds of databases that the service runs on. */
export type Dialect = 'sqlite' | 'postgres' | 'mysql';

/** What a database's URL looks like, to be said where it does not. */
export const DATABASE_URL_FORMS =
  'sqlite:///absolute/file, sqlite:relative/file, postgres://user:password@host/database or mysql://user:password@host/database';

const SERVERS: Readonly<Record<string, Dialect>> = {
  'postgres:': 'postgres',
  'postgresql:': 'postgres',
  'mysql:': 'mysql',
  'mariadb:': 'mysql',
};

/** The kind of database that a URL leads to; undefined when it is none that the service can open. */
export function dialectOfUrl(url: string): Dialect | undefined {
  if (/^sqlite:(?!\/\/(?!\/[^/])).+$/.test(url) && !url.includes('\0')) {
    return 'sqlite';
  }
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const namesDatabase = parsed !== undefined && parsed.hostname !== '' && /^\/[^/]+$/.test(parsed.pathname);
  return namesDatabase && isDecodable(parsed) ? SERVERS[parsed.protocol] : undefined;
}

/** A URL as it may be shown: of a server no more than where it is and the database's name, which holds no password. */
export function shownUrl(url: string): string {
  const dialect = dialectOfUrl(url);
  if (dialect === 'sqlite') {
    return url;
  }
  const { protocol, host, pathname } = dialect === undefined ? { ...UNKNOWN } : new URL(url);
  return `${protocol}//${host}${pathname}`;
}

const UNKNOWN = { protocol: 'unknown:', host: '', pathname: '' };

/** Drivers decode each part and fail where one cannot be. */
function isDecodable({ username, password, pathname }: URL): boolean {
  try {
    decodeURIComponent(username + password + pathname);
    return true;
  } catch {
    return false;
  }
}
