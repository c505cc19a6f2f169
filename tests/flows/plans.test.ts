import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { newId } from '#shared/domain/ids.ts'
import { signUpOperator } from '../setup/operator.ts'
import { type Person, peopleOf } from '../setup/people.ts'
import { call, startTestProduct, type TestProduct } from '../setup/product.ts'

let product: TestProduct
let people: ReturnType<typeof peopleOf>
let operator: string
/** What is sold as the free plan. */
let free: { limits: Record<string, number> }

beforeAll(async () => {
  product = await startTestProduct(inject('clusterUrl'), { DEFAULT_PLAN: 'free' })
  // Nothing goes on by itself.
  await product.cloud.stop()
  people = peopleOf(product)
  operator = await signUpOperator(product)
  const { body } = await call(product.url, 'GET', '/v1/billing/plans')
  free = body.data.find(({ id }: { id: string }) => id === 'free')
})
afterAll(async () => {
  await product.stop()
})

const agree = (orgId: string, overrides: Record<string, number | null>, more = {}) =>
  call(product.url, 'PUT', `/v1/operator/organizations/${orgId}/entitlements`, {
    token: operator,
    body: { plan_id: 'free', seats: 3, until: null, overrides, ...more },
  })
const report = { file_name: 'a.txt', content_type: 'text/plain', size_bytes: 1, project_id: null }
const run = { playbook: 'coverage-gaps', input: {} }

describe('an organization that pays nothing', () => {
  test('has the free plan, sees what of it is used, and is told the way up at its end', async () => {
    const { person, orgId } = await people.newOrganization()
    const agreed = { documents: 1, runs: 1, model_budget_microdollars: 5_000_000 }
    expect((await agree(orgId, agreed)).status).toBe(200)
    await people.done(person, 'POST', '/v1/documents', report)
    await people.done(person, 'POST', '/v1/invitations', { email: `${newId()}@example.org`, role: 'viewer' })
    expect(await people.done(person, 'GET', '/v1/billing/entitlements')).toMatchObject({
      plan_id: 'free',
      seats: 3,
      limits: { ...free.limits, ...agreed, seats: 3 },
      used: { seats: 2, documents: 1, runs: 0, indicators: 0 },
    })
    const answer = await people.request(person, 'POST', '/v1/documents', { body: report })
    expect(answer.status).toBe(402)
    expect(answer.body.error).toMatchObject({
      code: 'BUDGET_EXCEEDED',
      message: expect.stringContaining('GET /v1/billing/plans'),
      details: [{ field: 'documents' }],
    })
    const { id } = await people.done(person, 'POST', '/v1/agent-runs', run)
    await people.refused(person, 'BUDGET_EXCEEDED', 'POST', '/v1/agent-runs', run)
    await people.done(person, 'POST', `/v1/agent-runs/${id}/cancel`)
    await people.refused(person, 'BUDGET_EXCEEDED', 'POST', `/v1/agent-runs/${id}/retry`)
    const budget = await people.done(person, 'GET', '/v1/costs/budget')
    expect(budget).toMatchObject({ limit_microdollars: 5_000_000, plan_limit_microdollars: 5_000_000 })
    const tooMuch = { limit_microdollars: 5_000_001 }
    await people.refused(person, 'BUDGET_EXCEEDED', 'PUT', '/v1/costs/budget', tooMuch)
  })

  test('lets in as many as it has seats', async () => {
    const { person, orgId } = await people.newOrganization()
    await agree(orgId, {})
    await people.join(person, 'editor')
    await people.join(person, 'viewer')
    const invitation = { email: `${newId()}@example.org`, role: 'viewer' }
    const { details } = await people.refused(person, 'BUDGET_EXCEEDED', 'POST', '/v1/invitations', invitation)
    expect(details).toMatchObject([{ field: 'seats' }])
  })

  test('answers its people and keys as often as the plan says, and others of theirs as before', async () => {
    const person = await people.signUp()
    const headers = { 'x-org-id': await ownOrganization(person) }
    const { key } = await people.done(
      person,
      'POST',
      '/v1/api-keys',
      { name: 'k', scopes: ['intelligence:read'] },
      headers,
    )
    // What is known of them is believed for five seconds: from here on they are new to everybody.
    await agree(headers['x-org-id'], { requests_per_minute: 4 })
    const startedAt = performance.now()
    const asKey = () => call(product.url, 'GET', '/v1/projects', { token: key })
    const answers = await Promise.all(Array.from({ length: 20 }, asKey))
    const refused = answers.filter(({ status }) => status === 429)
    const refilled = Math.ceil(((performance.now() - startedAt) / 60_000) * 4)
    expect(answers.length - refused.length).toBeLessThanOrEqual(4 + refilled)
    expect(refused[0]!.body.error.message).toContain('your plan allows 4 in a minute')
    for (const { headers: answered } of answers) expect(answered.get('x-ratelimit-limit')).toBe('4')
    const other = await people.newOrganization()
    const elsewhere = await people.request(other.person, 'GET', '/v1/projects')
    expect(elsewhere.headers.get('x-ratelimit-limit')).toBe(String(free.limits.requests_per_minute))
    const outside = await people.request(other.person, 'GET', '/v1/users/me')
    expect(outside.headers.get('x-ratelimit-limit')).toBe('1000000')
  })

  async function ownOrganization(person: Person): Promise<string> {
    return (await people.done(person, 'POST', '/v1/organizations', { name: newId() })).id
  }
})

describe('a contract', () => {
  test('holds from when an operator sets it until its end, and is in the log of the organization', async () => {
    const { person, orgId } = await people.newOrganization()
    const until = new Date(Date.now() + 3_600_000).toISOString()
    const given = await agree(orgId, { documents: null }, { plan_id: 'enterprise', seats: 40, until })
    expect(given.body).toMatchObject({ plan_id: 'enterprise', seats: 40, until, limits: { documents: null } })
    expect(await people.done(person, 'GET', '/v1/billing/entitlements')).toMatchObject({ plan_id: 'enterprise', until })
    await agree(orgId, {}, { plan_id: 'enterprise', until: new Date(Date.now() - 1).toISOString() })
    const over = await people.done(person, 'GET', '/v1/billing/entitlements')
    expect(over).toMatchObject({ plan_id: 'free', is_default: true, until: null, seats: free.limits.seats })
    const { data } = await people.done(person, 'GET', '/v1/audit-logs?action=entitlement.set')
    expect(data).toHaveLength(2)
    expect(data[1].details).toMatchObject({ plan_id: 'enterprise', seats: 40, until })
  })

  test('is with an organization that there is, of a plan that there is', async () => {
    const { orgId } = await people.newOrganization()
    expect((await agree(newId(), {})).status).toBe(404)
    expect((await agree(orgId, {}, { plan_id: 'nonsense' })).status).toBe(422)
    expect((await agree(orgId, { nonsense: 1 })).status).toBe(422)
    expect((await agree(orgId, { documents: -1 })).status).toBe(422)
  })
})

test('whoever asks sees the plans that are sold', async () => {
  const { body, status } = await call(product.url, 'GET', '/v1/billing/plans')
  expect(status).toBe(200)
  expect(body.data.map(({ id }: { id: string }) => id)).toEqual(['free', 'team', 'business'])
})
