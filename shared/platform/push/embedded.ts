import { deadLetterPolicy, EmbeddedBus, type PushedMessage, subscriptionPolicy } from '../bus/embedded.ts'
import type { Bus } from '../bus/index.ts'
import { EmbeddedQueue, queueLanePolicy } from '../queue/embedded.ts'
import type { Queue } from '../queue/index.ts'
import { alignSchedules, type PushedOccurrence, schedulePolicy, storeNext } from '../scheduler/embedded.ts'
import { Lane, type LanePolicy, type LaneTools } from './embedded-lane.ts'
import { type JobData, JobStore, type Log, type QueueDepth } from './embedded-store.ts'
import { Poster } from './http-post.ts'
import type { PushPlan } from './index.ts'
import { Places } from './limits.ts'
import { tokenCache } from './token-cache.ts'

export interface EmbeddedCloudOptions {
  /** A database of its own; nothing of the product's data is in it. */
  databaseUrl: string
  plan: PushPlan
  /** Where a function is reached; also the audience of its tokens. */
  urlOf(target: string): string
  /** A JWT that the function will accept for this audience. */
  signToken(audience: string): Promise<string>
  log: Log
  /** Below 1 only in tests, which can't wait. */
  backoffScale?: number
  /** How often it looks for what a timer missed. */
  lookAroundSeconds?: number
  /** How long `stop()` waits for pushes under way. */
  stopGraceSeconds?: number
}

export interface EmbeddedCloud {
  bus: Bus
  queue: Queue
  /** What waits in each of its queues, for those who look after it. */
  depth(): Promise<QueueDepth[]>
  /**
   * Stops delivering. Pushes under way may end within the grace time; what is cut off then, or by a crash, is
   * delivered again at the next start.
   */
  stop(): Promise<void>
}

/** Pushes under way in all, beyond the two that every lane may always have. */
const placesInAll = 64
const placesPerLane = 2
const defaultLookAroundSeconds = 60

/**
 * Starts what Pub/Sub push, Cloud Tasks and Cloud Scheduler are on Google Cloud, for one machine: it keeps messages,
 * tasks and schedules in PostgreSQL through pg-boss, and posts them to the functions with the same envelopes, headers
 * and tokens. It must be alone on its database, which the data folder's lock sees to.
 *
 * @throws PlatformError UNAVAILABLE when the database isn't there, INVALID_ARGUMENT for a plan that can't be carried out.
 */
export async function startEmbeddedCloud(options: EmbeddedCloudOptions): Promise<EmbeddedCloud> {
  const { plan, log, urlOf } = options
  const store = await JobStore.open(options.databaseUrl, log)
  const poster = new Poster()
  const tools: LaneTools = {
    store,
    poster,
    places: new Places(placesInAll, placesPerLane),
    urlOf,
    tokenFor: tokenCache(options.signToken),
    backoffScale: options.backoffScale ?? 1,
    log,
  }
  const lanes = new Map<string, Lane<never>>()
  const open = <Data extends JobData>(policy: LanePolicy<Data>): Lane<Data> => {
    const lane = new Lane(policy, tools)
    lanes.set(lane.queue, lane as unknown as Lane<never>)
    return lane
  }

  const deadLetters = open(deadLetterPolicy(plan.deadLetterTarget))
  const subscriptions = plan.subscriptions.map((subscription) => ({
    subscription,
    plain: open<PushedMessage>(subscriptionPolicy(subscription, false, deadLetters)),
    ordered: open<PushedMessage>(subscriptionPolicy(subscription, true, deadLetters)),
  }))
  const queues = new Map(plan.queues.map((queue) => [queue.name, open(queueLanePolicy(queue))]))
  const schedules: Lane<PushedOccurrence> = open(schedulePolicy(store, (at) => schedules.wakeAt(at)))

  let timer: NodeJS.Timeout | undefined
  try {
    await store.ensureQueues(
      [...lanes.values()].map(({ queue, policy }) => ({ name: queue, isOrdered: policy.isOrdered ?? false })),
    )
    const interrupted = await store.releaseClaims()
    if (interrupted > 0)
      log.info('embedded cloud: deliveries that were interrupted are repeated', { count: interrupted })
    await alignSchedules(store, plan.schedules, new Date())
    await recallTags(store, lanes)
    await wakeLanes(store, lanes, log)
    const lookAround = async () => {
      await storeNext(store, plan.schedules, new Date(Date.now()))
      await wakeLanes(store, lanes)
    }
    timer = setInterval(
      () => {
        lookAround().catch((error: unknown) => log.warn('embedded cloud: no look around', { error }))
      },
      (options.lookAroundSeconds ?? defaultLookAroundSeconds) * 1000,
    )
  } catch (error) {
    poster.close()
    await store.close()
    throw error
  }

  const bus = new EmbeddedBus(store, subscriptions)
  const queue = new EmbeddedQueue(store, queues)
  let stopping: Promise<void> | undefined
  const stop = async () => {
    clearInterval(timer)
    await Promise.all([bus.close(), queue.close()])
    const graceMilliseconds = (options.stopGraceSeconds ?? 3) * 1000
    await Promise.all([...lanes.values()].map((lane) => lane.stop(graceMilliseconds)))
    poster.close()
    await store.close()
  }
  return {
    bus,
    queue,
    depth: () => store.depth(),
    stop() {
      stopping ??= stop()
      return stopping
    },
  }
}

/** After a restart: whose turn it is goes on from what still waits. */
async function recallTags(store: JobStore, lanes: ReadonlyMap<string, Lane<never>>): Promise<void> {
  for (const { queue, flow, first, last } of await store.waitingTags()) {
    const lane = lanes.get(queue)
    lane?.fair.restore(flow, last)
    lane?.fair.restoreServed(first - 1)
  }
}

/** Wakes the lanes in which something is or will be due; once a minute also in case a timer was missed. */
async function wakeLanes(store: JobStore, lanes: ReadonlyMap<string, Lane<never>>, log?: Log): Promise<void> {
  for (const { queue, at } of await store.dueTimes()) {
    const lane = lanes.get(queue)
    if (lane) lane.wakeAt(at)
    else log?.warn('embedded cloud: messages wait for a function or queue that is no longer declared', { queue })
  }
}
