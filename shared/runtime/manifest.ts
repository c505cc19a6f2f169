import { queueNames, topics } from '#shared/domain/messaging.ts'
import { buckets } from '#shared/platform/objects/index.ts'
import { lifecycleDays } from '#shared/platform/objects/lifecycle.ts'
import type { PushPlan } from '#shared/platform/push/index.ts'
import type { Declaration } from './declarations.ts'
import type { DiscoveredFunction } from './discover.ts'
import { defaultRetry, defaultTimeoutSeconds, queuePolicies, spareAttempts } from './policies.ts'

const defaultMemoryMegabytes = 512

/** Name of the function that keeps what subscriptions gave up. */
const deadLetterTarget = 'operations-record-dead-letter'

/** What is deployed for a declaration; Terraform makes one function of each entry, and grants it just this. */
export interface ManifestEntry {
  name: string
  folder: string
  kind: Declaration['kind']
  summary: string
  memoryMegabytes: number
  timeoutSeconds: number
  buckets: readonly string[]
  secrets: readonly string[]
  /** Topics that it publishes to, and names of the tasks that it enqueues. */
  publishes: string[]
  enqueues: string[]
  /** How it is called. */
  trigger:
    | { method: string; path: string; access: string }
    | {
        topic: string
        eventType: string
        attempts: number
        minimumBackoffSeconds: number
        maximumBackoffSeconds: number
      }
    | { queue: string }
    | { cron: string; timeZone: string }
}

function toManifestEntry(
  { name, folder, declaration }: DiscoveredFunction,
  allTasks: readonly string[],
): ManifestEntry {
  const { resources = {} } = declaration
  return {
    name,
    folder,
    kind: declaration.kind,
    summary: declaration.summary,
    memoryMegabytes: resources.memoryMegabytes ?? defaultMemoryMegabytes,
    timeoutSeconds:
      resources.timeoutSeconds ??
      (declaration.kind === 'task'
        ? queuePolicies[declaration.task.queue].deadlineSeconds
        : defaultTimeoutSeconds[declaration.kind]),
    buckets: resources.buckets ?? [],
    secrets: resources.secrets ?? [],
    publishes: resources.sendsEverything
      ? [...topics].sort()
      : [...new Set((resources.publishes ?? []).map((event) => event.topic))].sort(),
    enqueues: resources.sendsEverything
      ? [...allTasks]
      : [...new Set((resources.enqueues ?? []).map((task) => task.name))].sort(),
    trigger: triggerOf(declaration),
  }
}

function triggerOf(declaration: Declaration): ManifestEntry['trigger'] {
  switch (declaration.kind) {
    case 'route':
      return { method: declaration.method, path: declaration.path, access: declaration.access }
    case 'event':
      return { topic: declaration.on.topic, eventType: declaration.on.type, ...(declaration.retry ?? defaultRetry) }
    case 'task':
      return { queue: declaration.task.queue }
    case 'cron':
      return { cron: declaration.cron, timeZone: declaration.timeZone }
  }
}

/** The whole of `functions.json`. */
export function buildManifest(functions: readonly DiscoveredFunction[]) {
  const allTasks = functions.flatMap(({ declaration }) => (declaration.kind === 'task' ? [declaration.task.name] : []))
  return {
    buckets: buckets.map((name) => ({ name, deleteAfterDays: lifecycleDays[name] ?? null })),
    queues: queueNames.map((name) => ({ name, ...queuePolicies[name], spareAttempts })),
    deadLetterTarget,
    functions: functions.map((found) => toManifestEntry(found, allTasks)),
  }
}

/** What the embedded cloud delivers where; the same facts that Terraform gives to the real services. */
export function buildPushPlan(functions: readonly DiscoveredFunction[]): PushPlan {
  const plan: PushPlan = {
    subscriptions: [],
    queues: queueNames.map((name) => ({
      name,
      ...queuePolicies[name],
      attempts: queuePolicies[name].attempts + spareAttempts,
    })),
    schedules: [],
    deadLetterTarget,
  }
  for (const { name, declaration } of functions) {
    if (declaration.kind === 'event' && name !== deadLetterTarget) {
      const { attempts, ...backoff } = declaration.retry ?? defaultRetry
      plan.subscriptions.push({
        topic: declaration.on.topic,
        eventTypes: [declaration.on.type],
        target: name,
        attempts: attempts + spareAttempts,
        ...backoff,
        ackDeadlineSeconds: declaration.resources?.timeoutSeconds ?? defaultTimeoutSeconds.event,
      })
    }
    if (declaration.kind === 'cron') {
      plan.schedules.push({ target: name, cron: declaration.cron, timeZone: declaration.timeZone, attempts: 3 })
    }
  }
  return plan
}
