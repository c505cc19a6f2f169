import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { GatewayEvent, PaymentGateway } from '#shared/domain/billing/gateway.ts'
import { readWebhook } from '#shared/domain/billing/wire.ts'
import { createTestDatabase } from '#shared/platform/database/test-cluster.ts'
import { signBody } from '#shared/platform/payments/local/signatures.ts'
import type { SignedEvent } from '#shared/platform/payments/local/store.ts'
import { createLocalGateway, type LocalGateway, localGatewayPath } from '#shared/platform/payments/local-gateway.ts'
import { createRazorpayGateway } from '#shared/platform/payments/razorpay.ts'

export interface TestGatewayOptions {
  /** Where webhooks are delivered by themselves, `${product.url}/v1/webhooks/razorpay`; nowhere when absent. */
  webhookUrl?: string
  webhookSecret?: string
  /** When it starts; else now. Time passes only by `advance`. */
  at?: Date
}

/** An event with what a receiver has to check it by, and what it says. */
export interface RecordedEvent extends SignedEvent {
  event: GatewayEvent
}

export interface TestGateway {
  /** Origin; its API is at this and `/razorpay`. */
  url: string
  keyId: string
  keySecret: string
  webhookSecret: string
  /** The driver, asking this gateway; failed requests are repeated at once. */
  payments: PaymentGateway
  /** What can be made to happen: pay, refund, charge, dispute, settle, fail… */
  controls: LocalGateway
  now(): Date
  advance(seconds: number): void
  /** All that it told so far, in the order in which things happened; deliver them in any. */
  events(): Promise<RecordedEvent[]>
  /** Those since the last time. */
  newEvents(): Promise<RecordedEvent[]>
  /** Signs any body as its webhooks are signed. */
  sign(rawBody: string, secret?: string): string
  stop(): Promise<void>
}

/** The local gateway on a free port, with a database and a clock of its own. */
export async function startTestGateway(clusterUrl: string, options: TestGatewayOptions = {}): Promise<TestGateway> {
  const { webhookSecret = 'webhook-secret-of-the-tests', webhookUrl = null } = options
  const keyId = 'rzp_test_ofTheTests'
  const keySecret = 'key-secret-of-the-tests'
  const database = await createTestDatabase(clusterUrl)
  let now = options.at ?? new Date(Math.floor(Date.now() / 1000) * 1000)
  let seen = 0

  let controls: LocalGateway
  const server = createServer((request, response) => void controls.handle(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  controls = await createLocalGateway({
    databaseUrl: database.url,
    publicUrl: url,
    keyId,
    keySecret,
    webhookSecret,
    webhookUrl,
    now: () => now,
    backoffScale: 0.01,
    answerSeconds: 60,
    lookSeconds: webhookUrl === null ? null : 0.1,
  })

  const gateway: TestGateway = {
    url,
    keyId,
    keySecret,
    webhookSecret,
    controls,
    payments: createRazorpayGateway({
      keyId,
      keySecret,
      baseUrl: url + localGatewayPath,
      backoffMilliseconds: 1,
      attemptSeconds: 60,
      totalSeconds: 120,
    }),
    now: () => now,
    advance(seconds) {
      now = new Date(now.getTime() + seconds * 1000)
    },
    async events() {
      const signed = await controls.events()
      return signed.map((one) => ({ ...one, event: readWebhook(one.id, JSON.parse(one.rawBody)) }))
    },
    async newEvents() {
      const unseen = (await gateway.events()).slice(seen)
      seen += unseen.length
      return unseen
    },
    sign: (rawBody, secret = webhookSecret) => signBody(rawBody, secret),
    async stop() {
      await controls.stop()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await database.drop()
    },
  }
  return gateway
}
