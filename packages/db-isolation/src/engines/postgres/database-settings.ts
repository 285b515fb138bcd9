import type { AdminConnection } from '../server/dialect.ts';
import { literal, quote } from './quote.ts';

/** Settings whose stored value is a list of quoted names, which must not be quoted again as a whole. */
const LISTS = new Set([...['search_path', 'temp_tablespaces', 'local_preload_libraries', 'session_preload_libraries']]);

/**
 * What `ALTER DATABASE … SET` and `ALTER ROLE … IN DATABASE … SET` have stored for a template, who may connect to it and how
 * often, and its comment. `CREATE DATABASE` copies none of this. Answers a function that makes the statements which give it to another database.
 */
export async function databaseSettings(
  connection: AdminConnection,
  template: string,
): Promise<(name: string) => readonly string[]> {
  const settings = await storedSettings(connection, template);
  const grants = await storedGrants(connection, template);
  const [{ limit, comment } = {}] = await connection.query(
    "select datconnlimit as limit, shobj_description(oid, 'pg_database') as comment from pg_database where datname = ?",
    [template],
  );
  return (database) => {
    const name = quote(database);
    return [
      ...settings.map(({ role, change }) => {
        return `alter ${role === null ? `database ${name}` : `role ${quote(role)} in database ${name}`} set ${change}`;
      }),
      ...(Number(limit) >= 0 ? [`alter database ${name} connection limit ${Number(limit)}`] : []),
      ...(comment == null ? [] : [`comment on database ${name} is ${literal(String(comment))}`]),
      ...(grants.length > 0 ? [`revoke all on database ${name} from public`] : []),
      ...grants.map(({ privilege, role, option }) => {
        return `grant ${privilege} on database ${name} to ${role === null ? 'public' : quote(role)}${option}`;
      }),
    ];
  };
}

async function storedSettings(
  connection: AdminConnection,
  template: string,
): Promise<readonly { role: string | null; change: string }[]> {
  const rows = await connection.query(
    `select r.rolname as role, unnest(s.setconfig) as setting
      from pg_db_role_setting s join pg_database d on d.oid = s.setdatabase left join pg_roles r on r.oid = s.setrole
      where d.datname = ?`,
    [template],
  );
  return rows.map(({ role, setting }) => ({ role: textOrNull(role), change: changeOf(String(setting)) }));
}

/** None for a database that has the default privileges. */
async function storedGrants(
  connection: AdminConnection,
  template: string,
): Promise<readonly { role: string | null; privilege: string; option: string }[]> {
  const rows = await connection.query(
    `select r.rolname as role, privilege_type as privilege, is_grantable as may_grant
      from pg_database, aclexplode(datacl) left join pg_roles r on r.oid = grantee where datname = ?`,
    [template],
  );
  return rows.map(({ role, privilege, may_grant: mayGrant }) => {
    return { role: textOrNull(role), privilege: String(privilege), option: mayGrant ? ' with grant option' : '' };
  });
}

function changeOf(setting: string): string {
  const end = setting.indexOf('=');
  const [name, value] = [setting.slice(0, end), setting.slice(end + 1)];
  return `${quoteSetting(name)} to ${LISTS.has(name) ? listOf(value) : literal(value)}`;
}

function textOrNull(value: unknown): string | null {
  return value === null ? null : String(value);
}

/** Settings of extensions have two names with a dot between them. */
function quoteSetting(name: string): string {
  return name.split('.').map(quote).join('.');
}

/** An empty name is stored as `""`, which cannot be written like that. */
function listOf(value: string): string {
  return value.replace(/"(?:[^"]|"")*"/g, (name) => (name === '""' ? "''" : name));
}
