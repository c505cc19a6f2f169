import { randomBytes } from 'node:crypto'
import postgres from 'postgres'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { newId } from '#shared/domain/ids.ts'
import type { RouteExample } from '#shared/runtime/examples.ts'
import { sendExample } from '../contract/send.ts'
import { addOrganization, createWorld, type World } from '../contract/world.ts'
import { fingerprintOf } from '../setup/full-tenant.ts'
import { type Answer, type CallOptions, call } from '../setup/product.ts'
import { findIdPlaces, type IdPlace } from './id-places.ts'
import { inspect } from './inspect.ts'
import { recordStatements } from './recorded-statements.ts'
import { isOfOrganization, namesOfAll, routes, type SweptRoute } from './routes.ts'

const places = await findIdPlaces()

/** Whose rows shall stay their own. */
let victim: World
/** Who tries, with everything that can be had in an organization. */
let attacker: World
let owner: postgres.Sql
let statements: ReturnType<typeof recordStatements>
/** The victim's own valid request to each route. */
const theirs = new Map<string, RouteExample>()
/** What the victim has, by what a field that names it is called. */
let ids: Record<string, string>
let before: Record<string, string>

beforeAll(async () => {
  victim = await createWorld(inject('clusterUrl'))
  const { product } = victim
  attacker = await addOrganization(product)
  owner = postgres(product.database.ownerUrl, { max: 1, onnotice: () => {} })
  for (const { name, example } of routes) theirs.set(name, await example(victim))
  ids = await idsOf(victim)
  before = await printOf(victim)
  statements = recordStatements(product.services)
  // Time stands still, so that whom the product remembers it goes on remembering.
  const now = new Date()
  product.services.now = () => now
  await call(product.url, 'GET', '/v1/users/me', { token: attacker.tokens.owner })
  await call(product.url, 'GET', '/v1/users/me', { token: attacker.tokens.operator })
})
afterAll(async () => {
  statements.stop()
  await owner.end()
  await attacker.stop()
  await victim.stop()
})

async function idsOf(world: World): Promise<Record<string, string>> {
  const { tokens, orgId, workspaceId, ownerId } = world
  const read = (path: string) => call(world.product.url, 'GET', path, { token: tokens.owner })
  const entities = await read('/v1/actors')
  const audit = await read('/v1/audit-logs')
  const evidence = await world.readEvidence()
  const example = (name: string) => Object.values(theirs.get(name)?.params ?? {}).at(-1) ?? ''
  const checkout = theirs.get('billing-verify-payment')?.body as Record<`razorpay_${'payment' | 'order'}_id`, string>
  return {
    organization_id: orgId,
    org_id: orgId,
    workspace_id: workspaceId,
    workspace_ids: workspaceId,
    user_id: ownerId,
    actor_id: ownerId,
    caller: `user:${ownerId}`,
    project_id: world.projectId,
    document_id: world.documentId,
    indicator_id: world.indicatorId,
    source_id: world.indicatorId,
    subject_id: world.indicatorId,
    evidence_id: evidence.id,
    evidence_ids: evidence.id,
    entity_id: entities.body.data[0].id,
    target_id: world.projectId,
    request_id: audit.body.data[0].request_id,
    factor_id: example('auth-remove-factor'),
    run_id: example('agent-runs-read'),
    razorpay_payment_id: checkout.razorpay_payment_id,
    razorpay_order_id: checkout.razorpay_order_id,
  }
}

async function printOf({ orgId }: World): Promise<Record<string, string>> {
  const [users] = await owner`
    select md5(string_agg(u::text, e'\n' order by u.id)) as print from users u
    where id in (select user_id from memberships where org_id = ${orgId})`
  return { ...(await fingerprintOf(owner, orgId)), users: users?.print }
}

/** Takes an id of the victim's, and returns it or one like it that names nothing. */
type Choose = (id: string) => string
type HeadersOf = Record<string, string>

