import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { createSpendAuthority } from '#shared/domain/costs/authority.ts'
import { longestCallMinutes } from '#shared/domain/costs/sweep.ts'
import { newId } from '#shared/domain/ids.ts'
import type { CallOrigin } from '#shared/domain/models/types.ts'
import { nobody } from '#shared/platform/database/index.ts'
import { findImbalances, settlement } from '../setup/costs.ts'
import { call, startTestProduct, type TestProduct } from '../setup/product.ts'

let product: TestProduct
let owner: postgres.Sql

beforeAll(async () => {
  product = await startTestProduct(inject('clusterUrl'), { MONTHLY_WORKSPACE_BUDGET_USD: '0.05' })
  // The schedule is called by hand.
  await product.cloud.stop()
  owner = postgres(product.database.ownerUrl, { max: 1, onnotice: () => {} })
})
afterAll(async () => {
  await owner.end()
  await product.stop()
})

/** An organization that calls models in its first workspace. */
async function newTeam() {
  const token = await product.signUp()
  const send = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
    call(product.url, method, path, { token, headers, ...(body === undefined ? {} : { body }) })
  const done = async (...request: Parameters<typeof send>) => {
    const answer = await send(...request)
    expect(answer.status, JSON.stringify(answer.body)).toBeLessThan(300)
    return answer.body
  }
  const { id: orgId } = await done('POST', '/v1/organizations', { name: newId() })
  const workspaceId: string = (await done('GET', '/v1/workspaces')).data[0].id

  const authorityAt = (at: Date) =>
    createSpendAuthority({
      commit: (work) => product.services.database.transaction({ ...nobody, orgId, workspaceId: 'any' }, work),
      now: () => at,
      defaultBudgetMicrodollars: 50_000,
      defaultPlanId: 'enterprise',
    })
  /** Sets aside a tenth of a cent, and books it unless `cost` is null. */
  async function spend(cost: number | null, at: Date, origin: Partial<CallOrigin> = {}, model = 'local:rules-1') {
    const id = newId()
    const base = { orgId, workspaceId, runId: null, step: null, playbook: null, agent: null, userId: null }
    const call = { id, model, alias: 'fast', task: 'summarize', worstCaseMicrodollars: 1_000 } as const
    await authorityAt(at).reserve({ ...call, origin: { ...base, ...origin } })
    if (cost !== null) await authorityAt(at).settle(id, settlement(cost))
    return id
  }
  return { token, orgId, workspaceId, send, done, spend }
}

const ago = (hours: number) => new Date(Date.now() - hours * 3_600_000)

describe('GET /v1/costs', () => {
  test('sums up calls by day, agent, model and playbook, each call to one group, and all to the total', async () => {
    const { spend, done } = await newTeam()
    const runId = newId()
    const step = { node: 'research', iteration: 0 }
    await spend(100, ago(1), { agent: 'seer', playbook: 'trend-watch', runId, step })
    await spend(200, ago(1), { agent: 'seer' }, 'gemini:flash')
    await spend(300, ago(30), { agent: 'herald' })
    await spend(400, ago(24 * 20))
    const window = { from: ago(24 * 21).toISOString(), to: new Date().toISOString() }
    const by = async (group_by: string) => {
      const body = await done('GET', `/v1/costs?${new URLSearchParams({ ...window, group_by })}`)
      expect(body).toMatchObject({ ...window, group_by, truncated: false })
      expect(body.total).toEqual({
        calls: 4,
        failed_calls: 0,
        input_tokens: 400,
        cached_input_tokens: 40,
        output_tokens: 80,
        thinking_tokens: 20,
        cost_microdollars: 1_000,
        estimated_microdollars: 0,
      })
      return body.data.map((one: any) => [one.group, one.calls, one.cost_microdollars])
    }
    expect(await by('agent')).toEqual([
      [null, 1, 400],
      ['herald', 1, 300],
      ['seer', 2, 300],
    ])
    expect(await by('model')).toEqual([
      ['local:rules-1', 3, 800],
      ['gemini:flash', 1, 200],
    ])
    expect(await by('playbook')).toEqual([
      [null, 3, 900],
      ['trend-watch', 1, 100],
    ])
    expect(await by('task')).toEqual([['summarize', 4, 1_000]])
    const days = await by('day')
    expect(days[0]).toEqual([
      `${ago(24 * 20)
        .toISOString()
        .slice(0, 10)}T00:00:00.000Z`,
      1,
      400,
    ])
    expect(days.map(([day]: string[]) => day)).toEqual(days.map(([day]: string[]) => day).toSorted())
  })

  test('is empty before the first call, and takes 92 days at once, no more', async () => {
    const { done, send } = await newTeam()
    expect(await done('GET', '/v1/costs')).toMatchObject({ data: [], total: { calls: 0, cost_microdollars: 0 } })
    const query = new URLSearchParams({ from: ago(24 * 93).toISOString() })
    expect((await send('GET', `/v1/costs?${query}`)).status).toBe(422)
    expect((await send('GET', `/v1/costs/calls?${query}`)).status).toBe(422)
  })

  test('knows nothing of another organization’s calls, nor of another workspace’s', async () => {
    const [first, second] = [await newTeam(), await newTeam()]
    await first.spend(100, new Date())
    const { id } = await first.done('POST', '/v1/workspaces', { name: 'Another' })
    for (const answer of [
      await second.done('GET', '/v1/costs'),
      await first.done('GET', '/v1/costs', undefined, { 'x-workspace-id': id }),
    ]) {
      expect(answer.total.calls).toBe(0)
    }
    expect((await second.done('GET', '/v1/costs/calls')).data).toEqual([])
    expect((await first.done('GET', '/v1/costs/budget')).spent_microdollars).toBe(100)
    expect((await second.done('GET', '/v1/costs/budget')).spent_microdollars).toBe(0)
  })
})

