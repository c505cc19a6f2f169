import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { newId } from '#shared/domain/ids.ts'
import { keyScopes } from '#shared/domain/tenancy/permissions.ts'
import { type CallOptions, call, startTestProduct, type TestProduct, uploadDocument } from '../setup/product.ts'

/** Two organizations; the first has two workspaces with a project in each. */
interface Tenant {
  person: string
  orgId: string
  workspaces: string[]
  projects: string[]
}

let product: TestProduct
let owner: postgres.Sql
let mine: Tenant
let theirs: Tenant

beforeAll(async () => {
  product = await startTestProduct(inject('clusterUrl'))
  owner = postgres(product.database.ownerUrl, { max: 1, onnotice: () => {} })
  mine = await makeTenant(2)
  theirs = await makeTenant(1)
})
afterAll(async () => {
  await owner.end()
  await product.stop()
})

const send = (method: string, path: string, options: CallOptions) => call(product.url, method, path, options)

async function ok(method: string, path: string, options: CallOptions) {
  const answer = await send(method, path, options)
  expect(answer.status, `${method} ${path}: ${JSON.stringify(answer.body)}`).toBeLessThan(300)
  return answer.body
}

async function makeTenant(workspaceCount: number): Promise<Tenant> {
  const person = await product.signUp()
  const { id: orgId } = await ok('POST', '/v1/organizations', { token: person, body: { name: newId() } })
  while ((await workspacesOf(person)).length < workspaceCount) {
    await ok('POST', '/v1/workspaces', { token: person, body: { name: newId() } })
  }
  const workspaces = (await workspacesOf(person)).reverse()
  const projects: string[] = []
  for (const id of workspaces) {
    const headers = { 'x-workspace-id': id }
    projects.push((await ok('POST', '/v1/projects', { token: person, headers, body: { name: newId() } })).id)
  }
  return { person, orgId, workspaces, projects }
}

const ids = (list: { data: { id: string }[] }) => list.data.map(({ id }) => id)
const workspacesOf = async (token: string) => ids(await ok('GET', '/v1/workspaces', { token }))
const projectsOf = async (token: string, headers = {}) => ids(await ok('GET', '/v1/projects', { token, headers }))

async function mint(draft: object = {}, token = mine.person): Promise<{ id: string; key: string }> {
  const body = { name: newId(), scopes: ['intelligence:read'], ...draft }
  const { api_key, key } = await ok('POST', '/v1/api-keys', { token, body })
  return { id: api_key.id, key }
}

describe('a key of one workspace', () => {
  test('works there and sees nothing of another', async () => {
    const [first, second] = mine.workspaces as [string, string]
    const { key: token } = await mint({ workspace_id: second, scopes: ['intelligence:read', 'intelligence:write'] })
    expect(await workspacesOf(token)).toEqual([second])
    expect(await projectsOf(token)).toEqual([mine.projects[1]])
    expect((await send('GET', `/v1/projects/${mine.projects[0]}`, { token })).status).toBe(404)
    const elsewhere = await send('GET', '/v1/projects', { token, headers: { 'x-workspace-id': first } })
    expect([elsewhere.status, elsewhere.body.error.message]).toEqual([404, 'Workspace not found'])
    const made = await ok('POST', '/v1/projects', { token, body: { name: newId() } })
    expect(made.workspace_id).toBe(second)
  })

  test('cannot have scopes of the whole organization', async () => {
    for (const scope of ['organization:manage', 'audit:read', 'usage:read']) {
      const body = { name: 'n', scopes: [scope], workspace_id: mine.workspaces[0] }
      const answer = await send('POST', '/v1/api-keys', { token: mine.person, body })
      expect([answer.status, answer.body.error.details[0].field]).toEqual([422, 'body.scopes'])
    }
  })

  test('reads of a blocklist only what was found in its workspace', async () => {
    const [first, second] = mine.workspaces as [string, string]
    for (const [workspace, address] of [
      [first, '203.0.113.1'],
      [second, '203.0.113.2'],
    ] as const) {
      const { key: token } = await mint({
        workspace_id: workspace,
        scopes: ['intelligence:read', 'intelligence:write'],
      })
      const content = `The actor APT29 controls hosts by the server 45.33.32.${address.at(-1)} and others.\n`
      const id = await uploadDocument(product.url, token, { fileName: 'r.txt', content })
      const { job_id } = await ok('POST', `/v1/documents/${id}/complete`, { token })
      expect(await ok('GET', `/v1/jobs/${job_id}/events`, { token })).toContain('event: succeeded')
    }
    const draft = { name: 'All', minimum_confidence: 0, types: ['ipv4'] }
    const { blocklist } = await ok('POST', '/v1/blocklists', { token: mine.person, body: draft })
    const read = async (token: string) => ok('GET', `/v1/blocklists/${blocklist.id}/content`, { token })
    const whole = '45.33.32.1\n45.33.32.2\n'
    expect(await read((await mint({ workspace_id: second })).key)).toBe('45.33.32.2\n')
    expect(await read((await mint()).key)).toBe(whole)
    expect(await read(mine.person)).toBe(whole)
  })
})

test('a key of the organization works in every workspace: the one that is named, else the first', async () => {
  const { key: token } = await mint()
  expect((await workspacesOf(token)).sort()).toEqual([...mine.workspaces].sort())
  const [first, second] = mine.workspaces as [string, string]
  expect(await projectsOf(token)).toContain(mine.projects[0])
  expect(await projectsOf(token, { 'x-workspace-id': first })).not.toContain(mine.projects[1])
  expect(await projectsOf(token, { 'x-workspace-id': second })).toContain(mine.projects[1])
})

