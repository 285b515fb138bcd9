import type { Definition, Definitions } from '../definitions.ts';
import type { Row } from '../server/dialect.ts';
import type { Pair } from './pair.ts';

/**
 * Objects that people make, without those of extensions: kind and name, definition, and the object with which each comes
 * and goes. Positions of sequences are left out, since every insert moves them.
 */
const OBJECTS = `
with space as (
  select oid, nspname, case nspname when 'public' then '' else nspname || '.' end as prefix
  from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema'
), foreign_object as (
  select classid, objid from pg_depend where deptype = 'e'
), relation as (
  select c.*, prefix || relname as label, case relkind when 'v' then 'view' when 'm' then 'materialized view'
    when 'f' then 'foreign table' when 'S' then 'sequence' when 'c' then 'type' else 'table' end as kind
  from pg_class c join space s on s.oid = relnamespace
  where relkind in ('r', 'p', 'v', 'm', 'f', 'S', 'c')
    and (not exists (select from foreign_object where classid = 'pg_class'::regclass and objid = c.oid))
), columns as (
  select attrelid, string_agg(concat_ws(' ', quote_ident(attname), format_type(atttypid, atttypmod), attcollation,
    attnotnull, attidentity, attgenerated, pg_get_expr(adbin, adrelid)), E'\\n' order by attnum) as text
  from pg_attribute left join pg_attrdef on adrelid = attrelid and adnum = attnum
  where attnum > 0 and not attisdropped and attrelid in (select oid from relation) group by attrelid
), object (name, text, owner) as (
  select kind || ' ' || label, concat_ws(E'\\n', relkind, relpersistence, relrowsecurity, relforcerowsecurity,
      reloptions::text, relacl::text, pg_get_expr(relpartbound, r.oid), pg_get_partkeydef(r.oid), c.text,
      case when relkind in ('v', 'm') then pg_get_viewdef(r.oid) end,
      (select string_agg(inhparent::regclass::text, ',' order by inhseqno) from pg_inherits where inhrelid = r.oid),
      (select string_agg(quote_ident(conname) || ' ' || pg_get_constraintdef(oid), E'\\n' order by conname)
        from pg_constraint where conrelid = r.oid),
      (select concat_ws(' ', seqtypid::regtype, seqstart, seqincrement, seqmax, seqmin, seqcache, seqcycle)
        from pg_sequence where seqrelid = r.oid)),
    (select o.kind || ' ' || o.label from pg_depend d join relation o on o.oid = refobjid
      where r.relkind = 'S' and classid = 'pg_class'::regclass and objid = r.oid and deptype in ('a', 'i')
        and refclassid = 'pg_class'::regclass limit 1)
  from relation r left join columns c on attrelid = r.oid
  union all
  select 'index ' || prefix || i.relname, pg_get_indexdef(i.oid), r.kind || ' ' || label
  from pg_index x join pg_class i on i.oid = indexrelid join space s on s.oid = i.relnamespace
    join relation r on r.oid = indrelid
  where not exists (select from pg_constraint where conindid = i.oid and contype in ('p', 'u', 'x'))
  union all
  select 'trigger ' || label || '.' || tgname, concat_ws(' ', tgenabled, pg_get_triggerdef(t.oid)), kind || ' ' || label
  from pg_trigger t join relation r on r.oid = tgrelid where not tgisinternal and tgparentid = 0
  union all
  select 'rule ' || label || '.' || rulename, concat_ws(' ', ev_enabled, pg_get_ruledef(w.oid)), kind || ' ' || label
  from pg_rewrite w join relation r on r.oid = ev_class where rulename <> '_RETURN'
  union all
  select 'policy ' || label || '.' || polname, concat_ws(' ', polcmd, polpermissive, polroles::text,
    pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid)), kind || ' ' || label
  from pg_policy join relation r on r.oid = polrelid
  union all
  select case prokind when 'p' then 'procedure ' when 'a' then 'aggregate ' else 'function ' end || prefix || proname
      || '(' || pg_get_function_identity_arguments(p.oid) || ')',
    case prokind when 'a' then (select a::text from pg_aggregate a where aggfnoid = p.oid) else pg_get_functiondef(p.oid) end
      || coalesce(proacl::text, ''), null
  from pg_proc p join space s on s.oid = pronamespace
  where not exists (select from foreign_object where classid = 'pg_proc'::regclass and objid = p.oid)
  union all
  select case typtype when 'd' then 'domain ' else 'type ' end || prefix || typname, concat_ws(E'\\n', typtype, typnotnull,
      nullif(typbasetype, 0)::regtype, typtypmod, typdefault,
      (select string_agg(enumlabel, E'\\n' order by enumsortorder) from pg_enum where enumtypid = t.oid),
      (select rngsubtype::regtype::text from pg_range where rngtypid = t.oid),
      (select string_agg(quote_ident(conname) || ' ' || pg_get_constraintdef(oid), E'\\n' order by conname)
        from pg_constraint where contypid = t.oid)), null
  from pg_type t join space s on s.oid = typnamespace
  where typtype in ('d', 'e', 'r')
    and not exists (select from foreign_object where classid = 'pg_type'::regclass and objid = t.oid)
  union all
  select 'event trigger ' || evtname, concat_ws(' ', evtevent, evtenabled, evttags::text, evtfoid::regprocedure), null
  from pg_event_trigger
  union all
  select 'schema ' || nspname, coalesce(nspacl::text, ''), null from pg_namespace join space using (oid, nspname)
  union all
  select 'extension ' || extname, extversion, null from pg_extension
)
select name, text, owner from object order by name`;

/** Reads how everything in both databases is defined. */
export async function readDefinitions(pair: Pair): Promise<readonly [before: Definitions, after: Definitions]> {
  const [before, after] = await pair.rows(() => OBJECTS);
  return [definitionsOf(before), definitionsOf(after)];
}

function definitionsOf(rows: readonly Row[]): Definitions {
  return new Map(
    rows.map(({ name, text, owner }): [string, Definition] => {
      return [String(name), owner == null ? { text: String(text) } : { text: String(text), of: String(owner) }];
    }),
  );
}
