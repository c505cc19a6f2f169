import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { newId } from '#shared/domain/ids.ts'
import { progressJob, startJob } from '#shared/domain/jobs/jobs.ts'
import { serviceScope } from '#shared/runtime/contexts.ts'
import { type Instance, startInstance } from '../setup/instance.ts'
import { call, startTestProduct, type TestProduct } from '../setup/product.ts'

let product: TestProduct
let instance: Instance
let passedMilliseconds = 0

beforeAll(async () => {
  product = await startTestProduct(inject('clusterUrl'))
  const now = () => new Date(Date.now() + passedMilliseconds)
  instance = await startInstance({ ...product.services, now }, product.functions)
})
afterAll(async () => {
  await instance.stop()
  await product.stop()
})

/** What a stream has said so far, and whether it was cut off in the end. */
async function watch(path: string, token: string) {
  const response = await fetch(instance.url + path, { headers: { authorization: `Bearer ${token}` } })
  expect(response.status).toBe(200)
  const seen = { text: '', cutOff: false }
  const ended = (async () => {
    try {
      for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) seen.text += chunk
    } catch {
      seen.cutOff = true
    }
  })()
  await expect.poll(() => seen.text).toContain('event: queued')
  return { seen, ended }
}

test('a stream shows nothing more to a key that was revoked, nor to a member who was suspended, five seconds ago', async () => {
  const [owner, viewer] = [await product.signUp(), await product.signUp()]
  const { body: organization } = await call(product.url, 'POST', '/v1/organizations', {
    token: owner,
    body: { name: newId() },
  })
  const orgId = organization.id
  const { body: me } = await call(product.url, 'GET', '/v1/users/me', { token: viewer })
  const userId = me.id
  const inOrganization = <Result>(work: Parameters<typeof product.services.database.transaction<Result>>[1]) =>
    product.services.database.transaction(serviceScope(orgId, null), work)
  await inOrganization(
    (sql) => sql`insert into memberships (org_id, user_id, role) values (${orgId}, ${userId}, 'viewer')`,
  )
  const draft = { name: 'SIEM', scopes: ['intelligence:read'] }
  const keys = [1, 2].map(
    async () => (await call(product.url, 'POST', '/v1/api-keys', { token: owner, body: draft })).body,
  )
  const [revoked, kept] = await Promise.all(keys)
  const jobId = newId()
  const job = {
    id: jobId,
    orgId,
    workspaceId: null,
    kind: 'test',
    total: 2,
    message: '',
    subjectId: newId(),
    createdBy: null,
  }
  await inOrganization((sql) => startJob(sql, job))

  const path = `/v1/jobs/${jobId}/events`
  const [byRevoked, byKept, bySuspended] = [
    await watch(path, revoked.key),
    await watch(path, kept.key),
    await watch(path, viewer),
  ]
  const done = await call(product.url, 'DELETE', `/v1/api-keys/${revoked.api_key.id}`, { token: owner })
  expect(done.status).toBe(204)
  await inOrganization((sql) => sql`update memberships set disabled_at = now() where user_id = ${userId}`)
  passedMilliseconds += 5_000
  await inOrganization((sql) => progressJob(sql, jobId, { done: 1, message: 'half' }))

  await Promise.all([byRevoked.ended, bySuspended.ended])
  for (const { seen } of [byRevoked, bySuspended]) {
    expect(seen.cutOff).toBe(true)
    expect(seen.text).not.toContain('half')
  }
  await expect.poll(() => byKept.seen.text).toContain('half')
  expect(byKept.seen.cutOff).toBe(false)
})
