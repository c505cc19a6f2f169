import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { createSpender } from '../../../../tests/setup/costs.ts'
import { openCouncil } from '../../../../tests/setup/council.ts'
import { cloneDatabase, type TestDatabase } from '../../../../tests/setup/database.ts'
import { testPlaybook, workNode } from '../../../../tests/setup/playbooks.ts'
import { createDesk } from '../../../../tests/setup/reports.ts'
import { createTenants } from '../../../../tests/setup/tenancy.ts'
import { type Database, nobody, system } from '../../../platform/database/index.ts'
import { createSealer } from '../../../platform/seal.ts'
import { toGraph } from '../../agents/graph.ts'
import { cancelRun, createRun, retryRun } from '../../agents/runs.ts'
import { watchTrends } from '../../agents/watch-trends.ts'
import { newApiKey, parseApiKey } from '../../api-keys/key.ts'
import { loadKey } from '../../api-keys/load.ts'
import { createSpendAuthority } from '../../costs/authority.ts'
import { readBudget, setBudget } from '../../costs/budgets.ts'
import { createDocument } from '../../documents/documents.ts'
import { newId } from '../../ids.ts'
import type { Sql } from '../../sql.ts'
import { invitationPurpose, newInvitationToken, openInvitationToken } from '../../tenancy/invitation-tokens.ts'
import { acceptInvitation, createInvitation, revokeInvitation } from '../../tenancy/invitations.ts'
import { updateMember } from '../../tenancy/members.ts'
import { loadIdentity } from '../../tenancy/principal.ts'
import type { LimitOverrides } from './features.ts'
import { grantEntitlement, setContract } from './grant.ts'
import { readEntitlementInUse } from './in-use.ts'
import { readMeters, useMeter } from './meters.ts'

let clone: TestDatabase
let database: Database
let owner: postgres.Sql
let tenants: ReturnType<typeof createTenants>

const at = new Date('2026-11-30T23:59:59.999Z')
/** Plans of this test alone: what is sold may change. */
const defaultPlanId = 'small'
const plans = [
  { id: 'small', name: 'Small', rank: 1001, model_budget_microdollars: 5_000_000, requests_per_minute: 300 },
  { id: 'large', name: 'Large', rank: 1002, model_budget_microdollars: 50_000_000, requests_per_minute: 600 },
]
const roomy = { seats: 3, documents: 50, indicators: 1_000, feeds: 1, runs: 25 }
const sealer = createSealer('a secret of at least 32 characters', invitationPurpose)

beforeAll(async () => {
  clone = await cloneDatabase(inject('clusterUrl'))
  database = clone.open(12)
  owner = postgres(clone.ownerUrl, { max: 1, onnotice: () => {} })
  tenants = createTenants(database)
  for (const { id, name, rank, ...limits } of plans) {
    await owner`insert into plans ${owner({ id, name, rank, is_public: false })}`
    const rows = Object.entries({ ...roomy, ...limits }).map(([feature, quantity]) => ({
      plan_id: id,
      feature,
      quantity,
    }))
    await owner`insert into plan_limits ${owner(rows)}`
  }
})
afterAll(async () => {
  await database.close()
  await owner.end()
  await clone.drop()
})

/** An organization with these limits in place of those of the default plan. */
async function organization(overrides: LimitOverrides = {}) {
  const { orgId, ownerId } = await tenants.organization()
  const run = <Result>(work: (sql: Sql) => Promise<Result>) => tenants.as(orgId, ownerId, work)
  const [{ id: workspaceId } = { id: '' }] = await run((sql) => sql<{ id: string }[]>`select id from workspaces`)
  const agree = (more: LimitOverrides) =>
    run((sql) => setContract(sql, { orgId, planId: defaultPlanId, seats: 3, until: null, overrides: more }))
  await agree(overrides)
  const asked = (moment = at) => ({ orgId, at: moment, defaultPlanId })
  const draft = { objectKey: 'k', fileName: 'f', contentType: 't', sizeBytes: 1, projectId: null, tlp: null }
  return {
    orgId,
    ownerId,
    run,
    agree,
    asked,
    announce: (moment = at) =>
      run((sql) => createDocument(sql, { ...draft, id: newId(), workspaceId, createdBy: ownerId, ...asked(moment) })),
    use: (amount: number, moment = at) =>
      run((sql) => useMeter(sql, { ...asked(moment), feature: 'documents', amount })),
    meters: (moment = at) => run((sql) => readMeters(sql, asked(moment))),
    inUse: () => run((sql) => readEntitlementInUse(sql, asked())),
  }
}

