import type postgres from 'postgres'

/**
 * A fingerprint of every table, by its name: whatever changes anywhere changes it. The log of requests is left out: it is
 * written some time after they end.
 * @param owner sees past all walls
 */
export async function fingerprint(owner: postgres.Sql): Promise<Record<string, string>> {
  const tables = await owner<{ name: string }[]>`
    select relname as name from pg_class
    where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relispartition
      and relname <> 'api_usage_logs'`
  const prints = await Promise.all(
    tables.map(async ({ name }) => {
      const [row] = await owner<{ print: string }[]>`
        select count(*) || ' ' || coalesce(md5(string_agg(t::text, e'\n' order by t::text)), '') as print
        from ${owner(name)} t`
      return [name, row?.print ?? ''] as const
    }),
  )
  return Object.fromEntries(prints)
}
