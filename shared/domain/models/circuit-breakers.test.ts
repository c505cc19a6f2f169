import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CircuitBreakers, type Permit } from './circuit-breakers.ts'

function setUp() {
  const time = { milliseconds: 0 }
  const breakers = new CircuitBreakers(() => time.milliseconds)
  const failTimes = (count: number) => {
    for (let at = 0; at < count; at++) breakers.enter('m')!.failed()
  }
  return { breakers, time, failTimes }
}

describe('circuit breakers', () => {
  test('five failures in a row open the circuit of that model alone', () => {
    const { breakers, failTimes } = setUp()
    failTimes(4)
    expect(breakers.state('m')).toBe('closed')
    failTimes(1)
    expect([breakers.state('m'), breakers.enter('m'), breakers.waitSeconds('m')]).toEqual(['open', null, 15])
    expect(breakers.enter('other')).not.toBeNull()
  })

  test('an answer in between makes the count begin anew', () => {
    const { breakers, failTimes } = setUp()
    failTimes(4)
    breakers.enter('m')!.succeeded()
    failTimes(4)
    expect(breakers.state('m')).toBe('closed')
  })

  test('after its time one call tries, and no other meanwhile; an answer closes the circuit', () => {
    const { breakers, time, failTimes } = setUp()
    failTimes(5)
    time.milliseconds = 15_000
    const trial = breakers.enter('m')!
    expect([breakers.state('m'), breakers.enter('m')]).toEqual(['trying', null])
    trial.succeeded()
    expect(breakers.state('m')).toBe('closed')
  })

  test('a trial that fails keeps it open for twice as long, at most five minutes', () => {
    const { breakers, time, failTimes } = setUp()
    failTimes(5)
    const waits: number[] = []
    for (let at = 0; at < 8; at++) {
      time.milliseconds += breakers.waitSeconds('m') * 1000
      breakers.enter('m')!.failed()
      waits.push(breakers.waitSeconds('m'))
    }
    expect(waits).toEqual([30, 60, 120, 240, 300, 300, 300, 300])
  })

  test('a trial that was cancelled lets the next one try; a late failure from before does not end a trial', () => {
    const { breakers, time, failTimes } = setUp()
    const old = breakers.enter('m')!
    failTimes(5)
    time.milliseconds = 15_000
    breakers.enter('m')!.left()
    const trial = breakers.enter('m')!
    old.failed()
    old.left()
    expect([breakers.state('m'), breakers.enter('m')]).toEqual(['trying', null])
    trial.succeeded()
    expect(breakers.state('m')).toBe('closed')
  })

  test('whatever happens, at most one call tries at a time, and a model is never shut out for ever', () => {
    const step = fc.record({
      wait: fc.integer({ min: 0, max: 400_000 }),
      end: fc.constantFrom('succeeded' as const, 'failed' as const, 'left' as const),
      which: fc.nat(),
      enters: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { breakers, time } = setUp()
        const open: Permit[] = []
        for (const { wait, end, which, enters } of steps) {
          time.milliseconds += wait
          const before = breakers.state('m')
          const permit = enters ? breakers.enter('m') : null
          if (permit) open.push(permit)
          if (enters && before === 'trying') expect(permit).toBeNull()
          if (open.length > 0) open.splice(which % open.length, 1)[0]![end]()
        }
        for (const permit of open) permit.left()
        time.milliseconds += 300_000
        expect(breakers.enter('m')).not.toBeNull()
      }),
    )
  })
})