const succeeded = (results: PromiseSettledResult<unknown>[]) =>
  results.filter(({ status }) => status === 'fulfilled').length
const codesOf = (results: PromiseSettledResult<unknown>[]) =>
  new Set(results.flatMap((result) => (result.status === 'rejected' ? [result.reason.code] : [])))
const exceeded = (field: string) => ({ code: 'BUDGET_EXCEEDED', details: [{ field }] })

describe('what is counted in months', () => {
  test('is never used once too often, however many use it at the same time', async () => {
    const { use, meters } = await organization({ documents: 17 })
    const results = await Promise.allSettled(Array.from({ length: 50 }, () => use(1)))
    expect(succeeded(results)).toBe(17)
    expect([...codesOf(results)]).toEqual(['BUDGET_EXCEEDED'])
    expect(await meters()).toEqual({ documents: 17, runs: 0 })
  })

  test('is used wholly or not at all, and what is too much for the rest leaves room for less', async () => {
    const { use, meters } = await organization({ documents: 10 })
    expect(await use(7)).toBe(7)
    await expect(use(4)).rejects.toMatchObject(exceeded('documents'))
    expect(await use(3)).toBe(10)
    await expect(use(1)).rejects.toMatchObject(exceeded('documents'))
    expect((await meters()).documents).toBe(10)
  })

  test('begins anew with the month in UTC, to the millisecond', async () => {
    const { use, meters } = await organization({ documents: 1 })
    const next = new Date(at.getTime() + 1)
    await use(1)
    await expect(use(1)).rejects.toMatchObject(exceeded('documents'))
    expect(await use(1, next)).toBe(1)
    expect([await meters(), await meters(next)]).toEqual([
      { documents: 1, runs: 0 },
      { documents: 1, runs: 0 },
    ])
  })

  test('is not used when the transaction that uses it fails', async () => {
    const { run, asked, meters } = await organization()
    const failing = run(async (sql) => {
      await useMeter(sql, { ...asked(), feature: 'documents', amount: 5 })
      throw new Error('later')
    })
    await expect(failing).rejects.toThrow('later')
    expect((await meters()).documents).toBe(0)
  })

  test('is counted without limit too', async () => {
    const { use, meters } = await organization({ documents: null })
    await use(1_000_000)
    await use(2)
    expect((await meters()).documents).toBe(1_000_002)
  })

  test.each([[0], [-1], [0.5], [Number.NaN]])('is no use of %d', async (amount) => {
    const { use } = await organization()
    await expect(use(amount)).rejects.toThrow(RangeError)
  })

  test('is each organization’s own', async () => {
    const [one, other] = [await organization({ documents: 1 }), await organization({ documents: 1 })]
    await one.use(1)
    await other.use(1)
    const foreign = other.run((sql) => useMeter(sql, { ...one.asked(), feature: 'documents', amount: 1 }))
    await expect(foreign).rejects.toThrow()
    expect((await one.meters()).documents).toBe(1)
  })
})

describe('documents', () => {
  test('are announced as many as the plan has, however many at once, and each is counted once', async () => {
    const { announce, meters, orgId } = await organization({ documents: 5 })
    const results = await Promise.allSettled(Array.from({ length: 20 }, () => announce()))
    expect(succeeded(results)).toBe(5)
    expect([...codesOf(results)]).toEqual(['BUDGET_EXCEEDED'])
    expect((await meters()).documents).toBe(5)
    const [kept] = await owner`select count(*)::int as documents from documents where org_id = ${orgId}`
    expect(kept).toEqual({ documents: 5 })
  })

  test('that are too many are refused by the name of the limit, what is used, and the way up', async () => {
    const { announce } = await organization({ documents: 1 })
    await announce()
    const refusal = await announce().catch((error) => error)
    expect(refusal.message).toBe(
      'The plan Small has a limit of 1 for documents announced in a month: 1 used; larger plans are at GET /v1/billing/plans',
    )
    expect(refusal.details).toEqual([{ field: 'documents', message: 'the limit of the plan is reached' }])
  })

  test('are refused when there is no room for another indicator, and nothing is counted', async () => {
    const { announce, agree, meters, orgId } = await organization({ indicators: 2 })
    await announce()
    await owner`
      insert into indicators (id, org_id, type, value, value_sha256, tlp, confidence, first_seen, last_seen, valid_until)
      select gen_random_uuid(), ${orgId}, 'domain', n || '.example', sha256(n::text::bytea), 'GREEN', 50, now(), now(), now()
      from generate_series(1, 2) n`
    await expect(announce()).rejects.toMatchObject(exceeded('indicators'))
    expect((await meters()).documents).toBe(1)
    await agree({ indicators: null })
    await announce()
  })
})

