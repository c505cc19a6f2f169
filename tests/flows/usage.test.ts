import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { newId } from '#shared/domain/ids.ts'
import { nobody, system } from '#shared/platform/database/index.ts'
import { call, startTestProduct, type TestProduct } from '../setup/product.ts'

let product: TestProduct
let owner: postgres.Sql

beforeAll(async () => {
  product = await startTestProduct(inject('clusterUrl'))
  owner = postgres(product.database.ownerUrl, { max: 1, onnotice: () => {} })
})
afterAll(async () => {
  await owner.end()
  await product.stop()
})

interface Team {
  token: string
  userId: string
  orgId: string
}

async function newTeam(): Promise<Team> {
  const token = await product.signUp()
  const { body: organization } = await call(product.url, 'POST', '/v1/organizations', {
    token,
    body: { name: newId() },
  })
  const { body: me } = await call(product.url, 'GET', '/v1/users/me', { token })
  return { token, userId: me.id, orgId: organization.id }
}

/** Asks about usage when all of it is written. */
async function ask(team: Team, path: string, query: Record<string, string> = {}) {
  await product.services.usage.flush()
  const answer = await call(product.url, 'GET', `${path}?${new URLSearchParams(query)}`, { token: team.token })
  expect(answer.status, JSON.stringify(answer.body)).toBe(200)
  return answer.body
}

const summary = (team: Team, query: Record<string, string> = {}) => ask(team, '/v1/usage', query)
const requests = (team: Team, query: Record<string, string> = {}) => ask(team, '/v1/usage/requests', query)

/** Logs requests as if they had been made. */
function record(team: Team, entries: { at: string; milliseconds?: number; status?: number; functionName?: string }[]) {
  for (const { at, milliseconds = 1, status = 200, functionName = 'projects-list' } of entries) {
    product.services.usage.record({
      orgId: team.orgId,
      userId: team.userId,
      keyId: null,
      functionName,
      method: 'GET',
      status,
      milliseconds,
      at: new Date(at),
      requestId: newId(),
    })
  }
}

describe('requests', () => {
  test('are logged with their route, caller, status and time, whether they succeed or are refused', async () => {
    const team = await newTeam()
    const { token } = team
    const requestId = newId()
    await call(product.url, 'GET', '/v1/projects', { token, headers: { 'x-request-id': requestId } })
    await call(product.url, 'GET', `/v1/projects/${newId()}`, { token })
    await call(product.url, 'POST', '/v1/projects', { token, body: {} })
    const { body: made } = await call(product.url, 'POST', '/v1/api-keys', {
      token,
      body: { name: 'SIEM', scopes: ['intelligence:read'] },
    })
    await call(product.url, 'GET', '/v1/projects', { token: made.key })
    await call(product.url, 'GET', '/v1/usage', { token: made.key })

    const { data } = await requests(team)
    const seen = data.map((one: Record<string, unknown>) => [
      one.route,
      one.method,
      one.status,
      one.user_id,
      one.key_id,
    ])
    const { id: keyId } = made.api_key
    expect(seen).toEqual([
      // A key is in no organization's name when it lacks the permission.
      ['projects-list', 'GET', 200, null, keyId],
      ['api-keys-create', 'POST', 201, team.userId, null],
      ['projects-create', 'POST', 422, team.userId, null],
      ['projects-read', 'GET', 404, team.userId, null],
      ['projects-list', 'GET', 200, team.userId, null],
    ])
    expect(data.at(-1)).toMatchObject({ request_id: requestId })
    for (const one of data) expect(one.milliseconds).toBeGreaterThan(0)
  })

  test('outside of an organization are nobody’s', async () => {
    const token = await product.signUp()
    const requestId = newId()
    await call(product.url, 'GET', '/v1/users/me', { token, headers: { 'x-request-id': requestId } })
    await call(product.url, 'GET', '/v1/projects', { headers: { 'x-request-id': requestId } })
    await product.services.usage.flush()
    expect(await owner`select 1 from api_usage_logs where request_id = ${requestId}`).toHaveLength(0)
  })

  test('of another organization are not seen: not in lists, not in sums, not by naming their caller', async () => {
    const [team, others] = [await newTeam(), await newTeam()]
    await call(product.url, 'GET', '/v1/projects', { token: others.token })
    await call(product.url, 'GET', '/v1/actors', { token: others.token })
    expect((await requests(team, { route: 'actors-list' })).data).toEqual([])
    expect((await requests(team, { caller: `user:${others.userId}` })).data).toEqual([])
    const { total } = await summary(team)
    // Only those by which it was asked.
    expect(total.requests).toBe(2)
  })

  test('are listed page by page, each once, also those of one moment', async () => {
    const team = await newTeam()
    const at = ['2026-03-01T10:00:00.000Z', '2026-03-01T10:00:00.001Z']
    record(
      team,
      Array.from({ length: 25 }, (_, index) => ({ at: at[index % 2]!, milliseconds: index })),
    )
    const span = { from: '2026-03-01T00:00:00Z', to: '2026-03-02T00:00:00Z' }
    const found: { milliseconds: number; occurred_at: string }[] = []
    let cursor: string | null = null
    do {
      const page = await requests(team, { ...span, 'page[size]': '4', ...(cursor ? { 'page[cursor]': cursor } : {}) })
      found.push(...page.data)
      cursor = page.meta.next_cursor
    } while (cursor)
    expect(found.map(({ milliseconds }) => milliseconds).toSorted((a, b) => a - b)).toEqual([...Array(25).keys()])
    const times = found.map(({ occurred_at }) => occurred_at)
    expect(times).toEqual(times.toSorted().reverse())
  })

  test('are found by route, status and caller together', async () => {
    const team = await newTeam()
    const at = '2026-03-01T10:00:00Z'
    record(team, [
      { at, status: 200 },
      { at, status: 404 },
      { at, status: 503 },
      { at, status: 404, functionName: 'actors-list' },
    ])
    const span = { from: '2026-03-01T00:00:00Z', to: '2026-03-02T00:00:00Z' }
    const count = async (query: Record<string, string>) => (await requests(team, { ...span, ...query })).data.length
    expect(await count({})).toBe(4)
    expect(await count({ status: '2xx' })).toBe(1)
    expect(await count({ status: '4xx' })).toBe(2)
    expect(await count({ status: '5xx' })).toBe(1)
    expect(await count({ status: '4xx', route: 'actors-list' })).toBe(1)
    expect(await count({ status: '4xx', caller: `user:${team.userId}` })).toBe(2)
    expect(await count({ caller: `key:${team.userId}` })).toBe(0)
  })
})

