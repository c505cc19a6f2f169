import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { createGate } from './gate.ts'

describe('the gate before costly work', () => {
  it('lets as many through at once as it should, in order, also when work fails', async () => {
    const gate = createGate({ concurrency: 2, waiting: 100 })
    const order: number[] = []
    let running = 0
    let most = 0
    const results = await Promise.allSettled(
      Array.from({ length: 20 }, (_, number) =>
        gate.run(async () => {
          order.push(number)
          most = Math.max(most, ++running)
          await sleep(1)
          running--
          if (number % 3 === 0) throw new Error('failed')
          return number
        }),
      ),
    )
    expect(most).toBe(2)
    expect(order).toEqual(Array.from({ length: 20 }, (_, number) => number))
    expect(results.filter(({ status }) => status === 'rejected')).toHaveLength(7)
    expect(await gate.run(async () => 'open again')).toBe('open again')
  })

  it('turns away whoever finds the waiting room full, and nobody after it has emptied', async () => {
    const gate = createGate({ concurrency: 1, waiting: 2 })
    const attempts = Array.from({ length: 5 }, () => gate.run(() => sleep(5)))
    const results = await Promise.allSettled(attempts)
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'rejected', 'rejected'])
    expect(results[4]).toMatchObject({ reason: { status: 429, code: 'over_request_rate_limit' } })
    await gate.run(() => sleep(0))
  })
})
