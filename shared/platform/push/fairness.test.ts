import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { QueueTask } from '../queue/index.ts'
import type { EmbeddedCloud } from './embedded.ts'
import { startTestCloud } from './embedded-test-cloud.ts'
import type { QueuePolicy } from './index.ts'
import { Receiver } from './test-receiver.ts'

const backlog = 10_000
const patienceMilliseconds = 60_000

const queue = (name: string): QueuePolicy => ({
  name,
  attempts: 3,
  minimumBackoffSeconds: 5,
  maximumBackoffSeconds: 300,
  // More than all of them together may have under way.
  concurrency: 100,
  ratePerSecond: 10_000,
  deadlineSeconds: 120,
})

let receiver: Receiver
let cloud: EmbeddedCloud

beforeEach(async () => {
  receiver = await Receiver.start()
  cloud = await startTestCloud({
    plan: {
      subscriptions: [
        {
          topic: 'documents',
          eventTypes: [],
          target: 'subscriber',
          attempts: 3,
          minimumBackoffSeconds: 10,
          maximumBackoffSeconds: 600,
          ackDeadlineSeconds: 30,
        },
      ],
      queues: ['bulk', 'other', 'third'].map(queue),
      schedules: [],
      deadLetterTarget: 'keep-dead-letters',
    },
    urlOf: receiver.urlOf,
  })
})
afterEach(async () => {
  await cloud.stop()
  await receiver.stop()
})

const task = (queueName: string, target: string, org: string): QueueTask => ({
  id: randomUUID(),
  queue: queueName,
  target,
  body: JSON.stringify({ org_id: org }),
})

/** One organization brings ten thousand tasks to one queue. */
async function flood(): Promise<void> {
  const tasks = Array.from({ length: backlog }, () => task('bulk', 'bulk-worker', 'large'))
  for (let at = 0; at < backlog; at += 500) await cloud.queue.enqueue(tasks.slice(at, at + 500))
}

const publishFor = (org: string) =>
  cloud.bus.publish([
    {
      id: randomUUID(),
      topic: 'documents',
      body: JSON.stringify({ org_id: org }),
      attributes: { event_type: 'document.stored' },
    },
  ])

test('behind ten thousand tasks of one organization, another’s are next: in their queue, in others, and its events', {
  timeout: 240_000,
}, async () => {
  const all = Promise.withResolvers<void>()
  receiver.answer('bulk-worker', async () => {
    await all.promise
    await sleep(5)
    return 200
  })
  await flood()
  await Promise.all([
    cloud.queue.enqueue(Array.from({ length: 5 }, () => task('bulk', 'bulk-worker', 'small'))),
    cloud.queue.enqueue([task('other', 'other-worker', 'small')]),
    publishFor('small'),
  ])
  // All of it waits by now, whatever the machine was busy with.
  const before = receiver.requests('bulk-worker').length
  all.resolve()
  await receiver.until('other-worker', 1, patienceMilliseconds)
  await receiver.until('subscriber', 1, patienceMilliseconds)
  const isSmall = ({ body }: { body: string }) => body.includes('small')
  await expect
    .poll(() => receiver.requests('bulk-worker').filter(isSmall).length, { timeout: patienceMilliseconds })
    .toBe(5)
  // Those that were claimed already go first, and then they take turns.
  const last = receiver.requests('bulk-worker').findLastIndex(isSmall)
  expect(last - before).toBeLessThan(1000)
})

test('a queue whose tasks never end holds all places but those that every other queue and subscription has', {
  timeout: 240_000,
}, async () => {
  receiver.answer('bulk-worker', () => 'never')
  await flood()
  await receiver.until('bulk-worker', 64, patienceMilliseconds)
  await cloud.queue.enqueue([
    ...Array.from({ length: 20 }, () => task('other', 'other-worker', 'large')),
    ...Array.from({ length: 20 }, () => task('third', 'third-worker', 'small')),
  ])
  for (let event = 0; event < 20; event++) await publishFor('large')
  for (const target of ['other-worker', 'third-worker', 'subscriber']) {
    await receiver.until(target, 20, patienceMilliseconds)
  }
  expect(receiver.requests('bulk-worker').length).toBeLessThanOrEqual(64 + 2)
})
