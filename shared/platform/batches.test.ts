import { describe, expect, test } from 'vitest'
import { Batches } from './batches.ts'

/** Work that is held until it is let go of. */
function heldWork() {
  const calls: { items: number[]; end(error?: Error): void }[] = []
  const work = (items: number[]) =>
    new Promise<void>((resolve, reject) => {
      calls.push({ items, end: (error) => (error ? reject(error) : resolve()) })
    })
  return { calls, work }
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

describe('batches', () => {
  test('the first caller waits for nobody; those who come meanwhile share the next batch, in their order', async () => {
    const { calls, work } = heldWork()
    const batches = new Batches(work)
    const done: number[] = []
    for (const number of [1, 2, 3]) void batches.add([number, number * 10]).then(() => done.push(number))
    expect(calls.map(({ items }) => items)).toEqual([[1, 10]])
    calls[0]!.end()
    await turn()
    expect(done).toEqual([1])
    expect(calls[1]!.items).toEqual([2, 20, 3, 30])
    calls[1]!.end()
    await turn()
    expect(done).toEqual([1, 2, 3])
    void batches.add([4])
    expect(calls[2]!.items).toEqual([4])
  })

  test('nobody fails for what another brought', async () => {
    const seen: number[][] = []
    const batches = new Batches<number>(async (items) => {
      seen.push(items)
      await turn()
      if (items.includes(3)) throw new Error('three')
    })
    const ends = await Promise.allSettled([1, 2, 3, 4].map((number) => batches.add([number])))
    expect(ends.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled'])
    expect(seen).toEqual([[1], [2, 3, 4], [2], [3], [4]])
    await batches.add([5])
  })

  test('a batch has no more items than its limit, unless one caller brings more', async () => {
    const { calls, work } = heldWork()
    const batches = new Batches(work, 3)
    for (const items of [[1], [2, 3], [4, 5], [6, 7, 8, 9], [10]]) void batches.add(items)
    for (let at = 0; at < 5 && calls[at]; at++) {
      calls[at]!.end()
      await turn()
    }
    expect(calls.map(({ items }) => items)).toEqual([[1], [2, 3], [4, 5], [6, 7, 8, 9], [10]])
  })
})
