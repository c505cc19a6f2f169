import postgres from 'postgres'

/**
 * Describes the whole `public` schema as deterministic SQL text, for `schema.sql` and its drift check (the embedded
 * PostgreSQL comes without pg_dump). Two databases with the same text have the same tables, constraints, indexes,
 * functions, triggers, policies and grants.
 * @param url connection of a role that may read the catalog
 */
export async function describeSchema(url: string): Promise<string> {
  const sql = postgres(url, { max: 1, onnotice: () => {} })
  try {
    const parts = await sql<{ text: string }[]>`
      with tables as (
        select c.oid, c.relname, c.relkind, c.relrowsecurity, c.relforcerowsecurity, c.relacl
        from pg_class c
        where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'm', 'v')
          and c.relname <> 'schema_migrations'
          -- Partitions come with the months, not with the migrations.
          and not c.relispartition
      ), lines as (
        select 0 as section, p.proname as first, '' as second, pg_get_functiondef(p.oid) as text
        from pg_proc p
        where p.pronamespace = 'public'::regnamespace and p.prokind = 'f'
          and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')
        union all
        select 1, relname, '', case relkind
          when 'v' then format('create view %I as%s%s', relname, e'\\n', pg_get_viewdef(oid))
          when 'm' then format('create materialized view %I as%s%s', relname, e'\\n', pg_get_viewdef(oid))
          else format(e'create table %I (\\n%s\\n)%s;', relname, (
            select string_agg(format('  %I %s%s%s', a.attname, format_type(a.atttypid, a.atttypmod),
              case when a.attnotnull then ' not null' else '' end,
              case when d.adbin is null then ''
                when a.attgenerated = 's' then ' generated always as (' || pg_get_expr(d.adbin, d.adrelid) || ') stored'
                else ' default ' || pg_get_expr(d.adbin, d.adrelid) end), e',\\n' order by a.attnum)
            from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
            where a.attrelid = tables.oid and a.attnum > 0 and not a.attisdropped
          ), case when relkind = 'p' then ' partition by ' || pg_get_partkeydef(oid) else '' end) end
        from tables
        union all
        select 2, t.relname, case c.contype when 'p' then '0' when 'u' then '1' else '2' end || c.conname,
          format('alter table %I add constraint %I %s;', t.relname, c.conname, pg_get_constraintdef(c.oid))
        from pg_constraint c join tables t on t.oid = c.conrelid
        -- PostgreSQL 18 lists not-null constraints too; they already stand with their columns.
        where c.contype <> 'n'
        union all
        select 3, t.relname, i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) || ';'
        from pg_index i join tables t on t.oid = i.indrelid
        where not exists (select from pg_constraint c where c.conindid = i.indexrelid and c.contype in ('p', 'u', 'x'))
        union all
        select 4, t.relname, g.tgname, pg_get_triggerdef(g.oid) || ';'
        from pg_trigger g join tables t on t.oid = g.tgrelid where not g.tgisinternal
        union all
        select 5, relname, '', format('alter table %I enable row level security;', relname)
          || case when relforcerowsecurity then format(e'\\nalter table %I force row level security;', relname) else '' end
        from tables where relrowsecurity
        union all
        select 6, t.relname, p.polname, format(e'create policy %I on %I for %s\\n  using (%s)\\n  with check (%s);', p.polname, t.relname,
          case p.polcmd when '*' then 'all' when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' else 'delete' end,
          pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))
        from pg_policy p join tables t on t.oid = p.polrelid
        union all
        select 7, t.relname, r.rolname, format('grant %s on %I to %I;', string_agg(lower(a.privilege_type), ', ' order by a.privilege_type), t.relname, r.rolname)
        from tables t, aclexplode(t.relacl) a join pg_roles r on r.oid = a.grantee
        where r.rolname = 'adapt_app'
        group by t.relname, r.rolname
      )
      select text from lines order by section, first collate "C", second collate "C"`
    const header =
      '-- Made by `npm run schema` from the migrations; do not edit. `npm run check` fails when it is stale.\n'
    return `${header}\n${parts.map((part) => part.text.trimEnd()).join('\n\n')}\n`
  } finally {
    await sql.end({ timeout: 5 })
  }
}
