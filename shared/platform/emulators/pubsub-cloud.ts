import { PubSub } from '@google-cloud/pubsub'
import { createPubSubBus } from '../bus/gcp.ts'
import type { Bus } from '../bus/index.ts'
import type { PushPlan, Subscription } from '../push/index.ts'
import { startPushProxy } from './push-proxy.ts'

export interface PubSubCloudOptions {
  /** `host:port` of a running Pub/Sub emulator. */
  emulatorHost: string
  /** What is made there is not in the way of other projects of the same emulator. */
  projectId: string
  plan: PushPlan
  /** Topics beyond those of the subscriptions and the dead letters. */
  topics?: readonly string[]
  /**
   * Targets whose subscriptions keep the order of messages with a key. On Google Cloud all do; the emulator (0.8.20)
   * drops what an ordered subscription gives up on, instead of forwarding it to the dead letters.
   */
  orderedTargets?: readonly string[]
  /** Where a function is reached; also the audience of its tokens. */
  urlOf(target: string): string
  /** A JWT that the function will accept for this audience; without it pushes come without a token. */
  signToken?(audience: string): Promise<string>
  /** Below 1 only in tests, which can't wait. */
  backoffScale?: number
}

// Google's authentication looks for a metadata server also on behalf of an emulator, which wants no tokens.
process.env.METADATA_SERVER_DETECTION ??= 'none'

const deadLetterTopic = 'dead-letters'
const deadLetterBackoffSeconds = { minimum: 10, maximum: 600 }

/**
 * Makes in Google's emulator what Terraform makes of a push plan on Google Cloud (topics, push subscriptions with their
 * filters, order, retry and dead-letter policies), and opens the bus that publishes there.
 */
export async function startPubSubCloud(options: PubSubCloudOptions): Promise<{ bus: Bus; stop(): Promise<void> }> {
  const { projectId, emulatorHost, plan, orderedTargets = [], backoffScale = 1 } = options
  const { subscriptions, deadLetterTarget } = plan
  const proxy = await startPushProxy({ ...options, subscriptions })
  const admin = new PubSub({ projectId, apiEndpoint: emulatorHost, emulatorMode: true })
  const topics = new Set([deadLetterTopic, ...subscriptions.map(({ topic }) => topic), ...(options.topics ?? [])])
  await Promise.all([...topics].map((topic) => admin.createTopic(topic)))

  const retryPolicy = (minimumSeconds: number, maximumSeconds: number) => ({
    minimumBackoff: duration(minimumSeconds * backoffScale),
    maximumBackoff: duration(maximumSeconds * backoffScale),
  })
  const made = await Promise.all([
    ...subscriptions.map((subscription) =>
      admin.topic(subscription.topic).createSubscription(subscription.target, {
        pushConfig: { pushEndpoint: proxy.urlOf(subscription.target) },
        ackDeadlineSeconds: subscription.ackDeadlineSeconds,
        enableMessageOrdering: orderedTargets.includes(subscription.target),
        retryPolicy: retryPolicy(subscription.minimumBackoffSeconds, subscription.maximumBackoffSeconds),
        deadLetterPolicy: {
          deadLetterTopic: `projects/${projectId}/topics/${deadLetterTopic}`,
          maxDeliveryAttempts: subscription.attempts,
        },
        ...filterOf(subscription),
      }),
    ),
    admin.topic(deadLetterTopic).createSubscription(deadLetterTarget, {
      pushConfig: { pushEndpoint: proxy.urlOf(deadLetterTarget) },
      ackDeadlineSeconds: 60,
      retryPolicy: retryPolicy(deadLetterBackoffSeconds.minimum, deadLetterBackoffSeconds.maximum),
    }),
  ])

  const bus = createPubSubBus({ projectId, emulatorHost })
  return {
    bus,
    async stop() {
      await bus.close()
      await Promise.all(made.map(([subscription]) => subscription.delete()))
      await admin.close()
      await proxy.close()
    },
  }
}

/** The subscription's filter in Pub/Sub's language ("Filter messages from a subscription"). */
function filterOf({ eventTypes }: Subscription): { filter?: string } {
  if (eventTypes.length === 0) return {}
  return { filter: eventTypes.map((type) => `attributes.event_type = ${JSON.stringify(type)}`).join(' OR ') }
}

function duration(seconds: number): { seconds: number; nanos: number } {
  const whole = Math.floor(seconds)
  return { seconds: whole, nanos: Math.round((seconds - whole) * 1e9) }
}