describe('sums', () => {
  const span = { from: '2026-04-01T00:00:00Z', to: '2026-04-03T00:00:00Z' }

  test('are exact: requests, errors, mean and percentiles of each group and of all', async () => {
    const team = await newTeam()
    record(team, [
      ...Array.from({ length: 101 }, (_, index) => ({ at: '2026-04-01T10:00:00Z', milliseconds: index })),
      { at: '2026-04-01T11:00:00Z', milliseconds: 1000, status: 500, functionName: 'actors-list' },
      { at: '2026-04-01T11:00:00Z', milliseconds: 3000, status: 429, functionName: 'actors-list' },
    ])
    expect(await summary(team, span)).toEqual({
      from: '2026-04-01T00:00:00.000Z',
      to: '2026-04-03T00:00:00.000Z',
      group_by: 'route',
      total: {
        requests: 103,
        client_errors: 1,
        server_errors: 1,
        mean_milliseconds: 87.86,
        p50_milliseconds: 51,
        p95_milliseconds: 96.9,
        p99_milliseconds: 982,
      },
      data: [
        {
          group: 'projects-list',
          requests: 101,
          client_errors: 0,
          server_errors: 0,
          mean_milliseconds: 50,
          p50_milliseconds: 50,
          p95_milliseconds: 95,
          p99_milliseconds: 99,
        },
        {
          group: 'actors-list',
          requests: 2,
          client_errors: 1,
          server_errors: 1,
          mean_milliseconds: 2000,
          p50_milliseconds: 2000,
          p95_milliseconds: 2900,
          p99_milliseconds: 2980,
        },
      ],
      truncated: false,
    })
  })

  test('count a request at the beginning of the span and none at its end', async () => {
    const team = await newTeam()
    record(team, [
      { at: '2026-03-31T23:59:59.999Z' },
      { at: span.from },
      { at: '2026-04-02T23:59:59.999Z' },
      { at: span.to },
    ])
    expect((await summary(team, span)).total.requests).toBe(2)
  })

  test('are by hours, days, statuses and callers, days and hours of UTC in their order', async () => {
    const team = await newTeam()
    record(team, [
      { at: '2026-04-02T00:00:00Z', status: 404 },
      { at: '2026-04-01T23:59:59.999Z' },
      { at: '2026-04-01T10:30:00Z' },
      { at: '2026-04-01T10:59:00Z' },
    ])
    const groups = async (group_by: string) =>
      (await summary(team, { ...span, group_by })).data.map((one: { group: string; requests: number }) => [
        one.group,
        one.requests,
      ])
    expect(await groups('day')).toEqual([
      ['2026-04-01T00:00:00.000Z', 3],
      ['2026-04-02T00:00:00.000Z', 1],
    ])
    expect(await groups('hour')).toEqual([
      ['2026-04-01T10:00:00.000Z', 2],
      ['2026-04-01T23:00:00.000Z', 1],
      ['2026-04-02T00:00:00.000Z', 1],
    ])
    expect(await groups('status')).toEqual([
      ['200', 3],
      ['404', 1],
    ])
    expect(await groups('caller')).toEqual([[`user:${team.userId}`, 4]])
  })

  test('of nothing are nothing', async () => {
    const { total, data } = await summary(await newTeam(), span)
    expect(data).toEqual([])
    expect(total).toMatchObject({ requests: 0, mean_milliseconds: null, p99_milliseconds: null })
  })

  test('of more than 92 days, of no time, and of days that do not exist are refused', async () => {
    const { token } = await newTeam()
    const spans = [
      { from: '2026-01-01T00:00:00Z', to: '2026-04-03T00:00:01Z' },
      { from: '2026-04-03T00:00:00Z', to: '2026-04-03T00:00:00Z' },
      { from: '2026-04-03T00:00:00Z', to: '2026-04-02T00:00:00Z' },
      { from: '2026-04-03T00:00:00Z', to: '2026-13-45T00:00:00Z' },
    ]
    for (const query of spans) {
      for (const path of ['/v1/usage', '/v1/usage/requests']) {
        const answer = await call(product.url, 'GET', `${path}?${new URLSearchParams(query)}`, { token })
        expect(answer.status, JSON.stringify(query)).toBe(422)
      }
    }
    const whole = { from: '2026-01-01T00:00:00Z', to: '2026-04-03T00:00:00Z' }
    const answer = await call(product.url, 'GET', `/v1/usage?${new URLSearchParams(whole)}`, { token })
    expect(answer.status).toBe(200)
  })
})

