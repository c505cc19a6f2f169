import { join } from 'node:path'
import postgres from 'postgres'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { newId } from '#shared/domain/ids.ts'
import { openKeyRing } from '#shared/platform/identity/keys.ts'
import { forge } from '../contract/world.ts'
import { Random } from '../faults/random.ts'
import { type Answer, call, startTestProduct, type TestProduct } from '../setup/product.ts'
import { createTenants } from '../setup/tenancy.ts'

const tenantCount = 200
const stepsEach = 12
/** Requests under way at the same time, for two connections. */
const atOnce = 64
const seed = 20_260_101

interface Tenant {
  orgId: string
  ownerId: string
  /** In the name and description of everything that is theirs. */
  mark: string
  token: string
  /** Projects that they were told they have, by id: the name. */
  projects: Map<string, string>
  /** Requests of theirs that may or may not have had their effect: nobody waited for the answer. */
  aborted: number
}

let product: TestProduct
let owner: postgres.Sql
let tenants: Tenant[]
/** What is somebody's in an answer: the mark or an id, and whose it is. */
const whose = new Map<string, Tenant>()

beforeAll(async () => {
  product = await startTestProduct(inject('clusterUrl'), { DATABASE_POOL_SIZE: '2' })
  owner = postgres(product.database.ownerUrl, { max: 1, onnotice: () => {} })
  const database = product.database.open(2)
  const { organization } = createTenants(database)
  const sign = await signer()
  tenants = await Promise.all(
    Array.from({ length: tenantCount }, async (_, number) => {
      const mark = `mark-${String(number).padStart(3, '0')}`
      const { orgId, ownerId } = await organization(mark)
      const [user] = await database.transaction(
        { orgId: null, userId: ownerId, workspaceId: null, system: false },
        (sql) => sql<{ auth_sub: string; email: string }[]>`select auth_sub, email from users where id = ${ownerId}`,
      )
      const token = await sign(user!.auth_sub, user!.email)
      const tenant: Tenant = { orgId, ownerId, mark, token, projects: new Map(), aborted: 0 }
      for (const thing of [orgId, ownerId, mark]) whose.set(thing, tenant)
      return tenant
    }),
  )
  const workspaces = await owner<{ id: string; org_id: string }[]>`select id, org_id from workspaces`
  for (const { id, org_id } of workspaces) whose.set(id, tenants.find(({ orgId }) => orgId === org_id)!)
  await database.close()
})
afterAll(async () => {
  await owner.end()
  await product.stop()
})

/** Signs access tokens as the product's issuer does: two hundred sign-ups would take their time over passwords. */
async function signer(): Promise<(sub: string, email: string) => Promise<string>> {
  const folder = join(product.dataFolder, 'keys')
  const options = {
    folder,
    name: 'access-tokens',
    algorithm: 'ES256',
    retainSeconds: 60,
    now: () => new Date(),
  } as const
  const { key, kid } = (await openKeyRing(options)).current()
  const now = Math.floor(Date.now() / 1000)
  const { PUBLIC_URL } = product.services.config
  const claims = {
    iss: `${PUBLIC_URL}/auth/v1`,
    aud: 'authenticated',
    role: 'authenticated',
    aal: 'aal1',
    iat: now,
    exp: now + 3600,
  }
  return (sub, email) => forge({ ...claims, sub, email }, 'ES256', key, kid)
}

const anything = /mark-\d{3}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g

/** Expects an answer to name nothing of anybody else's. */
function expectOwn(tenant: Tenant, answer: Answer, what: string): void {
  for (const found of new Set(JSON.stringify(answer.body).match(anything) ?? [])) {
    const holder = whose.get(found)
    if (holder !== undefined && holder !== tenant) {
      throw new Error(`${what} of ${tenant.mark} shows ${found} of ${holder.mark}: ${JSON.stringify(answer.body)}`)
    }
  }
}

const ask = async (tenant: Tenant, method: string, path: string, body?: unknown): Promise<Answer> => {
  const answer = await call(product.url, method, path, { token: tenant.token, ...(body === undefined ? {} : { body }) })
  expectOwn(tenant, answer, `${method} ${path}`)
  return answer
}