describe('runs of agents', () => {
  const playbook = testPlaybook({ node: workNode(async () => 1) }, [])
  const graph = toGraph(playbook)
  const by = { maximumActive: 100, at, defaultPlanId }

  async function council(runs: number, planId = defaultPlanId) {
    const bench = await openCouncil(database, { playbooks: [playbook], tools: [] })
    const { orgId, workspaceId } = bench
    const contract = { orgId, planId, seats: 3, until: null, overrides: { runs } }
    await bench.transaction((sql) => setContract(sql, contract))
    const nothing = { input: { value: {}, key: null }, budgetMicrodollars: null, createdBy: null }
    return {
      ...bench,
      starts: (more: Partial<typeof by> = {}) =>
        bench.act((context) =>
          createRun(context, graph, { ...nothing, ...by, ...more, id: newId(), orgId, workspaceId }),
        ),
      used: async () => (await bench.transaction((sql) => readMeters(sql, { orgId, at }))).runs,
      kept: async () => (await owner`select id from agent_runs where org_id = ${orgId}`).length,
    }
  }

  test('are begun as many as the plan has, however many at once', async () => {
    const { starts, used, kept } = await council(4)
    const results = await Promise.allSettled(Array.from({ length: 15 }, () => starts()))
    expect(succeeded(results)).toBe(4)
    expect([...codesOf(results)]).toEqual(['BUDGET_EXCEEDED'])
    expect([await used(), await kept()]).toEqual([4, 4])
  })

  test('are not counted when too many are under way', async () => {
    const { starts, used } = await council(9)
    await starts()
    await expect(starts({ maximumActive: 1 })).rejects.toMatchObject({ code: 'RATE_LIMITED' })
    expect(await used()).toBe(1)
  })

  test('count again when they are tried again', async () => {
    const { act, starts, used } = await council(2)
    const { id } = await starts()
    const end = () => act((context) => cancelRun(context, id, { code: 'CANCELLED', message: 'enough' }))
    const again = () => act((context) => retryRun(context, () => graph, id, { ...by, userId: null }))
    await end()
    await again()
    await end()
    await expect(again()).rejects.toMatchObject(exceeded('runs'))
    expect(await used()).toBe(2)
  })

  test('that nobody asked for are left out when none is left, and all else of the schedule stays', async () => {
    const { act, orgId, workspaceId, kept } = await council(1)
    const { report } = await createDesk(database, orgId)
    await report('APT29 came in by T1190.', { createdAt: new Date().toISOString() })
    const place = { org_id: orgId, workspace_id: workspaceId }
    const options = { now: new Date(), maximumActive: 9, defaultPlanId }
    const looks = await act(async (context) => [
      await watchTrends(context, graph, place, options),
      await watchTrends(context, graph, place, options),
    ])
    expect(looks).toEqual([null, 'no runs left in the plan'])
    expect(await kept()).toBe(1)
    const meters = await act(({ sql }) => readMeters(sql, { orgId, at: options.now }))
    expect(meters.runs).toBe(1)
  })
})

test('the count of indicators is theirs, however they come and go', async () => {
  const [one, other] = [await organization(), await organization()]
  const add = (orgId: string, names: string[]) => owner`
    insert into indicators (id, org_id, type, value, value_sha256, tlp, confidence, first_seen, last_seen, valid_until)
    select gen_random_uuid(), ${orgId}, 'domain', n, sha256(n::bytea), 'GREEN', 50, now(), now(), now()
    from jsonb_array_elements_text(${owner.json(names)}) n
    on conflict do nothing`
  const counts = async () => [(await one.inUse()).used.indicators, (await other.inUse()).used.indicators]
  await Promise.all([add(one.orgId, ['a', 'b', 'c']), add(other.orgId, ['a'])])
  await add(one.orgId, ['c', 'd'])
  expect(await counts()).toEqual([4, 1])
  await owner`delete from indicators where value in ('a', 'b') and org_id in ${owner([one.orgId, other.orgId])}`
  expect(await counts()).toEqual([2, 0])
  await owner`update indicators set confidence = 60 where org_id = ${one.orgId}`
  await add(other.orgId, [])
  expect(await counts()).toEqual([2, 0])
})

