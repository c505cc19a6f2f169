import { afterAll, beforeAll, expect, inject, test, vi } from 'vitest'
import { workspaceCreated } from '#shared/domain/tenancy/messages.ts'
import { demoCredentials, ensureDemo } from '#shared/embedded/demo.ts'
import { defineEvent, type JobContext } from '#shared/runtime/declarations.ts'
import { call, startTestProduct, type TestProduct } from '../setup/product.ts'

interface Heard {
  orgId: string
  /** Of the envelope, and of the payload. */
  workspaceId: string | null
  payloadId: string
  name: string
  actorId: string | null
}

const heard: Heard[] = []

const note = async ({ sql, principal }: JobContext, { workspace_id }: { workspace_id: string }) => {
  const [row] = await sql<{ name: string }[]>`select name from workspaces where id = ${workspace_id}`
  const { orgId, workspaceId, userId } = principal
  heard.push({ orgId, workspaceId, payloadId: workspace_id, name: row?.name ?? '', actorId: userId })
}

const listener = defineEvent({
  on: workspaceCreated,
  summary: 'Notes what it hears, for this test',
  handler: async () => ({ run: note }),
})

let product: TestProduct

beforeAll(async () => {
  const further = [{ name: 'test-listener', folder: 'test/listener', declaration: listener }]
  product = await startTestProduct(inject('clusterUrl'), {}, undefined, further)
})
afterAll(() => product.stop())

/** Waits for the workspace of this name to be told of, and says in which organization. */
async function hearOf(name: string): Promise<Heard> {
  const found = await vi.waitFor(
    () => {
      const one = heard.find((each) => each.name === name && each.workspaceId === each.payloadId)
      if (!one) throw new Error(`nobody told of ${name}`)
      return one
    },
    { timeout: 60_000 },
  )
  expect(heard.filter(({ payloadId }) => payloadId === found.payloadId)).toHaveLength(1)
  return found
}

test('a new organization tells of its first workspace, and of each further one', { timeout: 150_000 }, async () => {
  const token = await product.signUp()
  const me = (await call(product.url, 'GET', '/v1/users/me', { token })).body
  const organization = (await call(product.url, 'POST', '/v1/organizations', { token, body: { name: 'Acme' } })).body
  const first = await hearOf('General')
  expect(first).toMatchObject({ orgId: organization.id, actorId: me.id })

  const workspace = (await call(product.url, 'POST', '/v1/workspaces', { token, body: { name: 'Second' } })).body
  const twin = await call(product.url, 'POST', '/v1/workspaces', { token, body: { name: 'Second' } })
  expect(twin.status).toBe(409)
  expect(await hearOf('Second')).toEqual({
    orgId: organization.id,
    workspaceId: workspace.id,
    payloadId: workspace.id,
    name: 'Second',
    actorId: me.id,
  })
})

test('the demo’s workspace is told of too, once', { timeout: 150_000 }, async () => {
  heard.length = 0
  const demo = () => ensureDemo(product.services, product.issuer, demoCredentials.password)
  expect([await demo(), await demo()]).toEqual([true, false])
  await hearOf('General')
  expect(heard).toHaveLength(1)
})
