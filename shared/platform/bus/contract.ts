import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { PushPlan, Subscription } from '../push/index.ts'
import { type Received, Receiver } from '../push/test-receiver.ts'
import type { Bus, BusMessage } from './index.ts'

export interface BusDriver {
  bus: Bus
  stop(): Promise<void>
}

/** Makes a bus whose subscriptions push to `urlOf(target)`, with every backoff multiplied by `backoffScale`. */
export type MakeBus = (options: {
  plan: PushPlan
  urlOf(target: string): string
  backoffScale: number
}) => Promise<BusDriver>

interface Push {
  message: {
    attributes: Record<string, string>
    data: string
    messageId: string
    publishTime: string
    orderingKey?: string
  }
  subscription: string
  deliveryAttempt: number
}

const backoffScale = 0.02

/** The subscription that is asked to keep an order. */
export const orderedTarget = 'ordered-consumer'

/**
 * What every bus must do, whichever driver is behind it.
 *
 * @param traits.pushesOrderingKey - false for Google's emulator, which keeps the order but leaves the key out of the push.
 */
export function describeBus(name: string, makeBus: MakeBus, traits = { pushesOrderingKey: true }): void {
  describe(`bus: ${name}`, () => {
    let receiver: Receiver
    let driver: BusDriver | undefined

    beforeEach(async () => {
      receiver = await Receiver.start()
    })

    afterEach(async () => {
      await driver?.stop()
      driver = undefined
      await receiver.stop()
    })

    async function start(...subscriptions: Partial<Subscription>[]): Promise<Bus> {
      const plan: PushPlan = {
        subscriptions: subscriptions.map((subscription) => ({
          topic: 'documents',
          eventTypes: [],
          target: 'consumer',
          attempts: 5,
          minimumBackoffSeconds: 10,
          maximumBackoffSeconds: 600,
          ackDeadlineSeconds: 10,
          ...subscription,
        })),
        queues: [],
        schedules: [],
        deadLetterTarget: 'keep-dead-letters',
      }
      driver = await makeBus({ plan, urlOf: receiver.urlOf, backoffScale })
      return driver.bus
    }

    test('every subscription whose filter matches gets the message once, byte for byte', async () => {
      const bus = await start(
        { target: 'every-event', eventTypes: [] },
        { target: 'scanned-events', eventTypes: ['document.scanned', 'document.stored'] },
        { target: 'other-events', eventTypes: ['document.deleted'] },
        { target: 'other-topic', topic: 'projects' },
      )
      const body = '{"text":"Straße \\u0000 ☃ 𝄞", "spaces" :  1}'
      const published = message({ body, attributes: { event_type: 'document.scanned', tlp: 'AMBER' } })
      await bus.publish([published])
      const [first] = await receiver.until('every-event', 1)
      const [second] = await receiver.until('scanned-events', 1)
      await sleep(150)
      expect(receiver.requests('every-event')).toHaveLength(1)
      expect(receiver.requests('scanned-events')).toHaveLength(1)
      expect(receiver.requests('other-events')).toHaveLength(0)
      expect(receiver.requests('other-topic')).toHaveLength(0)
      const push = pushOf(first)
      expect(Buffer.from(push.message.data, 'base64').toString()).toBe(body)
      expect(push.message.attributes).toEqual({
        event_type: 'document.scanned',
        tlp: 'AMBER',
        message_id: published.id,
      })
      expect(push.message.messageId).toMatch(/^\d+$/)
      expect(pushOf(second).message.messageId).toBe(push.message.messageId)
      expect(new Date(push.message.publishTime).getTime()).toBeGreaterThan(Date.now() - 10_000)
      expect(push.subscription).toMatch(/^projects\/[^/]+\/subscriptions\/every-event$/)
      expect(push.deliveryAttempt).toBe(1)
      expect(first?.headers['content-type']).toContain('application/json')
    })

    test('a message that nobody subscribes to is accepted and forgotten', async () => {
      const bus = await start({ target: 'consumer' })
      await bus.publish([message({ topic: 'unheard' })])
      await bus.publish([message({})])
      await receiver.until('consumer', 1)
      expect(receiver.requests('consumer')).toHaveLength(1)
    })

    test('a refused push is repeated after growing pauses, as the same message, until it is acknowledged', async () => {
      const bus = await start({ target: 'consumer', attempts: 8 })
      receiver.answer('consumer', (_, count) => (count < 4 ? 503 : 204))
      await bus.publish([message({})])
      const requests = await receiver.until('consumer', 4)
      await sleep(300)
      expect(receiver.requests('consumer')).toHaveLength(4)
      expect(requests.map((request) => pushOf(request).deliveryAttempt)).toEqual([1, 2, 3, 4])
      expect(new Set(requests.map((request) => pushOf(request).message.messageId)).size).toBe(1)
      const pauses = requests.slice(1).map((request, index) => request.at - (requests[index]?.at ?? 0))
      const minimum = 10_000 * backoffScale
      expect(pauses[0]).toBeGreaterThanOrEqual(minimum - 5)
      expect(pauses[1]).toBeGreaterThanOrEqual(2 * minimum - 5)
      expect(pauses[2]).toBeGreaterThanOrEqual(4 * minimum - 5)
    })

    test.each([200, 201, 202, 204])('status %i acknowledges', async (status) => {
      const bus = await start({ target: 'consumer' })
      receiver.answer('consumer', () => status)
      await bus.publish([message({})])
      await receiver.until('consumer', 1)
      await sleep(500)
      expect(receiver.requests('consumer')).toHaveLength(1)
    })

    test.each([203, 301, 400, 404, 429, 500])('status %i does not acknowledge', async (status) => {
      const bus = await start({ target: 'consumer' })
      receiver.answer('consumer', (_, count) => (count === 1 ? status : 200))
      await bus.publish([message({})])
      await receiver.until('consumer', 2)
    })

    test('a consumer that does not answer within its deadline gets the message again', async () => {
      const bus = await start({ target: 'consumer', ackDeadlineSeconds: 1 })
      receiver.answer('consumer', (_, count) => (count === 1 ? 'never' : 200))
      await bus.publish([message({})])
      const [first, second] = await receiver.until('consumer', 2)
      // The sender counts from when it sends, a little before the arrival.
      expect(second!.at - first!.at).toBeGreaterThanOrEqual(900)
    })

    test('after the last attempt the message goes to the dead letters with its origin, until they take it', async () => {
      const bus = await start({ target: 'poisoned', attempts: 5, minimumBackoffSeconds: 1 })
      receiver.answer('poisoned', () => 500)
      receiver.answer('keep-dead-letters', (_, count) => (count < 3 ? 500 : 200))
      const published = message({ attributes: { event_type: 'document.scanned' } })
      await bus.publish([published])
      const requests = await receiver.until('keep-dead-letters', 3, 40_000)
      await sleep(300)
      expect(receiver.requests('poisoned')).toHaveLength(5)
      expect(receiver.requests('keep-dead-letters')).toHaveLength(3)
      const original = pushOf(receiver.requests('poisoned')[0])
      const push = pushOf(requests[2])
      expect(Buffer.from(push.message.data, 'base64').toString()).toBe(published.body)
      expect(push.message.attributes).toEqual({
        event_type: 'document.scanned',
        message_id: published.id,
        CloudPubSubDeadLetterSourceDeliveryCount: '5',
        CloudPubSubDeadLetterSourceSubscription: 'poisoned',
        CloudPubSubDeadLetterSourceSubscriptionProject: expect.any(String),
        CloudPubSubDeadLetterSourceTopicPublishTime: original.message.publishTime,
      })
    }, 60_000)

    test('a subscription that fails or hangs does not hold up another', async () => {
      const bus = await start({ target: 'hanging' }, { target: 'failing' }, { target: 'healthy' })
      receiver.answer('hanging', () => 'never')
      receiver.answer('failing', () => 500)
      await bus.publish(Array.from({ length: 100 }, () => message({})))
      await receiver.until('healthy', 100, 5000)
    })

    test('messages with one ordering key arrive in order, even when one has to be repeated', async () => {
      const bus = await start({ target: orderedTarget, minimumBackoffSeconds: 2 })
      receiver.answer(orderedTarget, (request, count) => (count === 2 && textOf(request).startsWith('"a') ? 500 : 200))
      const bodies = ['"a1"', '"a2"', '"a3"', '"a4"', '"a5"']
      await bus.publish(bodies.slice(0, 3).map((body) => message({ body, orderingKey: 'a' })))
      await bus.publish(bodies.slice(3).map((body) => message({ body, orderingKey: 'a' })))
      const requests = await receiver.until(orderedTarget, 6)
      const acknowledged = requests.map(textOf).filter((text, index, all) => all.indexOf(text, index + 1) === -1)
      expect(acknowledged).toEqual(bodies)
      if (traits.pushesOrderingKey) expect(pushOf(requests[0]).message.orderingKey).toBe('a')
    })

    test('a thousand messages published at once all arrive', async () => {
      const bus = await start({ target: 'consumer' })
      const messages = Array.from({ length: 1000 }, (_, number) => message({ body: String(number) }))
      await bus.publish(messages)
      await receiver.until('consumer', 1000)
      expect(new Set(receiver.requests('consumer').map(textOf)).size).toBe(1000)
    })

    test('a closed bus refuses', async () => {
      const bus = await start({})
      await bus.check()
      await bus.close()
      await expect(bus.publish([message({})])).rejects.toMatchObject({ code: 'UNAVAILABLE' })
      await expect(bus.check()).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    })
  })
}

function message(parts: Partial<BusMessage>): BusMessage {
  return {
    id: randomUUID(),
    topic: 'documents',
    body: JSON.stringify({ org_id: randomUUID(), payload: {} }),
    attributes: { event_type: 'document.scanned' },
    ...parts,
  }
}

function pushOf(request: Received | undefined): Push {
  return JSON.parse(request?.body ?? '') as Push
}

function textOf(request: Received): string {
  return Buffer.from(pushOf(request).message.data, 'base64').toString()
}
