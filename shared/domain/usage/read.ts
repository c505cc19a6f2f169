import { splitGroups } from '../grouped-sums.ts'
import type { Page } from '../paging.ts'
import type { Sql } from '../sql.ts'
import type { Grouping, Measures, RequestFilter, UsageGroup, UsageRequest } from './schemas.ts'
import type { Window } from './window.ts'

type Fragment = ReturnType<Sql>

/** More groups than every hour of 92 days. */
const maximumGroups = 2_500

const iso = `'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'`

/** By what requests are put together, and how that is shown. */
const expressions: Record<Grouping, { key: string; shown: string }> = {
  route: { key: 'function_name', shown: 'key' },
  day: { key: `date_trunc('day', occurred_at, 'UTC')`, shown: `to_char(key at time zone 'UTC', ${iso})` },
  hour: { key: `date_trunc('hour', occurred_at, 'UTC')`, shown: `to_char(key at time zone 'UTC', ${iso})` },
  status: { key: 'status', shown: 'key::text' },
  caller: { key: 'coalesce(key_id, user_id)', shown: `case when by_key then 'key:' else 'user:' end || key` },
}

/**
 * Sums up the organization's requests of a span of time, exactly. All that is read is in one index: about a second for
 * half a million requests.
 */
export async function summarizeUsage(
  sql: Sql,
  { from, to }: Window,
  grouping: Grouping,
): Promise<{ total: Measures; data: UsageGroup[]; truncated: boolean }> {
  const { key, shown } = expressions[grouping]
  const byTime = grouping === 'day' || grouping === 'hour'
  const rows = await sql<(UsageGroup & { is_total: boolean })[]>`
    select coalesce(${sql.unsafe(shown)}, '') as "group", is_total, requests, client_errors, server_errors,
      round(mean, 2)::float8 as mean_milliseconds, round(quantiles[1]::numeric, 2)::float8 as p50_milliseconds,
      round(quantiles[2]::numeric, 2)::float8 as p95_milliseconds, round(quantiles[3]::numeric, 2)::float8 as p99_milliseconds
    from (
      select key, grouping(key) = 1 as is_total, count(key_id) > 0 as by_key, count(*) as requests,
        count(*) filter (where status between 400 and 499) as client_errors,
        count(*) filter (where status >= 500) as server_errors,
        avg(milliseconds)::numeric as mean,
        percentile_cont(array[0.5, 0.95, 0.99]) within group (order by milliseconds) as quantiles
      from (
        select ${sql.unsafe(key)} as key, key_id, status, milliseconds from api_usage_logs
        where org_id = app_org_id() and occurred_at >= ${from} and occurred_at < ${to}
      ) logged
      group by grouping sets ((key), ())
    ) measured
    order by is_total desc, ${byTime ? sql`key` : sql`requests desc, key`}
    limit ${maximumGroups + 2}`
  return splitGroups(rows, maximumGroups)
}

/** The organization's requests of a span of time, the newest first. @param page its position is of `positionOf` */
export function listRequests(
  sql: Sql,
  { from, to }: Window,
  filter: RequestFilter,
  page: Page,
): Promise<UsageRequest[]> {
  return sql<UsageRequest[]>`
    select id, occurred_at, function_name as route, method, status, milliseconds, user_id, key_id, request_bytes,
      response_bytes, request_id
    from api_usage_logs
    where org_id = app_org_id() and occurred_at >= ${from} and occurred_at < ${to}
      ${[sql``, ...conditions(sql, filter, page)]}
    order by occurred_at desc, id desc
    limit ${page.size + 1}`
}

function conditions(sql: Sql, { route, status, caller }: RequestFilter, { before }: Page): Fragment[] {
  const [kind, id = ''] = caller?.split(':') ?? []
  const [at = '', last = ''] = before?.split(' ') ?? []
  return [
    route === undefined ? sql`` : sql`and function_name = ${route}`,
    // In words, not as parameters: all but successes have indexes of their own.
    status === undefined ? sql`` : sql`and ${sql.unsafe(`status between ${status[0]}00 and ${status[0]}99`)}`,
    kind === undefined ? sql`` : kind === 'key' ? sql`and key_id = ${id}` : sql`and user_id = ${id}`,
    before === null ? sql`` : sql`and (occurred_at, id) < (${at}, ${last})`,
  ]
}

/** Where a request stands in the list. */
export function positionOf({ occurred_at, id }: UsageRequest): string {
  return `${occurred_at} ${id}`
}
