import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { newId } from '#shared/domain/ids.ts'
import type { Envelope } from '#shared/domain/messaging.ts'
import { type Delivery, readPubSubPush } from './delivery.ts'

let server: Server
let read: Promise<Delivery>

beforeAll(async () => {
  server = createServer((request, response) => {
    read = readPubSubPush(request)
    read.catch(() => {}).then(() => response.end())
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
})
afterAll(() => {
  server.close()
})

async function deliver(body: unknown): Promise<Delivery> {
  const { port } = server.address() as AddressInfo
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  await fetch(`http://127.0.0.1:${port}/`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: text,
  })
  return read
}

const base64 = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64')

describe('a Pub/Sub push', () => {
  let envelope: Envelope
  beforeEach(() => {
    envelope = {
      id: newId(),
      event_type: 'document.scanned',
      org_id: newId(),
      workspace_id: null,
      actor_id: null,
      correlation_id: newId(),
      traceparent: null,
      payload: {},
      timestamp: new Date().toISOString(),
    }
  })

  test('is read as the service sends it, with every field in both spellings', async () => {
    const delivery = await deliver({
      deliveryAttempt: 3,
      message: {
        attributes: { event_type: 'document.scanned', message_id: envelope.id },
        data: base64(envelope),
        messageId: '11270023044817231',
        message_id: '11270023044817231',
        orderingKey: 'a',
        publishTime: '2026-11-21T10:00:00.123Z',
        publish_time: '2026-11-21T10:00:00.123Z',
      },
      subscription: 'projects/acme/subscriptions/documents-index',
    })
    expect(delivery).toEqual({
      envelope,
      body: envelope,
      messageId: envelope.id,
      inboxKey: envelope.id,
      attempt: 3,
      attributes: { event_type: 'document.scanned', message_id: envelope.id },
    })
  })

  test('of a subscription that does not count attempts is the first attempt', async () => {
    const push = { message: { data: base64(envelope), messageId: '1' }, subscription: 's' }
    expect(await deliver(push)).toMatchObject({ attempt: 1, attributes: {} })
  })

  test('without an envelope is known by the id that we published it with, however often it was published', async () => {
    const id = newId()
    for (const messageId of ['1', '2']) {
      const push = {
        message: { data: base64('no JSON'), messageId, attributes: { message_id: id } },
        subscription: 's',
      }
      expect(await deliver(push)).toMatchObject({ envelope: null, body: 'no JSON', messageId: id, inboxKey: id })
    }
    const foreign = { message: { attributes: { a: 'b' }, messageId: '3' }, subscription: 's' }
    expect(await deliver(foreign)).toMatchObject({ envelope: null, body: '', messageId: '3' })
  })

  test('that was forwarded is another one for each subscription that gave it up', async () => {
    const keys: string[] = []
    for (const subscription of ['documents-index', 'documents-scan']) {
      const attributes = { message_id: envelope.id, CloudPubSubDeadLetterSourceSubscription: subscription }
      const push = { message: { data: base64(envelope), messageId: '1', attributes }, subscription: 's' }
      const { messageId, inboxKey } = await deliver(push)
      expect(messageId).toBe(envelope.id)
      keys.push(inboxKey)
    }
    expect(new Set(keys).size).toBe(2)
  })

  test.each([
    ['an unwrapped body', { id: '1', event_type: 'x' }],
    ['no message id', { message: { data: '' }, subscription: 's' }],
    ['an empty message id', { message: { data: '', messageId: '' }, subscription: 's' }],
    ['attributes that are no text', { message: { messageId: '1', attributes: { a: 1 } }, subscription: 's' }],
    ['no subscription', { message: { messageId: '1' } }],
    ['no object', '[]'],
    ['no JSON', '{'],
  ])('with %s is refused', async (_, body) => {
    await expect(deliver(body)).rejects.toMatchObject({ code: 'VALIDATION_ERROR' })
  })
})
