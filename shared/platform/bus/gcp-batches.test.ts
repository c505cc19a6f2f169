import { protos } from '@google-cloud/pubsub'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { toChains } from './gcp-batches.ts'
import type { BusMessage } from './index.ts'

const topicPath = (topic: string) => `projects/p/topics/${topic}`

const anyMessage = fc.record({
  topic: fc.constantFrom('documents', 'projects'),
  orderingKey: fc.constantFrom(undefined, '', 'a', 'b'),
  size: fc.oneof(
    { weight: 9, arbitrary: fc.nat(100) },
    { weight: 1, arbitrary: fc.constantFrom(3_000_000, 9_500_000) },
  ),
})

function toMessages(parts: { topic: string; orderingKey: string | undefined; size: number }[]): BusMessage[] {
  return parts.map(({ topic, orderingKey, size }, number) => ({
    id: String(number),
    topic,
    body: 'x'.repeat(size),
    attributes: { event_type: 'e' },
    ...(orderingKey === undefined ? {} : { orderingKey }),
  }))
}

describe('requests to publish', () => {
  test('hold every message once, in order per topic and key, one topic and key each, within the limits', () => {
    fc.assert(
      fc.property(fc.array(anyMessage, { maxLength: 40 }), (parts) => {
        const messages = toMessages(parts)
        const chains = toChains(messages, topicPath)
        const seen = chains.flatMap(({ topic, orderingKey, requests }) =>
          requests.flatMap((request) => {
            expect(request.topic).toBe(topic)
            const encoded = protos.google.pubsub.v1.PublishRequest.encode(request).finish().byteLength
            expect(encoded).toBeLessThanOrEqual(10_000_000)
            return request.messages!.map((one) => {
              expect(one.orderingKey ?? '').toBe(orderingKey)
              return { topic, orderingKey, id: Number(one.attributes!.message_id) }
            })
          }),
        )
        expect(seen.map(({ id }) => id).sort((a, b) => a - b)).toEqual(messages.map((_, number) => number))
        for (const { topic, orderingKey, id } of seen) {
          expect([topic, orderingKey]).toEqual([topicPath(messages[id]!.topic), messages[id]!.orderingKey ?? ''])
        }
        for (const group of Map.groupBy(seen, ({ topic, orderingKey }) => `${topic} ${orderingKey}`).values()) {
          const ids = group.map(({ id }) => id)
          expect(ids).toEqual([...ids].sort((a, b) => a - b))
        }
      }),
      { numRuns: 60 },
    )
  })

  test('are as few as the limit of 1,000 messages allows; only those with a key wait for each other', () => {
    const messages = (orderingKey?: string) =>
      toMessages(Array.from({ length: 2_500 }, () => ({ topic: 'documents', orderingKey, size: 10 })))
    const sizes = (key?: string) =>
      toChains(messages(key), topicPath).map(({ requests }) => requests.map((request) => request.messages!.length))
    expect(sizes()).toEqual([[1000], [1000], [500]])
    expect(sizes('a')).toEqual([[1000, 1000, 500]])
  })
})
