import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FairQueue } from './fair-queue.ts'

/** Serves everything by ascending tag, first come first served among equals. */
function serveAll(queue: FairQueue, pieces: { flow: string; tag: number }[]): string[] {
  return pieces
    .toSorted((a, b) => a.tag - b.tag)
    .map(({ flow, tag }) => {
      queue.serve(tag)
      return flow
    })
}

test('a flow that brings one piece after ten thousand of another is next but one', () => {
  const queue = new FairQueue()
  const pieces = Array.from({ length: 10_000 }, () => ({ flow: 'large', tag: queue.tag('large') }))
  for (const { tag } of pieces.slice(0, 500)) queue.serve(tag)
  const waiting = [...pieces.slice(500), { flow: 'small', tag: queue.tag('small') }]
  expect(serveAll(queue, waiting).indexOf('small')).toBeLessThanOrEqual(1)
})

test('flows that all have work are served equally often, whatever they brought and when', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 2, maxLength: 6 }), (sizes) => {
      const queue = new FairQueue()
      const pieces = sizes.flatMap((size, flow) =>
        Array.from({ length: size }, () => ({ flow: String(flow), tag: queue.tag(String(flow)) })),
      )
      const served = serveAll(queue, pieces)
      const counts = new Map<string, number>()
      for (const flow of served) {
        counts.set(flow, (counts.get(flow) ?? 0) + 1)
        for (const [other, size] of sizes.entries()) {
          const got = counts.get(String(other)) ?? 0
          if (got < size) expect((counts.get(flow) ?? 0) - got).toBeLessThanOrEqual(1)
        }
      }
    }),
  )
})

test('a flow that was silent gains nothing by it', () => {
  const queue = new FairQueue()
  for (let piece = 0; piece < 100; piece++) queue.serve(queue.tag('busy'))
  expect(queue.tag('silent')).toBe(101)
  expect(queue.tag('busy')).toBe(101)
})

test('after a restart the turns go on from what still waits', () => {
  const queue = new FairQueue()
  queue.restore('large', 10_000)
  queue.restoreServed(400)
  expect(queue.tag('small')).toBe(401)
  expect(queue.tag('large')).toBe(10_001)
})
