import type { Sql } from '../support/sql.ts';

/** Everything about a database that its catalogue tells, by what it is about. Numbers of objects (oids) are left out. */
const CATALOGUE: Readonly<Record<string, string>> = {
  database: `select encoding, datcollate, datctype, datlocprovider, daticulocale, datallowconn, datconnlimit, datistemplate,
      pg_get_userbyid(datdba) as owner, shobj_description(oid, 'pg_database') as comment,
      (select array_agg(x::text order by x::text) from unnest(datacl) x) as privileges
    from pg_database where datname = current_database()`,
  settings: `select r.rolname, array(select x from unnest(setconfig) x order by x) as settings
    from pg_db_role_setting s left join pg_roles r on r.oid = setrole
    where setdatabase = (select oid from pg_database where datname = current_database()) order by 1`,
  relations: `select c.oid::regclass::text as name, relkind, relpersistence, relispartition, relreplident, relrowsecurity,
      reloptions, relacl::text, pg_get_userbyid(relowner) as owner, pg_get_expr(relpartbound, c.oid) as bound,
      pg_get_partkeydef(c.oid) as partitioned, obj_description(c.oid, 'pg_class') as comment
    from pg_class c where relnamespace::regnamespace::text !~ '^pg_' and relnamespace::regnamespace::text <> 'information_schema'
    order by 1`,
  columns: `select attrelid::regclass::text as name, attnum, attname, format_type(atttypid, atttypmod), attnotnull, attidentity,
      attgenerated, attcompression, attstorage, attcollation::regcollation::text as collation, attacl::text,
      pg_get_expr(adbin, adrelid) as value, col_description(attrelid, attnum) as comment
    from pg_attribute a join pg_class c on c.oid = attrelid left join pg_attrdef on adrelid = attrelid and adnum = attnum
    where relnamespace::regnamespace::text !~ '^pg_' and relnamespace::regnamespace::text <> 'information_schema'
      and attnum > 0 order by 1, 2`,
  indexes: `select schemaname, indexdef from pg_indexes where schemaname !~ '^pg_' order by 2`,
  constraints: `select conrelid::regclass::text as name, conname, pg_get_constraintdef(oid) as definition, convalidated,
      obj_description(oid, 'pg_constraint') as comment
    from pg_constraint where connamespace::regnamespace::text !~ '^pg_' and conrelid <> 0 order by 1, 2, 3`,
  views: `select schemaname, viewname as name, definition from pg_views where schemaname !~ '^pg_' and schemaname <> 'information_schema'
    union all select schemaname, matviewname, definition || ispopulated from pg_matviews order by 1, 2`,
  triggers: `select tgrelid::regclass::text as name, pg_get_triggerdef(oid) as definition, tgenabled
    from pg_trigger where not tgisinternal order by 1, 2`,
  eventTriggers: 'select evtname, evtevent, evtenabled, evttags from pg_event_trigger order by 1',
  functions: `select oid::regprocedure::text as name, case when prokind in ('f', 'p') then pg_get_functiondef(oid) end as definition,
      proacl::text from pg_proc p where pronamespace::regnamespace::text !~ '^pg_'
      and pronamespace::regnamespace::text <> 'information_schema' order by 1`,
  types: `select oid::regtype::text as name, typtype, typnotnull, typdefault,
      array(select enumlabel::text from pg_enum where enumtypid = t.oid order by enumsortorder) as labels,
      array(select pg_get_constraintdef(oid) from pg_constraint where contypid = t.oid order by conname) as checks
    from pg_type t where typnamespace::regnamespace::text !~ '^pg_' and typnamespace::regnamespace::text <> 'information_schema'
    order by 1`,
  sequences: `select schemaname, sequencename, data_type, start_value, min_value, max_value, increment_by, cycle, cache_size
    from pg_sequences order by 1, 2`,
  policies: 'select schemaname, tablename, policyname, roles, cmd, qual, with_check from pg_policies order by 1, 2, 3',
  rules: "select schemaname, tablename, rulename, definition from pg_rules where schemaname !~ '^pg_' order by 1, 2, 3",
  statistics: `select stxname, pg_get_statisticsobjdef(oid) as definition from pg_statistic_ext order by 1`,
  schemas: `select nspname, nspacl::text, pg_get_userbyid(nspowner) as owner, obj_description(oid, 'pg_namespace') as comment
    from pg_namespace where nspname !~ '^pg_(toast|temp)' order by 1`,
  defaultPrivileges:
    'select defaclrole::regrole::text, defaclobjtype, defaclacl::text from pg_default_acl order by 1, 2',
  extensions: 'select extname, extversion, extnamespace::regnamespace::text from pg_extension order by 1',
  collations: `select collname, collprovider, collcollate, colliculocale from pg_collation
    where collnamespace::regnamespace::text !~ '^pg_' order by 1`,
  publications: 'select pubname, puballtables, pubinsert from pg_publication order by 1',
  publishedTables: 'select pubname, schemaname, tablename from pg_publication_tables order by 1, 2, 3',
  searchConfigurations: `select cfgname from pg_ts_config where cfgnamespace::regnamespace::text !~ '^pg_' order by 1`,
  casts:
    'select castsource::regtype::text, casttarget::regtype::text, castcontext from pg_cast where oid > 16383 order by 1, 2',
  largeObjects: `select oid, pg_get_userbyid(lomowner) as owner, encode(lo_get(oid), 'hex') as data
    from pg_largeobject_metadata order by oid`,
  plannerStatistics: `select schemaname, tablename, attname, n_distinct, null_frac from pg_stats
    where schemaname !~ '^pg_' and schemaname <> 'information_schema' order by 1, 2, 3`,
};

/** All that can be told apart about a PostgreSQL database: its catalogue, every row, the state of every sequence. */
export async function dumpPostgres(sql: Sql): Promise<Record<string, unknown>> {
  await sql.rows('set search_path = pg_catalog'); // so that all names are shown in full
  const dump: Record<string, unknown> = {};
  for (const [name, query] of Object.entries(CATALOGUE)) dump[name] = await sql.rows(query);
  const relations = await sql.rows(
    `select c.oid::regclass::text as name, relkind from pg_class c where relkind in ('r', 'm', 'S', 'p') and relispopulated
      and relnamespace::regnamespace::text !~ '^pg_' and relnamespace::regnamespace::text <> 'information_schema' order by 1`,
  );
  const rows: Record<string, unknown> = {};
  for (const { name, relkind } of relations) {
    rows[String(name)] = await sql.values(
      relkind === 'S'
        ? `select row(last_value, is_called)::text from ${name}`
        : `select t::text from ${name} t order by 1`,
    );
  }
  return { ...dump, rows };
}
