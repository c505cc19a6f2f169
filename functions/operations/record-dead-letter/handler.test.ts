import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { newId } from '#shared/domain/ids.ts'
import { startTestProduct, type TestProduct } from '../../../tests/setup/product.ts'

const name = 'operations-record-dead-letter'

let product: TestProduct
let owner: postgres.Sql
beforeAll(async () => {
  product = await startTestProduct(inject('clusterUrl'))
  owner = postgres(product.database.ownerUrl, { max: 1, onnotice: () => {} })
})
afterAll(async () => {
  await owner.end()
  await product.stop()
})

/** A push of what Pub/Sub forwards to the dead-letter topic, as its documentation shows it. */
async function forward(source: {
  subscription: string
  body: string
  messageId?: string
  id: string
  attempts?: string
}) {
  const token = await product.signPush(`${product.services.config.FUNCTIONS_URL}/${name}`)
  const response = await fetch(`${product.services.config.FUNCTIONS_URL}/${name}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({
      deliveryAttempt: 1,
      message: {
        attributes: {
          event_type: 'document.scanned',
          message_id: source.id,
          CloudPubSubDeadLetterSourceDeliveryCount: source.attempts ?? '10',
          CloudPubSubDeadLetterSourceSubscription: source.subscription,
          CloudPubSubDeadLetterSourceSubscriptionProject: 'acme',
          CloudPubSubDeadLetterSourceTopicPublishTime: '2026-11-21T10:00:00.123+00:00',
        },
        data: Buffer.from(source.body).toString('base64'),
        messageId: source.messageId ?? '11270023044817231',
        publishTime: '2026-11-21T10:20:00.456Z',
      },
      subscription: `projects/acme/subscriptions/${name}`,
    }),
  })
  return { status: response.status, ...((await response.json()) as { outcome: string }) }
}

const lettersOf = (id: string) =>
  owner`select kind, consumer, attempts, body, error ->> 'code' as code from dead_letters where message_id = ${id} order by consumer`

const envelope = (id: string) => ({
  id,
  event_type: 'document.scanned',
  org_id: newId(),
  workspace_id: null,
  actor_id: null,
  correlation_id: newId(),
  traceparent: null,
  payload: { any: 'thing' },
  timestamp: new Date().toISOString(),
})

describe('what a subscription gave up on', () => {
  test('is kept once under the function that it was for, with its attempts, for each function', async () => {
    const id = newId()
    const body = JSON.stringify(envelope(id))
    for (const subscription of ['documents-index', 'documents-index', 'projects/acme/subscriptions/documents-scan']) {
      expect(await forward({ subscription, body, id })).toMatchObject({ status: 200 })
    }
    const common = { kind: 'event', attempts: 10, body: JSON.parse(body), code: 'NOT_ACKNOWLEDGED' }
    expect(await lettersOf(id)).toEqual([
      { consumer: 'documents-index', ...common },
      { consumer: 'documents-scan', ...common },
    ])
  })

  test('is kept under that function also when it is no envelope, and once however often it was published', async () => {
    const id = newId()
    for (const messageId of ['1', '2']) {
      const given = { subscription: 'documents-index', body: 'no envelope', id, messageId }
      expect(await forward(given)).toEqual({ status: 200, outcome: 'dead-lettered' })
    }
    expect(await lettersOf(id)).toEqual([
      { kind: 'event', consumer: 'documents-index', attempts: 10, body: 'no envelope', code: 'MALFORMED_MESSAGE' },
    ])
  })

  test('counts no attempts where the service tells none that make sense', async () => {
    const id = newId()
    const body = JSON.stringify(envelope(id))
    for (const [index, attempts] of ['', 'many', '-3', '1e400'].entries()) {
      await forward({ subscription: `documents-${index}`, body, id, attempts })
    }
    expect((await lettersOf(id)).map(({ attempts }) => attempts)).toEqual([0, 0, 0, 0])
  })
})
