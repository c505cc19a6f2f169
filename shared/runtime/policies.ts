import type { QueueName } from '#shared/domain/messaging.ts'
import type { QueuePolicy } from '#shared/platform/push/index.ts'
import type { Retry } from './declarations.ts'

/** How long a function may take when its declaration doesn't say, by its kind. */
export const defaultTimeoutSeconds = { route: 60, event: 60, task: 120, cron: 300 }

/** Retry of a subscription that declares none. */
export const defaultRetry: Retry = { attempts: 5, minimumBackoffSeconds: 10, maximumBackoffSeconds: 600 }

/**
 * Attempts that the sender makes beyond the declared ones. Cloud Tasks forgets a task after its last attempt, so the
 * dispatcher writes the dead letter at the last declared attempt, and these are left in case that write fails.
 */
export const spareAttempts = 5

/** The queues of SPEC section 3. `attempts` are the declared ones. */
export const queuePolicies: Record<QueueName, Omit<QueuePolicy, 'name'>> = {
  priority: {
    attempts: 5,
    minimumBackoffSeconds: 1,
    maximumBackoffSeconds: 30,
    concurrency: 20,
    ratePerSecond: 100,
    deadlineSeconds: 30,
  },
  default: {
    attempts: 8,
    minimumBackoffSeconds: 2,
    maximumBackoffSeconds: 300,
    concurrency: 20,
    ratePerSecond: 100,
    deadlineSeconds: 120,
  },
  'long-running': {
    attempts: 5,
    minimumBackoffSeconds: 10,
    maximumBackoffSeconds: 600,
    concurrency: 4,
    ratePerSecond: 20,
    deadlineSeconds: 1800,
  },
  webhooks: {
    attempts: 12,
    minimumBackoffSeconds: 5,
    maximumBackoffSeconds: 3600,
    concurrency: 10,
    ratePerSecond: 50,
    deadlineSeconds: 60,
  },
}