/** Things that a tenant does; each knows what it must be answered. */
const steps: Record<string, (tenant: Tenant, random: Random) => Promise<void>> = {
  async 'make a project'(tenant) {
    const name = `${tenant.mark} ${newId()}`
    const { status, body } = await ask(tenant, 'POST', '/v1/projects', { name, description: tenant.mark })
    expect(status, JSON.stringify(body)).toBe(201)
    whose.set(body.id, tenant)
    tenant.projects.set(body.id, name)
  },
  async 'list the projects'(tenant) {
    const { body } = await ask(tenant, 'GET', '/v1/projects?page[size]=100')
    const ids = body.data.map(({ id }: { id: string }) => id)
    expect(ids).toEqual(expect.arrayContaining([...tenant.projects.keys()]))
    expect(ids.length - tenant.projects.size).toBeLessThanOrEqual(tenant.aborted)
  },
  async 'change a project, and fail in its transaction'(tenant, random) {
    const [[first, name] = [], [second] = []] = random.shuffle([...tenant.projects])
    if (first === undefined || second === undefined) return
    // The name is taken: the statement fails, and with it the transaction.
    expect((await ask(tenant, 'PATCH', `/v1/projects/${second}`, { name })).status).toBe(409)
    const { status, body } = await ask(tenant, 'PATCH', `/v1/projects/${second}`, {
      description: `${tenant.mark} again`,
    })
    expect([status, body.id]).toEqual([200, second])
  },
  async "touch another's project"(tenant, random) {
    const other = random.pick(tenants)
    const [id] = random.shuffle([...other.projects.keys()])
    if (id === undefined || other === tenant) return
    const attempts = [
      ask(tenant, 'GET', `/v1/projects/${id}`),
      ask(tenant, 'PATCH', `/v1/projects/${id}`, { name: `${tenant.mark} was here` }),
      ask(tenant, 'DELETE', `/v1/projects/${id}`),
    ]
    expect((await Promise.all(attempts)).map(({ status }) => status)).toEqual([404, 404, 404])
  },
  async 'delete a project'(tenant, random) {
    const [id] = random.shuffle([...tenant.projects.keys()])
    if (id === undefined) return
    tenant.projects.delete(id)
    expect((await ask(tenant, 'DELETE', `/v1/projects/${id}`)).status).toBe(204)
  },
  async 'make a blocklist'(tenant) {
    const { status, body } = await ask(tenant, 'POST', '/v1/blocklists', { name: tenant.mark })
    expect(status).toBe(201)
    whose.set(body.blocklist.id, tenant)
  },
  async 'read the audit log'(tenant) {
    const { status, body } = await ask(tenant, 'GET', '/v1/audit-logs?page[size]=100')
    expect(status).toBe(200)
    for (const entry of body.data) expect(entry.actor_id).toBe(tenant.ownerId)
  },
  async 'read members, organization and oneself'(tenant) {
    const paths = [
      '/v1/members',
      `/v1/organizations/${tenant.orgId}`,
      '/v1/users/me',
      '/v1/organizations',
      '/v1/workspaces',
    ]
    const answers = await Promise.all(paths.map((path) => ask(tenant, 'GET', path)))
    expect(answers.map(({ status }) => status)).toEqual(paths.map(() => 200))
    expect(answers[0]!.body.data.map(({ id }: { id: string }) => id)).toEqual([tenant.ownerId])
  },
  async 'go away in the middle'(tenant, random) {
    tenant.aborted++
    const abort = new AbortController()
    setTimeout(() => abort.abort(), random.integer(0, 6))
    const request = fetch(`${product.url}/v1/projects`, {
      method: 'POST',
      headers: { authorization: `Bearer ${tenant.token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ name: `${tenant.mark} ${newId()}`, description: tenant.mark }),
      signal: abort.signal,
    })
    await request.catch(() => {})
  },
}

test('two hundred organizations at once on two connections: each sees its own rows, and each row is where it belongs', async () => {
  const random = new Random(seed)
  const names = Object.keys(steps)
  const plan = random.shuffle(
    tenants.flatMap((tenant) =>
      Array.from({ length: stepsEach }, (_, at) => ({
        tenant,
        step: at < 2 ? 'make a project' : random.pick(names),
        random: new Random(random.integer(0, 2 ** 31)),
      })),
    ),
  )
  // A tenant does one thing after the other, so that each knows what it has; the tenants do theirs at once.
  const last = new Map<Tenant, Promise<void>>()
  const underWay = new Set<Promise<void>>()
  for (const { tenant, step, random: own } of plan) {
    const done = (last.get(tenant) ?? Promise.resolve()).then(() => steps[step]!(tenant, own))
    last.set(tenant, done)
    underWay.add(done)
    done.then(
      () => underWay.delete(done),
      () => {},
    )
    if (underWay.size >= atOnce) await Promise.race(underWay)
  }
  await Promise.all(last.values())
  await product.services.usage.flush()

  await expectRowsAtHome()
}, 60_000)

async function expectRowsAtHome(): Promise<void> {
  const byOrg = new Map(tenants.map((tenant) => [tenant.orgId, tenant]))
  const projects = await owner<{ id: string; org_id: string; name: string; description: string; created_by: string }[]>`
    select p.id, p.org_id, p.name, p.description, p.created_by from projects p
    join workspaces w on w.id = p.workspace_id and w.org_id = p.org_id`
  const [total] = await owner`select count(*)::int as count from projects`
  expect(projects.length, 'each project is in a workspace of its own organization').toBe(total?.count)
  for (const { org_id, name, description, created_by } of projects) {
    const tenant = byOrg.get(org_id)!
    expect([name.slice(0, 8), description.slice(0, 8), created_by]).toEqual([tenant.mark, tenant.mark, tenant.ownerId])
  }
  for (const tenant of tenants) {
    const theirs = projects.filter(({ org_id }) => org_id === tenant.orgId)
    expect(theirs.map(({ id }) => id)).toEqual(expect.arrayContaining([...tenant.projects.keys()]))
    expect(theirs.length - tenant.projects.size).toBeLessThanOrEqual(tenant.aborted)
  }
  const strays = await owner`
    select 'audit' as kind, org_id, actor_id from audit_logs a
    where not exists (select from memberships m where m.org_id = a.org_id and m.user_id::text = a.actor_id)
    union all
    select 'usage', org_id, user_id::text from api_usage_logs u
    where not exists (select from memberships m where m.org_id = u.org_id and m.user_id = u.user_id)
    union all
    select 'blocklist', org_id, name from blocklists b
    where not exists (select from organizations o where o.id = b.org_id and o.name = b.name)`
  expect(strays).toEqual([])
  // Each change is in the log once, and each in the log was made: also those whose caller had gone.
  const [made] = await owner`select count(*)::int as count from audit_logs where action = 'project.created'`
  const [deleted] = await owner`select count(*)::int as count from audit_logs where action = 'project.deleted'`
  expect(made?.count - deleted?.count).toBe(projects.length)
}