describe('seats', () => {
  const invite = ({ orgId, ownerId, run }: Organization, email = `${newId()}@example.org`, now = at) => {
    const id = newId()
    const expiresAt = new Date(now.getTime() + 7 * 86_400_000)
    const { token, sha256 } = newInvitationToken(sealer, { orgId, id }, expiresAt)
    const draft = { id, orgId, email, role: 'viewer', workspaceIds: [], expiresAt, createdBy: ownerId } as const
    return run(async (sql) => {
      await createInvitation(sql, { ...draft, tokenSha256: sha256 }, { now, defaultPlanId })
      return { id, email, token }
    })
  }
  type Organization = Awaited<ReturnType<typeof organization>>
  const accept = async ({ email, token }: { email: string; token: string }) => {
    const userId = await tenants.person(email)
    return tenants.outside(userId, async (sql, enter) => {
      const opened = openInvitationToken(sealer, token, at)!
      await enter(opened.orgId)
      await acceptInvitation(sql, opened, { userId, email }, { now: at, defaultPlanId })
      return userId
    })
  }

  test('are held by members and open invitations, and never one is given too many', async () => {
    const organized = await organization({ seats: 6 })
    const results = await Promise.allSettled(Array.from({ length: 12 }, () => invite(organized)))
    expect(succeeded(results)).toBe(5)
    expect([...codesOf(results)]).toEqual(['BUDGET_EXCEEDED'])
    expect((await organized.inUse()).used.seats).toBe(6)
  })

  test('are free again when an invitation is revoked or expires', async () => {
    const organized = await organization({ seats: 2 })
    const { id } = await invite(organized)
    await expect(invite(organized)).rejects.toMatchObject(exceeded('seats'))
    await organized.run((sql) => revokeInvitation(sql, { orgId: organized.orgId, actorId: organized.ownerId, id }))
    await invite(organized)
    await invite(organized, undefined, new Date(at.getTime() + 8 * 86_400_000))
  })

  test('are still held by whoever is suspended', async () => {
    const organized = await organization({ seats: 2 })
    const { orgId, ownerId: actorId, run } = organized
    const userId = await accept(await invite(organized))
    await run((sql) => updateMember(sql, { orgId, actorId, userId }, { disabled: true }))
    await expect(invite(organized)).rejects.toMatchObject(exceeded('seats'))
  })

  test('that are fewer than when people were invited let in the first of them, however many come at once', async () => {
    const organized = await organization({ seats: 8 })
    const invitations = []
    for (let count = 0; count < 6; count++) invitations.push(await invite(organized))
    await organized.agree({ seats: 3 })
    const results = await Promise.allSettled(invitations.map(accept))
    expect(succeeded(results)).toBe(2)
    expect([...codesOf(results)]).toEqual(['BUDGET_EXCEEDED'])
    const [{ members } = { members: 0 }] = await owner<{ members: number }[]>`
      select count(*)::int as members from memberships where org_id = ${organized.orgId}`
    expect(members).toBe(3)
    const refusal = results.find((result) => result.status === 'rejected')!.reason
    expect(refusal.message).toBe('Every seat of this organization is taken; ask whoever invited you for one more')
  })

  test('are no reason to hide that somebody is invited already', async () => {
    const organized = await organization({ seats: 2 })
    const { email } = await invite(organized)
    await expect(invite(organized, email)).rejects.toMatchObject({ code: 'CONFLICT' })
  })
})

