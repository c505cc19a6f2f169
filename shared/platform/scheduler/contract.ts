import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { PushPlan, Schedule } from '../push/index.ts'
import { Receiver } from '../push/test-receiver.ts'

export interface SchedulerDriver {
  stop(): Promise<void>
}

/** Makes a scheduler that posts to `urlOf(target)`, with every backoff multiplied by `backoffScale`. */
export type MakeScheduler = (options: {
  plan: PushPlan
  urlOf(target: string): string
  backoffScale: number
}) => Promise<SchedulerDriver>

/** What every scheduler must do. Its crons have a sixth field, seconds, since no test waits for a minute. */
export function describeScheduler(name: string, makeScheduler: MakeScheduler): void {
  describe(`scheduler: ${name}`, () => {
    let receiver: Receiver
    let driver: SchedulerDriver | undefined

    beforeEach(async () => {
      receiver = await Receiver.start()
    })

    afterEach(async () => {
      await driver?.stop()
      driver = undefined
      await receiver.stop()
    })

    async function start(...schedules: Partial<Schedule>[]): Promise<void> {
      const plan: PushPlan = {
        subscriptions: [],
        queues: [],
        schedules: schedules.map((schedule) => ({
          target: 'every-second',
          cron: '* * * * * *',
          timeZone: 'Etc/UTC',
          attempts: 3,
          ...schedule,
        })),
        deadLetterTarget: 'keep-dead-letters',
      }
      driver = await makeScheduler({ plan, urlOf: receiver.urlOf, backoffScale: 0.02 })
    }

    test('each occurrence is posted once, on time, and says which it is', async () => {
      await start({})
      await receiver.until('every-second', 3)
      const arrivals = receiver.requests('every-second')
      const times = arrivals.map(({ headers }) => headers['x-cloudscheduler-scheduletime'] as string)
      expect(new Set(times).size).toBe(times.length)
      for (const time of times) expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/)
      const steps = times.slice(1).map((time, index) => Date.parse(time) - Date.parse(times[index] ?? ''))
      expect(steps.every((step) => step === 1000)).toBe(true)
      expect(Date.now() - Date.parse(times.at(-1) ?? '')).toBeLessThan(1000)
      expect(arrivals[0]?.headers).toMatchObject({
        'x-cloudscheduler': 'true',
        'x-cloudscheduler-jobname': 'every-second',
        'user-agent': 'Google-Cloud-Scheduler',
      })
    })

    test('a failed occurrence is repeated under its own time, and given up after its attempts', async () => {
      await start({ cron: '*/3 * * * * *', attempts: 3 })
      receiver.answer('every-second', () => 500)
      const requests = await receiver.until('every-second', 4)
      const times = requests.map(({ headers }) => headers['x-cloudscheduler-scheduletime'])
      expect(new Set(times.slice(0, 3)).size).toBe(1)
      expect(times[3]).not.toBe(times[2])
    })

    test('a schedule that hangs does not hold up another', async () => {
      await start({ target: 'hanging' }, { target: 'healthy' })
      receiver.answer('hanging', () => 'never')
      await receiver.until('healthy', 3)
    })

    test('a schedule in the far future stays quiet', async () => {
      await start({ cron: '0 0 29 2 *', target: 'leap-day' })
      await sleep(300)
      expect(receiver.requests('leap-day')).toHaveLength(0)
    })

    test.each([
      ['not a cron', 'Etc/UTC'],
      ['0 2 * * *', 'Atlantis/Poseidonis'],
    ])('%j in %s is refused', async (cron, timeZone) => {
      await expect(start({ cron, timeZone })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
    })
  })
}
