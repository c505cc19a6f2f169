import { v7 } from 'uuid'
import { PlatformError } from '../errors.ts'
import type { Lane, LanePolicy, WakeableLane } from '../push/embedded-lane.ts'
import { databaseError, type JobData, type JobStore, type NewJob, type StoredJob } from '../push/embedded-store.ts'
import { organizationOf } from '../push/envelope-organization.ts'
import type { Subscription } from '../push/index.ts'
import type { Bus, BusMessage } from './index.ts'

/** A message on its way to one subscription. */
export interface PushedMessage extends JobData {
  /** Decimal, as Pub/Sub's are; the same for every subscription. */
  messageId: string
  publishTime: string
  attributes: Record<string, string>
  body: string
  orderingKey?: string
}

const project = 'local'
/** As Pub/Sub's push deliveries introduce themselves. */
const userAgent = 'APIs-Google; (+https://developers.google.com/webmasters/APIs-Google.html)'
/** The statuses that acknowledge a push (Pub/Sub documentation, "Push subscriptions"). */
const acknowledging = new Set([102, 200, 201, 202, 204])
/** Pub/Sub keeps no memory of acknowledged messages; a moment of it helps whoever looks. */
const rememberSeconds = 60
const concurrencyPerSubscription = 16

const deadLetterQueue = 'dead-letters'

function subscriptionQueue(target: string, isOrdered: boolean): string {
  return `${isOrdered ? 'ordered' : 'push'}.${target}`
}

/**
 * How a subscription's messages are pushed: Pub/Sub's wrapped push request, retry policy and dead-letter policy.
 *
 * @param deadLetters - lane of the function that gets what this subscription gives up.
 */
export function subscriptionPolicy(
  subscription: Subscription,
  isOrdered: boolean,
  deadLetters: WakeableLane,
): LanePolicy<PushedMessage> {
  return {
    ...subscription,
    queue: subscriptionQueue(subscription.target, isOrdered),
    isOrdered,
    concurrency: concurrencyPerSubscription,
    ratePerSecond: Number.MAX_SAFE_INTEGER,
    deadlineSeconds: subscription.ackDeadlineSeconds,
    isSuccess: (status) => acknowledging.has(status),
    request: (job, attempt) => pushRequest(subscription.target, job.data, attempt),
    replacement: (job, attempt) => ({ lane: deadLetters, job: deadLetter(subscription, job, attempt) }),
  }
}

/** How given-up messages are pushed to the function that keeps them: until it takes them. */
export function deadLetterPolicy(target: string): LanePolicy<PushedMessage> {
  return {
    queue: deadLetterQueue,
    attempts: Number.POSITIVE_INFINITY,
    minimumBackoffSeconds: 10,
    maximumBackoffSeconds: 600,
    concurrency: concurrencyPerSubscription,
    ratePerSecond: Number.MAX_SAFE_INTEGER,
    deadlineSeconds: 60,
    isSuccess: (status) => acknowledging.has(status),
    request: (job, attempt) => pushRequest(target, job.data, attempt),
  }
}

function pushRequest(target: string, message: PushedMessage, attempt: number) {
  const { messageId, publishTime, attributes, body, orderingKey } = message
  return {
    target,
    headers: { 'content-type': 'application/json', from: 'noreply@google.com', 'user-agent': userAgent },
    body: JSON.stringify({
      message: {
        attributes,
        data: Buffer.from(body).toString('base64'),
        messageId,
        message_id: messageId,
        publishTime,
        publish_time: publishTime,
        ...(orderingKey === undefined ? {} : { orderingKey }),
      },
      subscription: `projects/${project}/subscriptions/${target}`,
      deliveryAttempt: attempt,
    }),
  }
}