describe('budgets for models', () => {
  const options = (now: Date, planId = defaultPlanId) => ({
    now,
    defaultBudgetMicrodollars: 25_000_000,
    defaultPlanId: planId,
  })

  test('are no larger than the plan allows, also by default', async () => {
    const { commit, workspaceId, clock } = await createSpender(database)
    const read = (planId?: string) => commit((sql) => readBudget(sql, workspaceId, options(clock.now, planId)))
    expect(await read()).toMatchObject({ limit_microdollars: 5_000_000, plan_limit_microdollars: 5_000_000 })
    expect(await read('enterprise')).toMatchObject({ limit_microdollars: 25_000_000, plan_limit_microdollars: null })
    const set = (limit: number | null) => commit((sql) => setBudget(sql, workspaceId, limit, options(clock.now)))
    await expect(set(5_000_001)).rejects.toMatchObject(exceeded('body.limit_microdollars'))
    expect((await set(5_000_000)).budget).toMatchObject({ limit_microdollars: 5_000_000, is_default: false })
    expect((await set(null)).budget).toMatchObject({ limit_microdollars: 5_000_000, is_default: true })
  })

  test('are held to a smaller plan from the next call on, whatever was set before', async () => {
    const { commit, orgId, workspaceId, clock, reservation } = await createSpender(database)
    const authority = createSpendAuthority({ commit, ...options(clock.now), now: () => clock.now })
    await commit((sql) => grantEntitlement(sql, { orgId, planId: 'large', seats: 5, until: null }))
    await commit((sql) => setBudget(sql, workspaceId, 50_000_000, options(clock.now)))
    const spend = (worst: number) => authority.reserve(reservation(worst))
    await spend(4_000_000)
    const until = new Date(clock.now.getTime() + 1000)
    await commit((sql) => grantEntitlement(sql, { orgId, planId: 'large', seats: 5, until }))
    await spend(500_000)
    clock.now = until
    await expect(spend(500_001)).rejects.toMatchObject({ code: 'BUDGET_EXCEEDED' })
    await spend(500_000)
    const budget = await commit((sql) => readBudget(sql, workspaceId, options(clock.now)))
    expect(budget).toMatchObject({ reserved_microdollars: 5_000_000, left_microdollars: 0 })
  })

  test('are never overspent by calls at the same time', async () => {
    const { commit, orgId, workspaceId, clock, reservation } = await createSpender(database)
    const authority = createSpendAuthority({ commit, ...options(clock.now), now: () => clock.now })
    const overrides = { model_budget_microdollars: 1_000 }
    await commit((sql) => setContract(sql, { orgId, planId: 'large', seats: 5, until: null, overrides }))
    const results = await Promise.allSettled(Array.from({ length: 30 }, () => authority.reserve(reservation(100))))
    expect(succeeded(results)).toBe(10)
    const budget = await commit((sql) => readBudget(sql, workspaceId, options(clock.now)))
    expect(budget).toMatchObject({ limit_microdollars: 1_000, reserved_microdollars: 1_000 })
  })
})

describe('requests in a minute', () => {
  test('are known with the person, for each of their organizations', async () => {
    const { ownerId, orgId } = await organization({ requests_per_minute: 7 })
    const { orgId: paid } = await tenants.organization()
    const { orgId: endless } = await tenants.organization()
    const { orgId: unpaid } = await tenants.organization()
    for (const id of [paid, endless, unpaid]) await tenants.join(id, 'viewer', [], ownerId)
    const grant = (id: string, planId: string) =>
      database.transaction({ ...nobody, orgId: id, workspaceId: 'any' }, (sql) =>
        grantEntitlement(sql, { orgId: id, planId, seats: 5, until: null }),
      )
    await grant(paid, 'large')
    await grant(endless, 'enterprise')
    const { memberships } = await database.transaction(system, (sql) =>
      loadIdentity(sql, { sub: `sub-${ownerId}`, email: '' }, defaultPlanId),
    )
    expect(Object.fromEntries(memberships.map((one) => [one.orgId, one.requestsPerMinute]))).toEqual({
      [orgId]: 7,
      [paid]: 600,
      [endless]: null,
      [unpaid]: 300,
    })
  })

  test('are known with the key', async () => {
    const { orgId } = await organization({ requests_per_minute: 7 })
    const { sha256, prefix } = parseApiKey(newApiKey())!
    await owner`insert into api_keys (id, org_id, name, prefix, key_sha256, scopes)
      values (${newId()}, ${orgId}, 'k', ${prefix}, decode(${sha256}, 'hex'), '[]')`
    const key = await database.transaction(system, (sql) => loadKey(sql, sha256, defaultPlanId))
    expect(key?.requestsPerMinute).toBe(7)
  })
})
