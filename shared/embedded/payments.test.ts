import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { isGstin } from '#shared/domain/billing/tax/gstin.ts'
import { createTestDatabase } from '#shared/platform/database/test-cluster.ts'
import { silentLogger } from '#shared/runtime/log.ts'
import { openEmbeddedPayments } from './payments.ts'

let database: Awaited<ReturnType<typeof createTestDatabase>>
beforeAll(async () => {
  database = await createTestDatabase(inject('clusterUrl'))
})
afterAll(() => database.drop())

async function open(settings: Record<string, string> = {}) {
  const opened = await openEmbeddedPayments({
    settings,
    cloudDatabaseUrl: database.url,
    url: 'http://127.0.0.1:8787',
    secretOf: async (name) => `secret-of-this-installation-for-${name}`,
    now: () => new Date(),
    backoffScale: 1,
    log: silentLogger,
  })
  await opened.gateway?.stop()
  return { hasGateway: opened.gateway !== null, settings: opened.settings }
}

describe('payments on one machine', () => {
  it('go through a gateway under keys of this installation, the same at every start', async () => {
    const first = await open()
    expect(first).toEqual(await open())
    expect(first.hasGateway).toBe(true)
    expect(first.settings).toMatchObject({
      RAZORPAY_KEY_ID: expect.stringMatching(/^rzp_test_\w+$/),
      RAZORPAY_KEY_SECRET: 'secret-of-this-installation-for-razorpay',
      RAZORPAY_WEBHOOK_SECRET: 'secret-of-this-installation-for-razorpay-webhooks',
      RAZORPAY_BASE_URL: 'http://127.0.0.1:8787/razorpay',
    })
    expect(first.settings.RAZORPAY_KEY_ID).not.toContain('secret')
  })

  it('go through the real gateway where its key is set, and nowhere in production without one', async () => {
    for (const settings of [{ RAZORPAY_KEY_ID: 'rzp_test_ours' }, { APP_ENV: 'production' }]) {
      expect(await open(settings)).toEqual({ hasGateway: false, settings: {} })
    }
  })

  it('have a seller for invoices, unless there is one', async () => {
    const { settings } = await open()
    expect(isGstin(settings.SELLER_GSTIN ?? '')).toBe(true)
    expect(settings.SELLER_STATE_CODE).toBe(settings.SELLER_GSTIN?.slice(0, 2))
    expect((await open({ SELLER_NAME: 'Ours' })).settings.SELLER_GSTIN).toBeUndefined()
  })
})