/** A copy of a request with another id at a place. */
function withId(example: RouteExample, { in: where, path, isList }: IdPlace, id: string): RouteExample {
  const [name = ''] = path
  if (where === 'path') return { ...example, params: { ...example.params, [name]: id } }
  if (where === 'query') return { ...example, query: { ...example.query, [name]: id } }
  const body = structuredClone(example.body ?? {}) as Record<string, unknown>
  let object = body
  for (const step of path.slice(0, -1)) {
    object[step] ??= {}
    object = object[step] as Record<string, unknown>
  }
  object[path.at(-1)!] = isList ? [id] : id
  return { ...example, body }
}

/** Everything by which a caller could tell two answers apart, except what differs between any two. */
function visible(answer: Answer, requestId: string, named: readonly string[]) {
  const own = (text: string) =>
    named
      .reduce((rest, id) => rest.replaceAll(id, '<named>'), text)
      .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/gi, '<id>')
      .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<time>')
  const isError = answer.status >= 400
  const differs = /^(x-request-id|date|x-ratelimit-.*|keep-alive|connection|transfer-encoding)$/
  const perAnswer = /^(etag|content-length|location)$/
  const headers = [...answer.headers].filter(([name]) => !differs.test(name) && (isError || !perAnswer.test(name)))
  const text = JSON.stringify(answer.body ?? null)
  return {
    status: answer.status,
    headers: Object.fromEntries(headers),
    // Of a success only what it names: there its rows, their numbers and secrets are the caller's own.
    body: isError ? own(text) : shapeOf(answer.body),
    statements: statements.of(requestId),
  }
}

/** Names and kinds of an answer's fields. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shapeOf)
  if (typeof value !== 'object' || value === null) return typeof value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, shapeOf(inner)]))
}

async function ask({ name, route }: SweptRoute, example: RouteExample, named: string[], options: CallOptions = {}) {
  const requestId = newId()
  const headers = { ...options.headers, 'x-request-id': requestId }
  const answer = await sendExample(attacker, route, example, { ...options, headers })
  inspect(name, answer)
  return { answer, seen: visible(answer, requestId, [...named, requestId]) }
}

/** Asks for the victim's and for what exists nowhere, and expects to see the same. */
async function expectSame(
  swept: SweptRoute,
  what: string,
  make: (example: RouteExample, choose: Choose) => { example: RouteExample; options?: CallOptions },
): Promise<Answer> {
  const nowhere: Choose = (id) => {
    const [, kind = ''] = /^(user:|pay_|order_)/.exec(id) ?? []
    return kind.endsWith('_') ? kind + randomBytes(7).toString('hex') : kind + newId()
  }
  const attempt = async (choose: Choose) => {
    const named: string[] = []
    const { example, options } = make(await swept.example(attacker), (id) => {
      const chosen = choose(id)
      named.push(chosen, chosen.replace('user:', ''))
      return chosen
    })
    return ask(swept, example, named, options)
  }
  const foreign = await attempt((id) => id)
  const missing = await attempt(nowhere)
  if (foreign.answer.status === 404) expect(foreign.seen.statements, swept.name).not.toEqual([])
  expect(foreign.seen, `${swept.name}: ${what}`).toEqual(missing.seen)
  const secrets = Object.values(ids).filter((id) => !id.startsWith('user:'))
  if (foreign.answer.status < 300) {
    const { request_id: _, ...echoed } = foreign.answer.body ?? {}
    for (const id of secrets) expect(JSON.stringify(echoed), `${swept.name}: ${what}`).not.toContain(id)
  }
  return foreign.answer
}

