import { expect, test } from 'vitest'
import { Believed } from './believed.ts'

test('what was looked up is believed for five seconds, however the clock jumps', async () => {
  const start = Date.UTC(2026, 10, 21)
  let now = start
  const believed = new Believed<{ name: string }>(() => new Date(now))
  await believed.look('id', async () => ({ name: 'known' }))
  for (const [milliseconds, known] of [
    [0, true],
    [4_999, true],
    [5_000, false],
    [86_400_000, false],
    // Set back: it would be believed for all of that time.
    [-5_000, false],
    [-3_600_000, false],
  ] as const) {
    now = start + milliseconds
    expect(believed.recall('id') !== null, `${milliseconds} ms`).toBe(known)
  }
})
