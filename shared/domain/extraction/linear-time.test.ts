import { describe, expect, it } from 'vitest'
import { adversarialTexts } from './adversarial-inputs.ts'
import { findIndicators } from './indicators.ts'

/** Processor time of one extraction; the time of other processes on the machine does not count. */
function processorMilliseconds(text: string): number {
  const from = process.cpuUsage()
  findIndicators(text)
  const { user, system } = process.cpuUsage(from)
  return (user + system) / 1000
}

const LENGTH = 1 << 19
/** Quadratic work on half a megabyte takes minutes; this leaves room for slow machines and none for that. */
const MOST_MILLISECONDS = 3000
/** Below this the clock says nothing about growth. */
const NOISE_MILLISECONDS = 100

describe('time is linear in the length of the text', () => {
  const small = adversarialTexts(LENGTH / 2)
  const large = adversarialTexts(LENGTH)

  it.each(large.map(({ name }, index) => ({ name, index })))('for $name repeated', ({ index }) => {
    const whole = processorMilliseconds(large[index]!.text)
    expect(whole).toBeLessThan(MOST_MILLISECONDS)
    if (whole < NOISE_MILLISECONDS) return
    // Twice the text takes about twice the time; four times would be quadratic. The best of three pairs counts.
    let growth = Number.POSITIVE_INFINITY
    for (let pair = 0; pair < 3 && growth >= 3; pair++) {
      const half = processorMilliseconds(small[index]!.text)
      growth = Math.min(growth, processorMilliseconds(large[index]!.text) / half)
    }
    expect(growth).toBeLessThan(3)
  })
})