/** The message as Pub/Sub forwards it to a dead-letter topic: with where it comes from in its attributes. */
function deadLetter(subscription: Subscription, job: StoredJob<PushedMessage>, attempt: number): NewJob {
  const now = new Date().toISOString()
  const data: PushedMessage = {
    ...job.data,
    failures: 0,
    messageId: newMessageId(),
    publishTime: now,
    attributes: {
      ...job.data.attributes,
      CloudPubSubDeadLetterSourceDeliveryCount: String(attempt),
      CloudPubSubDeadLetterSourceSubscription: subscription.target,
      CloudPubSubDeadLetterSourceSubscriptionProject: project,
      CloudPubSubDeadLetterSourceTopicPublishTime: job.data.publishTime,
    },
  }
  return { id: v7(), data, tag: 0, flow: '', deadlineSeconds: 60, rememberSeconds }
}

let lastMessageId = 0n

function newMessageId(): string {
  const now = BigInt(Date.now()) * 100_000n
  lastMessageId = now > lastMessageId ? now : lastMessageId + 1n
  return String(lastMessageId)
}

/** Lanes of a subscription: its messages without and with an ordering key. */
export interface SubscriptionLanes {
  subscription: Subscription
  plain: Lane<PushedMessage>
  ordered: Lane<PushedMessage>
}

/** Publishes to the embedded cloud: a copy for every subscription whose filter lets the message through. */
export class EmbeddedBus implements Bus {
  readonly #store: JobStore
  readonly #lanes: readonly SubscriptionLanes[]
  #isOpen = true

  constructor(store: JobStore, lanes: readonly SubscriptionLanes[]) {
    this.#store = store
    this.#lanes = lanes
  }

  async publish(messages: BusMessage[]): Promise<void> {
    if (!this.#isOpen) throw new PlatformError('UNAVAILABLE', 'The bus is closed.')
    const jobs = new Map<Lane<PushedMessage>, NewJob[]>()
    const heard = new Set<BusMessage>()
    for (const message of messages) {
      const messageId = newMessageId()
      const flow = organizationOf(message.body)
      for (const { subscription, plain, ordered } of this.#lanes) {
        if (!takes(subscription, message)) continue
        heard.add(message)
        const lane = message.orderingKey === undefined ? plain : ordered
        const batch = jobs.get(lane) ?? []
        jobs.set(lane, batch)
        batch.push(newJob(message, messageId, subscription, lane.fair.tag(flow), flow))
      }
    }
    const unheard = messages.filter((message) => !heard.has(message))
    try {
      await Promise.all([...jobs].map(([lane, batch]) => this.#store.insert(lane.queue, batch)))
      if (unheard.length > 0) await this.#store.noteUnheard(unheard)
    } catch (error) {
      throw databaseError(error)
    } finally {
      for (const lane of jobs.keys()) lane.wake()
    }
  }

  async check(): Promise<void> {
    if (!this.#isOpen) throw new PlatformError('UNAVAILABLE', 'The bus is closed.')
    await this.#store.check()
  }

  async close(): Promise<void> {
    this.#isOpen = false
  }
}

function takes({ topic, eventTypes }: Subscription, message: BusMessage): boolean {
  if (topic !== message.topic) return false
  return eventTypes.length === 0 || eventTypes.includes(message.attributes.event_type ?? '')
}

function newJob(message: BusMessage, messageId: string, subscription: Subscription, tag: number, flow: string): NewJob {
  const { id, attributes, body, orderingKey } = message
  const data: PushedMessage = {
    failures: 0,
    messageId,
    publishTime: new Date().toISOString(),
    attributes: { ...attributes, message_id: id },
    body,
    ...(orderingKey === undefined ? {} : { orderingKey }),
  }
  return {
    // Ascending: of jobs stored at the same moment, an ordered queue serves the lower id first.
    id: v7(),
    data,
    tag,
    flow,
    ...(orderingKey === undefined ? {} : { orderingKey }),
    deadlineSeconds: subscription.ackDeadlineSeconds,
    rememberSeconds,
  }
}