test('a key sees nothing of another organization, and nothing tells that there is something', async () => {
  const { key: token, id } = await mint({ scopes: keyScopes }, theirs.person)
  expect(await projectsOf(token)).toEqual(theirs.projects)
  const foreign = [
    await send('GET', '/v1/projects', { token, headers: { 'x-org-id': mine.orgId } }),
    await send('GET', '/v1/projects', { token, headers: { 'x-workspace-id': mine.workspaces[0]! } }),
    await send('GET', `/v1/projects/${mine.projects[0]}`, { token }),
    await send('DELETE', `/v1/projects/${mine.projects[0]}`, { token }),
    await send('GET', `/v1/api-keys/${id}`, { token: mine.person }),
    await send('DELETE', `/v1/api-keys/${id}`, { token: mine.person }),
    await send('POST', `/v1/api-keys/${id}/rotate`, { token: mine.person, body: {} }),
  ]
  expect(foreign.map(({ status }) => status)).toEqual(foreign.map(() => 404))
  const nowhere = await send('GET', '/v1/projects', { token, headers: { 'x-org-id': newId() } })
  expect(nowhere.body.error.message).toBe(foreign[0]?.body.error.message)
  await ok('GET', '/v1/projects', { token, headers: { 'x-org-id': theirs.orgId } })
  const body = { name: 'n', scopes: ['intelligence:read'], workspace_id: theirs.workspaces[0] }
  expect((await send('POST', '/v1/api-keys', { token: mine.person, body })).status).toBe(404)
})

describe('someone who may manage keys but not all else', () => {
  let keeper: string

  beforeAll(async () => {
    keeper = await product.signUp()
    // First seen by the product when they first call.
    await send('GET', '/v1/organizations', { token: keeper })
    const [user] = await owner`select id from users order by created_at desc, id desc limit 1`
    const [workspace] = mine.workspaces as [string]
    await owner`insert into memberships (org_id, user_id, role) values (${mine.orgId}, ${user?.id}, 'viewer')`
    await owner`insert into workspace_members (org_id, workspace_id, user_id, role)
      values (${mine.orgId}, ${workspace}, ${user?.id}, 'member')`
    await owner`insert into user_permissions (org_id, user_id, permission)
      values (${mine.orgId}, ${user?.id}, 'keys:manage')`
  })

  const tryMint = async (draft: object) => {
    const body = { name: 'n', scopes: ['intelligence:read'], ...draft }
    const { status, body: answer } = await send('POST', '/v1/api-keys', { token: keeper, body })
    return { status, message: answer.error?.message }
  }

  test('gives keys no more than they have themselves', async () => {
    const [first, second] = mine.workspaces as [string, string]
    expect(await tryMint({ workspace_id: first })).toMatchObject({ status: 201 })
    expect(await tryMint({ workspace_id: first, scopes: ['intelligence:write'] })).toEqual({
      status: 403,
      message: 'You lack the permission intelligence:write, so no key of yours can have it',
    })
    expect(await tryMint({})).toMatchObject({ status: 403, message: expect.stringContaining('every workspace') })
    expect(await tryMint({ workspace_id: second })).toMatchObject({ status: 404 })
  })

  test('gets no stronger key by rotating one', async () => {
    const [first, second] = mine.workspaces as [string, string]
    const rotateAs = async (draft: object) => {
      const { id } = await mint(draft)
      const { status } = await send('POST', `/v1/api-keys/${id}/rotate`, { token: keeper, body: {} })
      const key = await ok('GET', `/v1/api-keys/${id}`, { token: mine.person })
      return { status, replaced: key.replaced_by !== null, expires_at: key.expires_at }
    }
    const refused = { replaced: false, expires_at: null }
    expect(await rotateAs({ scopes: ['organization:manage'] })).toEqual({ status: 403, ...refused })
    expect(await rotateAs({})).toEqual({ status: 403, ...refused })
    expect(await rotateAs({ workspace_id: second })).toEqual({ status: 404, ...refused })
    expect(await rotateAs({ workspace_id: first })).toMatchObject({ status: 201, replaced: true })
  })
})

test('an organization has at most a hundred live keys, also when two ask for the last at once', async () => {
  const { person, orgId } = theirs
  await owner`delete from api_keys where org_id = ${orgId}`
  await owner`insert into api_keys (id, org_id, name, prefix, key_sha256, scopes, expires_at, revoked_at)
    select gen_random_uuid(), ${orgId}, 'k', 'rfa_', sha256((random() || n::text)::bytea), '[]',
      case when n > 110 then now() - interval '1 day' when n % 2 = 0 then now() + interval '1 day' end,
      case when n between 99 and 110 then now() end
    from generate_series(1, 120) n`
  const make = () => send('POST', '/v1/api-keys', { token: person, body: { name: 'n', scopes: ['audit:read'] } })
  const rotate = (id: string, overlap_hours: number) =>
    send('POST', `/v1/api-keys/${id}/rotate`, { token: person, body: { overlap_hours } })
  const { id } = (await make()).body.api_key
  const both = await Promise.all([make(), make()])
  expect(both.map(({ status }) => status).sort()).toEqual([201, 409])
  expect((await rotate(id, 24)).status).toBe(409)
  expect((await rotate(id, 0)).status).toBe(201)
  const [live] = await owner`select count(*)::int as n from api_keys
    where org_id = ${orgId} and revoked_at is null and (expires_at is null or expires_at > now())`
  expect(live).toEqual({ n: 100 })
})
