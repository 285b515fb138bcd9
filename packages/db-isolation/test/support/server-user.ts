import { randomBytes } from 'node:crypto';
import type { ServerKind } from './server-kinds.ts';
import { urlWith, withSql } from './sql.ts';

/** A user of a server who exists for some tests only. What the library makes for one user is apart from all others. */
export interface ServerUser {
  readonly name: string;
  readonly password: string;
  /** All that a driver needs, with the password. */
  readonly url: string;
  /** Removes the user with everything that the library has made for it. */
  remove(): Promise<void>;
}

/** Makes a user with the rights that the library asks for, whose name needs quoting wherever it stands. */
export async function createServerUser(kind: ServerKind, adminUrl: string): Promise<ServerUser> {
  const name = `it's "ü" ${randomBytes(5).toString('hex')}`;
  const password = randomBytes(8).toString('hex');
  await withSql(adminUrl, (admin) => kind.createUser(admin, name, password));
  const url = urlWith(adminUrl, { user: name, password });
  return {
    name,
    password,
    url,
    remove: () =>
      withSql(adminUrl, async (admin) => {
        for (const database of await kind.databases(admin, name)) await kind.dropDatabase(admin, database);
        await kind.dropUser(admin, name);
      }),
  };
}

/** Gives a describe block such a user of the server at `adminUrl`. */
export function useServerUser(kind: ServerKind, adminUrl: string): ServerUser {
  let user: ServerUser;
  before(async () => {
    user = await createServerUser(kind, adminUrl);
  });
  after(() => user.remove());
  return {
    get name() {
      return user.name;
    },
    get password() {
      return user.password;
    },
    get url() {
      return user.url;
    },
    remove: () => user.remove(),
  };
}
