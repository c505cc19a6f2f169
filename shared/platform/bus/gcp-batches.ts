import type { protos } from '@google-cloud/pubsub'
import type { BusMessage } from './index.ts'

export type PublishRequest = Required<Pick<protos.google.pubsub.v1.IPublishRequest, 'topic' | 'messages'>>

/** Requests that have to be sent one after the other; different chains may go side by side. */
export interface Chain {
  topic: string
  orderingKey: string
  requests: PublishRequest[]
}

/** Pub/Sub takes at most 1,000 messages and 10 MB in one request ("Quotas and limits"). */
const maximumMessages = 1000
const maximumBytes = 9_000_000
/** What lengths and field numbers of a message and its attributes may take at most. */
const overheadBytes = 32

/**
 * Parts messages into requests: one topic each, and one ordering key each, which the service demands ("All messages
 * published in a given PublishRequest must specify the same ordering_key value"). Their order stays.
 *
 * @param topicPath - full name of a topic of ours.
 */
export function toChains(messages: readonly BusMessage[], topicPath: (topic: string) => string): Chain[] {
  const groups = Map.groupBy(messages, ({ topic, orderingKey = '' }) => JSON.stringify([topic, orderingKey]))
  return [...groups.values()].flatMap((group) => {
    const { topic, orderingKey = '' } = group[0]!
    const path = topicPath(topic)
    const requests = toRequests(group, path)
    // Without an order to keep, no request has to wait for another.
    return orderingKey === ''
      ? requests.map((request) => ({ topic: path, orderingKey, requests: [request] }))
      : [{ topic: path, orderingKey, requests }]
  })
}

function toRequests(messages: readonly BusMessage[], topic: string): PublishRequest[] {
  const requests: PublishRequest[] = []
  let bytes = 0
  for (const { id, body, attributes, orderingKey } of messages) {
    const message = {
      data: Buffer.from(body),
      attributes: { ...attributes, message_id: id },
      ...(orderingKey ? { orderingKey } : {}),
    }
    const size = sizeOf(message)
    const last = requests.at(-1)
    if (last && last.messages!.length < maximumMessages && bytes + size <= maximumBytes) {
      last.messages!.push(message)
      bytes += size
    } else {
      requests.push({ topic, messages: [message] })
      bytes = size
    }
  }
  return requests
}

function sizeOf(message: { data: Buffer; attributes: Record<string, string>; orderingKey?: string }): number {
  const texts = Object.entries(message.attributes).flat()
  return [...texts, message.orderingKey ?? ''].reduce(
    (sum, text) => sum + Buffer.byteLength(text) + overheadBytes,
    message.data.byteLength + overheadBytes,
  )
}
