import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { PushPlan, QueuePolicy } from '../push/index.ts'
import { Receiver } from '../push/test-receiver.ts'
import type { Queue, QueueTask } from './index.ts'

export interface QueueDriver {
  queue: Queue
  stop(): Promise<void>
}

/** Makes a queue whose tasks are posted to `urlOf(target)`, with every backoff multiplied by `backoffScale`. */
export type MakeQueue = (options: {
  plan: PushPlan
  urlOf(target: string): string
  backoffScale: number
}) => Promise<QueueDriver>

const backoffScale = 0.02

/** What every queue must do, whichever driver is behind it. */
export function describeQueue(name: string, makeQueue: MakeQueue): void {
  describe(`queue: ${name}`, () => {
    let receiver: Receiver
    let driver: QueueDriver | undefined

    beforeEach(async () => {
      receiver = await Receiver.start()
    })

    afterEach(async () => {
      await driver?.stop()
      driver = undefined
      await receiver.stop()
    })

    async function start(policy: Partial<QueuePolicy> = {}): Promise<Queue> {
      const queue: QueuePolicy = {
        name: 'default',
        attempts: 5,
        minimumBackoffSeconds: 5,
        maximumBackoffSeconds: 300,
        concurrency: 10,
        ratePerSecond: 500,
        deadlineSeconds: 10,
        ...policy,
      }
      const plan: PushPlan = {
        subscriptions: [],
        queues: [queue],
        schedules: [],
        deadLetterTarget: 'keep-dead-letters',
      }
      driver = await makeQueue({ plan, urlOf: receiver.urlOf, backoffScale })
      return driver.queue
    }

    test('a task arrives once, its body as it is, with what Cloud Tasks says in headers', async () => {
      const queue = await start()
      const body = '{"text":"Straße ☃ 𝄞", "spaces" :  1}'
      const given = task({ body })
      await queue.enqueue([given])
      const [request] = await receiver.until('worker', 1)
      await sleep(150)
      expect(receiver.requests('worker')).toHaveLength(1)
      expect(request?.body).toBe(body)
      expect(request?.headers).toMatchObject({
        'content-type': 'application/json',
        'user-agent': 'Google-Cloud-Tasks',
        'x-cloudtasks-queuename': 'default',
        // Some put a hash before it, so that names don't follow one another.
        'x-cloudtasks-taskname': expect.stringMatching(`^(.+-)?${given.id}$`),
        'x-cloudtasks-taskretrycount': '0',
        'x-cloudtasks-taskexecutioncount': '0',
      })
      const etaSeconds = Number(request?.headers['x-cloudtasks-tasketa'])
      expect(Math.abs(etaSeconds - Date.now() / 1000)).toBeLessThan(10)
      expect(request?.headers).not.toHaveProperty('x-cloudtasks-taskpreviousresponse')
    })

    test('a second task with the same id is dropped: at once, together, and after the first is done', async () => {
      const queue = await start()
      const given = task({})
      await Promise.all([queue.enqueue([given, given]), queue.enqueue([given])])
      await receiver.until('worker', 1)
      await sleep(150)
      await queue.enqueue([given])
      await sleep(150)
      expect(receiver.requests('worker')).toHaveLength(1)
    })

    test('a failed task is repeated after growing pauses, and told how often and why', async () => {
      const queue = await start()
      receiver.answer('worker', (_, count) => [503, 404, 500][count - 1] ?? 201)
      await queue.enqueue([task({})])
      const requests = await receiver.until('worker', 4)
      await sleep(300)
      expect(receiver.requests('worker')).toHaveLength(4)
      const headers = (part: string) => requests.map((request) => request.headers[`x-cloudtasks-task${part}`])
      expect(headers('retrycount')).toEqual(['0', '1', '2', '3'])
      expect(headers('executioncount')).toEqual(['0', '0', '1', '1'])
      expect(headers('previousresponse')).toEqual([undefined, '503', '404', '500'])
      const pauses = requests.slice(1).map((request, index) => request.at - (requests[index]?.at ?? 0))
      const minimum = 5000 * backoffScale
      expect(pauses[0]).toBeGreaterThanOrEqual(minimum - 5)
      expect(pauses[1]).toBeGreaterThanOrEqual(2 * minimum - 5)
      expect(pauses[2]).toBeGreaterThanOrEqual(4 * minimum - 5)
    })

    test('a task is gone after its last attempt', async () => {
      const queue = await start({ attempts: 3, minimumBackoffSeconds: 1 })
      receiver.answer('worker', () => 500)
      await queue.enqueue([task({})])
      await receiver.until('worker', 3)
      await sleep(500)
      expect(receiver.requests('worker')).toHaveLength(3)
      expect(receiver.requests('keep-dead-letters')).toHaveLength(0)
    })

    test('an attempt beyond its deadline is cut off and repeated', async () => {
      const queue = await start({ deadlineSeconds: 1 })
      receiver.answer('worker', (_, count) => (count === 1 ? 'never' : 200))
      await queue.enqueue([task({})])
      const [first, second] = await receiver.until('worker', 2)
      expect(second!.at - first!.at).toBeGreaterThanOrEqual(1000)
      expect(second?.headers['x-cloudtasks-taskretryreason']).toBeTruthy()
      await sleep(50)
      expect(receiver.open.get('worker')).toBe(0)
    })

    test('a task does not arrive before its time, and others do meanwhile', async () => {
      const queue = await start()
      const notBefore = new Date(Date.now() + 1200)
      const later = task({ body: '"later"', notBefore })
      await queue.enqueue([later, task({ body: '"now"' })])
      await queue.enqueue([task({ body: '"now"' })])
      await receiver.until('worker', 3)
      expect(Date.now()).toBeGreaterThanOrEqual(notBefore.getTime())
      expect(Date.now()).toBeLessThan(notBefore.getTime() + 1000)
      expect(receiver.requests('worker').map((request) => request.body)).toEqual(['"now"', '"now"', '"later"'])
    })

    test('never more tasks are under way than the queue allows', async () => {
      const queue = await start({ concurrency: 3 })
      let most = 0
      receiver.answer('worker', async () => {
        most = Math.max(most, receiver.open.get('worker') ?? 0)
        await sleep(20)
        return 200
      })
      await queue.enqueue(Array.from({ length: 30 }, () => task({})))
      await receiver.until('worker', 30)
      expect(most).toBe(3)
    })

    test('never more tasks are dispatched in a second than the queue allows', async () => {
      const queue = await start({ ratePerSecond: 20 })
      await queue.enqueue(Array.from({ length: 30 }, () => task({})))
      const requests = await receiver.until('worker', 30)
      const times = requests.map((request) => request.at)
      // Beside the rate, a burst of a fifth of a second's worth.
      for (const start of times) {
        expect(times.filter((time) => time >= start && time < start + 500).length).toBeLessThanOrEqual(10 + 4 + 1)
      }
      expect(times.at(-1)! - times[0]!).toBeGreaterThan(1000)
    })

    test('an unknown queue is NOT_FOUND, and nothing of the call is enqueued', async () => {
      const queue = await start()
      await expect(queue.enqueue([task({}), task({ queue: 'missing' })])).rejects.toMatchObject({ code: 'NOT_FOUND' })
      await sleep(100)
      expect(receiver.requests('worker')).toHaveLength(0)
    })

    test('a closed queue refuses', async () => {
      const queue = await start()
      await queue.check()
      await queue.close()
      await expect(queue.enqueue([task({})])).rejects.toMatchObject({ code: 'UNAVAILABLE' })
      await expect(queue.check()).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    })
  })
}

function task(parts: Partial<QueueTask>): QueueTask {
  const body = JSON.stringify({ org_id: randomUUID(), payload: {} })
  return { id: randomUUID(), queue: 'default', target: 'worker', body, ...parts }
}