describe('the walls in the database', () => {
  test('an organization can neither write, change nor remove what was logged', async () => {
    const team = await newTeam()
    record(team, [{ at: '2026-05-01T00:00:00Z' }])
    await product.services.usage.flush()
    const inside = { ...nobody, orgId: team.orgId, userId: team.userId, workspaceId: 'any' }
    await expect(
      product.services.database.transaction(
        inside,
        (
          sql,
        ) => sql`insert into api_usage_logs (id, org_id, occurred_at, function_name, method, status, milliseconds, request_id)
          values (${newId()}, ${team.orgId}, now(), 'f', 'GET', 200, 1, 'r')`,
      ),
    ).rejects.toMatchObject({ code: '42501' })
    await expect(
      product.services.database.transaction(inside, (sql) => sql`update api_usage_logs set status = 200`),
    ).rejects.toMatchObject({ code: '42501' })
    const remove = () =>
      product.services.database.transaction(inside, (sql) => sql`delete from api_usage_logs returning 1`)
    expect(await remove()).toHaveLength(0)
    // Only with the organization itself.
    await owner`update organizations set deleting_at = now() where id = ${team.orgId}`
    expect((await remove()).length).toBeGreaterThan(0)
  })

  test('a month has a partition of its own before it begins, and another year’s entries are kept without', async () => {
    const team = await newTeam()
    const now = new Date()
    const inMonths = (months: number) => new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + months, 15))
    record(
      team,
      [0, 1, 2, 3, -1, 30].map((months) => ({ at: inMonths(months).toISOString() })),
    )
    await product.services.usage.flush()
    const rows = await owner`
      select tableoid::regclass::text as partition from api_usage_logs
      where org_id = ${team.orgId} and function_name = 'projects-list' and extract(day from occurred_at) = 15
        and milliseconds = 1 order by occurred_at`
    const named = (months: number) => `api_usage_logs_${inMonths(months).toISOString().slice(0, 7).replace('-', '_')}`
    expect(rows.map((row) => row.partition)).toEqual([
      'api_usage_logs_default',
      ...[0, 1, 2, 3].map(named),
      'api_usage_logs_default',
    ])
  })

  test('the upkeep makes the next months and drops those that are too old, as a whole', async () => {
    await owner`create table api_usage_logs_2020_01 (like api_usage_logs including all)`
    await owner`alter table api_usage_logs attach partition api_usage_logs_2020_01
      for values from ('2020-01-01') to ('2020-02-01')`
    const team = await newTeam()
    record(team, [{ at: '2020-01-15T00:00:00Z' }, { at: '2020-03-15T00:00:00Z' }])
    await product.services.usage.flush()
    const dropped = await product.services.database.transaction(system, async (sql) => {
      await sql`select ensure_month_partitions('api_usage_logs', 5)`
      return sql`select * from drop_expired_partitions() as name`
    })
    expect(dropped).toEqual([{ name: 'api_usage_logs_2020_01' }])
    expect(await owner`select 1 from api_usage_logs where occurred_at < '2021-01-01'`).toHaveLength(0)
    const partitions = await owner`select 1 from pg_inherits where inhparent = 'api_usage_logs'::regclass`
    // Default, this month and five more.
    expect(partitions).toHaveLength(7)
  })
})
