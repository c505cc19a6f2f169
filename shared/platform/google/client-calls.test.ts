import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { ClientCalls } from './client-calls.ts'
import { grpcStatus } from './status.ts'

/** A client whose calls end as told, one after the other. */
function setUp(options: { timeoutMilliseconds?: number; attemptMilliseconds?: number } = {}) {
  const made: { closed: boolean; close(): Promise<void> }[] = []
  const calls = new ClientCalls({
    service: 'Test',
    timeoutMilliseconds: 2_000,
    attemptMilliseconds: 50,
    ...options,
    async open() {
      const client = {
        closed: false,
        async close() {
          client.closed = true
        },
      }
      made.push(client)
      return client
    },
  })
  return { calls, made }
}

const failure = (code: number) => Object.assign(new Error('failed'), { code })

describe('calls of a Google client', () => {
  test('make no client before the first one, and one for all of them', async () => {
    const { calls, made } = setUp()
    expect(made).toHaveLength(0)
    await Promise.all([calls.call(async () => 1), calls.call(async () => 2)])
    expect(made).toHaveLength(1)
  })

  test('take a new connection after an attempt that got no answer, and close the old one later', async () => {
    const { calls, made } = setUp()
    const used: unknown[] = []
    await calls.call(async (client) => {
      used.push(client)
      if (used.length === 1) throw failure(grpcStatus.DEADLINE_EXCEEDED)
    })
    expect(used).toEqual(made)
    expect(made.map(({ closed }) => closed)).toEqual([false, false])
    await expect.poll(() => made.map(({ closed }) => closed)).toEqual([true, false])
  })

  test('keep the connection after other failures', async () => {
    const { calls, made } = setUp()
    let count = 0
    await calls.call(async () => {
      if (++count < 3) throw failure(grpcStatus.UNAVAILABLE)
    })
    expect([count, made.length]).toEqual([3, 1])
  })

  test('tell each attempt how long it may take: no longer than the call', async () => {
    const { calls } = setUp({ timeoutMilliseconds: 30, attemptMilliseconds: 1_000 })
    const { timeout, retry } = await calls.call(async (_, options) => options)
    expect(timeout).toBeLessThanOrEqual(30)
    expect(retry.retryCodes).toEqual([])
  })

  test('end in time even when the client never does, and start nothing afterwards', async () => {
    const { calls } = setUp({ timeoutMilliseconds: 60 })
    let count = 0
    const startedAt = performance.now()
    await expect(calls.call(() => new Promise(() => {}))).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    await expect(
      calls.call(async () => {
        count++
        throw failure(grpcStatus.UNAVAILABLE)
      }),
    ).rejects.toMatchObject({ code: grpcStatus.UNAVAILABLE })
    expect(performance.now() - startedAt).toBeLessThan(1_000)
    const before = count
    await sleep(150)
    expect(count).toBe(before)
  })

  test('are over with close, which waits for those under way and lets none begin', async () => {
    const { calls, made } = setUp()
    let done = false
    const call = calls.call(async () => {
      await sleep(30)
      done = made[0]?.closed === false
    })
    await calls.close()
    await call
    expect([done, made[0]?.closed]).toEqual([true, true])
    await expect(calls.call(async () => 1)).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  })
})