test('GET /v1/costs/calls lists every call once, page by page, the newest first, and by what is asked for', async () => {
  const { spend, done } = await newTeam()
  const at = ago(2)
  const ids: string[] = []
  for (let call = 0; call < 5; call++)
    ids.push(await spend(call, call < 3 ? at : ago(1), { agent: call % 2 ? 'seer' : null }))
  const lost = await spend(null, ago(3))
  const seen: string[] = []
  let cursor: string | null = null
  do {
    const query = new URLSearchParams({ 'page[size]': '2', ...(cursor ? { 'page[cursor]': cursor } : {}) })
    const page = await done('GET', `/v1/costs/calls?${query}`)
    seen.push(...page.data.map(({ id }: { id: string }) => id))
    cursor = page.meta.next_cursor
  } while (cursor)
  const newest = (some: string[]) => some.toSorted().toReversed()
  expect(seen.toSorted()).toEqual(ids.toSorted())
  expect(seen.slice(2)).toEqual(newest(ids.slice(0, 3)))
  expect(seen).not.toContain(lost)
  const seers = await done('GET', '/v1/costs/calls?agent=seer&finish=stop')
  expect(seers.data.map(({ id }: { id: string }) => id).toSorted()).toEqual([ids[1], ids[3]].toSorted())
})

describe('/v1/costs/budget', () => {
  test('is the installation’s default until an owner sets another, and again after null; each change is audited', async () => {
    const { workspaceId, done, spend } = await newTeam()
    await spend(1_000, new Date())
    expect(await done('GET', '/v1/costs/budget')).toMatchObject({
      limit_microdollars: 50_000,
      is_default: true,
      spent_microdollars: 1_000,
      left_microdollars: 49_000,
    })
    const set = await done('PUT', '/v1/costs/budget', { limit_microdollars: 1_500 })
    expect(set).toMatchObject({ limit_microdollars: 1_500, is_default: false, left_microdollars: 500 })
    expect(await done('GET', '/v1/costs/budget')).toEqual(set)
    await expect(spend(1, new Date())).rejects.toMatchObject({ code: 'BUDGET_EXCEEDED' })
    await done('PUT', '/v1/costs/budget', { limit_microdollars: null })
    await spend(1, new Date())
    const entries = await owner`
      select target_id, details from audit_logs where action = 'budget.set' and target_id = ${workspaceId} order by sequence`
    expect(entries.map(({ details }) => details)).toEqual([
      { limit_microdollars: 1_500, before: null },
      { limit_microdollars: null, before: 1_500 },
    ])
  })

  test('is whole microdollars up to a billion dollars', async () => {
    const { send } = await newTeam()
    for (const limit_microdollars of [-1, 0.5, 1e15 + 1, '5', undefined]) {
      expect((await send('PUT', '/v1/costs/budget', { limit_microdollars })).status, `${limit_microdollars}`).toBe(422)
    }
  })

  test('tells managers in their notifications when half of it is spent', async () => {
    const { spend, done } = await newTeam()
    await done('PUT', '/v1/costs/budget', { limit_microdollars: 2_000 })
    await spend(1_000, new Date())
    const { data } = await done('GET', '/v1/notifications')
    expect(data).toMatchObject([
      { kind: 'budget.threshold_reached', title: expect.stringMatching(/^50 % of the model/) },
    ])
    expect(data[0].body).toMatch(/^\$0\.001 of \$0\.002 is spent in \d{4}-\d\d \(UTC\)/)
  })
})