for (const swept of routes) {
  const { name, route } = swept
  const own = (places.get(name) ?? []).filter((place) => place.in !== 'path')
  const params = (places.get(name) ?? []).filter((place) => place.in === 'path')

  if (params.length > 0 && route.access !== 'operator' && !namesOfAll.includes(name)) {
    test.concurrent(`${name}: another organization's id in the path is an id of nothing`, async () => {
      const { params: foreign = {} } = theirs.get(name)!
      for (const place of params) {
        const id = foreign[place.path[0]!]!
        const answer = await expectSame(swept, `${place.path}`, (example, choose) => ({
          example: withId(example, place, choose(id)),
        }))
        expect(answer.status, name).toBe(404)
      }
      // The whole of a request that would be right for its owner, also as one that knows what it would change.
      for (const headers of [{}, { 'if-match': '*' }, { 'if-none-match': '*' }]) {
        const answer = await expectSame(swept, `the victim's request with ${Object.keys(headers)}`, (mine, choose) => ({
          example: {
            ...theirs.get(name)!,
            ...(mine.token ? { token: mine.token } : {}),
            params: Object.fromEntries(Object.entries(foreign).map(([key, id]) => [key, choose(id)])),
          },
          options: { headers },
        }))
        // 412 where If-Match isn't honoured at all, of whatever it is.
        expect('if-match' in headers ? [404, 412] : [404], name).toContain(answer.status)
      }
    })
  }

  // Operators name any organization.
  if (own.length > 0 && route.access !== 'operator') {
    test.concurrent(`${name}: another organization's id in the body or query is an id of nothing`, async () => {
      for (const place of own) {
        const id = ids[place.path.at(-1)!]
        if (id === undefined) throw new Error(`say in this test what of the victim's "${place.path}" names`)
        await expectSame(swept, `${place.in}.${place.path.join('.')}`, (example, choose) => ({
          example: withId(example, place, choose(id)),
        }))
      }
    })
  }

  if (isOfOrganization(route)) {
    test.concurrent(`${name}: another organization, or a workspace of it, can't be worked in`, async () => {
      const org = (choose: Choose) => ({ 'x-org-id': choose(victim.orgId) })
      const workspace = (choose: Choose) => ({ 'x-workspace-id': choose(victim.workspaceId) })
      const ways: Record<string, (choose: Choose) => { query?: Record<string, string>; headers?: HeadersOf }> = {
        'X-Org-Id': (choose) => ({ headers: org(choose) }),
        'X-Workspace-Id': (choose) => ({ headers: workspace(choose) }),
        workspace_id: (choose) => ({ query: { workspace_id: choose(victim.workspaceId) } }),
        'both headers, as the victim would': (choose) => ({ headers: { ...org(choose), ...workspace(choose) } }),
        'a workspace under the own organization': (choose) => ({
          headers: { 'x-org-id': attacker.orgId, ...workspace(choose) },
        }),
      }
      for (const [what, way] of Object.entries(ways)) {
        const answer = await expectSame(swept, what, (example, choose) => {
          const { query = {}, headers = {} } = way(choose)
          return { example: { ...example, query: { ...example.query, ...query } }, options: { headers } }
        })
        expect(answer.status, name).toBe(404)
      }
    })
  }
}

test('blocklists-serve: a guess at a URL tells nothing of the organization that it names', async () => {
  const swept = routes.find(({ name }) => name === 'blocklists-serve')!
  const guess = (orgId: string) => {
    const organization = Buffer.from(orgId.replaceAll('-', ''), 'hex').toString('base64url')
    return { params: { token: `rfb_${organization}_${randomBytes(32).toString('base64url')}` }, status: 404 }
  }
  const [foreign, missing] = await Promise.all([victim.orgId, newId()].map((id) => ask(swept, guess(id), [])))
  expect(foreign!.seen).toEqual(missing!.seen)
  expect(foreign!.answer.status).toBe(404)
})

test('after all that, nothing of the victim has changed', async () => {
  expect(await printOf(victim)).toEqual(before)
  const { token = '' } = theirs.get('auth-remove-factor')!
  expect(await victim.product.services.identity.listFactors(token)).toHaveLength(1)
})
