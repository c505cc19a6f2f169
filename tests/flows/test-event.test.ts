import { afterAll, beforeAll, expect, inject, test, vi } from 'vitest'
import { call, startTestProduct, type TestProduct } from '../setup/product.ts'

let product: TestProduct

beforeAll(async () => {
  product = await startTestProduct(inject('clusterUrl'))
})
afterAll(() => product.stop())

test('a test event goes the way of all messages, and its job tells how long that took', {
  timeout: 90_000,
}, async () => {
  const [token, stranger] = [await product.signUp(), await product.signUp()]
  for (const one of [token, stranger]) {
    await call(product.url, 'POST', '/v1/organizations', { token: one, body: { name: 'Example' } })
  }
  const key = crypto.randomUUID()
  const send = () => call(product.url, 'POST', '/v1/test-events', { token, headers: { 'idempotency-key': key } })
  const [sent, repeated] = [await send(), await send()]
  expect(sent).toMatchObject({ status: 202, body: { kind: 'operations.test-event' } })
  expect(repeated.body.id).toBe(sent.body.id)

  const path = `/v1/jobs/${sent.body.id}`
  const job = await vi.waitFor(
    async () => {
      const { body } = await call(product.url, 'GET', path, { token })
      expect(body.status).toBe('succeeded')
      return body
    },
    { timeout: 60_000, interval: 100 },
  )
  expect(job.result).toEqual({ milliseconds: expect.any(Number) })
  expect((await call(product.url, 'GET', path, { token: stranger })).status).toBe(404)
  const { body: log } = await call(product.url, 'GET', '/v1/audit-logs', { token })
  expect(log.data.filter(({ action }: { action: string }) => action === 'test_event.sent')).toHaveLength(1)
})