test('the schedule books lost calls of every organization at their worst case', async () => {
  const teams = [await newTeam(), await newTeam()]
  const long = new Date(Date.now() - (longestCallMinutes + 2) * 60_000)
  const lost = await Promise.all(teams.map(({ spend }) => spend(null, long)))
  const underWay = await teams[0]!.spend(null, ago(0.1))
  const token = await product.signPush(`${product.services.config.FUNCTIONS_URL}/costs-release-stale`)
  const answer = await call(product.url, 'POST', '/functions/costs-release-stale', {
    token,
    headers: { 'x-cloudscheduler': 'true', 'x-cloudscheduler-scheduletime': new Date().toISOString() },
  })
  expect(answer.body).toEqual({ outcome: 'done' })
  const ids = [...lost, underWay]
  const rows = await owner`
    select id, state, cost_microdollars::int as cost from cost_reservations where id in ${owner(ids)}`
  const states = new Map(rows.map(({ id, state, cost }) => [id, { state, cost }]))
  for (const id of lost) expect(states.get(id)).toEqual({ state: 'lost', cost: 1_000 })
  expect(states.get(underWay)).toEqual({ state: 'reserved', cost: 0 })
  expect([...(await findImbalances(owner))]).toEqual([])
})

test('reservations that ended long ago are forgotten, those that are open never are, and the log stays', async () => {
  const { spend } = await newTeam()
  const [old, recent, open] = [await spend(10, ago(1)), await spend(10, ago(1)), await spend(null, ago(0.1))]
  await owner`update cost_reservations set ended_at = now() - interval '61 days' where id = ${old}`
  await owner`update cost_reservations set ended_at = now() - interval '59 days' where id = ${recent}`
  const token = await product.signPush(`${product.services.config.FUNCTIONS_URL}/costs-release-stale`)
  const scheduledAt = new Date(Date.now() + 60_000).toISOString()
  await call(product.url, 'POST', '/functions/costs-release-stale', {
    token,
    headers: { 'x-cloudscheduler': 'true', 'x-cloudscheduler-scheduletime': scheduledAt },
  })
  const left = await owner`select id from cost_reservations where id in ${owner([old, recent, open])}`
  expect(left.map(({ id }) => id).toSorted()).toEqual([recent, open].toSorted())
  expect(await owner`select 1 from cost_logs where id = ${old}`).toHaveLength(1)
})

describe('adapt costs', () => {
  const program = fileURLToPath(new URL('../../scripts/adapt.ts', import.meta.url))
  const costs = (token: string, ...args: string[]) =>
    new Promise<{ code: number; output: string; errors: string }>((resolve) => {
      const parameters = [program, 'costs', '--url', product.url, '--token', token, ...args]
      execFile(process.execPath, parameters, { env: { PATH: process.env.PATH } }, (error, output, errors) =>
        resolve({ code: Number(error?.code ?? 0), output, errors }),
      )
    })

  test('shows what is left, and the sums by day, agent and model', async () => {
    const { token, spend } = await newTeam()
    await spend(900, ago(0), { agent: 'seer' })
    const { code, output } = await costs(token)
    expect(code).toBe(0)
    expect(output).toMatch(/^Budget of \d{4}-\d\d \(UTC\): \$0\.05, the default\n {2}spent {6}\$0\.0009\n/)
    expect(output).toMatch(/left {7}\$0\.0491 until/)
    expect(output).toMatch(/by agent +calls +failed +tokens in +tokens out +cost\nseer +1 +0 +100 +20 +\$0\.0009\nall /)
    expect(output).toContain('by day')
    expect(output).toMatch(/\nlocal:rules-1 +1/)
    const { sums } = JSON.parse((await costs(token, '--by', 'task', '--days', '1', '--json')).output)
    expect(sums).toMatchObject([{ group_by: 'task', total: { cost_microdollars: 900 } }])
  })

  test('asks for its arguments, and says why it can’t tell', async () => {
    const { token } = await newTeam()
    for (const args of [
      ['--by', 'moon'],
      ['--days', '0'],
      ['--days', '93'],
      ['--days', 'x'],
    ]) {
      expect((await costs(token, ...args)).code, args.join(' ')).toBe(2)
    }
    expect(await costs('wrong')).toMatchObject({ code: 1, errors: expect.stringMatching(/^[^\n]+\n$/) })
  })
})
