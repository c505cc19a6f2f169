import { AppError } from '#shared/domain/errors.ts'
import { PlatformError } from '#shared/platform/errors.ts'
import type { CouncilBench, QueuedStep } from '../setup/council.ts'
import type { Random } from './random.ts'

export interface CourierOptions {
  random: Random
  /** How often each task is delivered at most; some copies come at once, others at any time after. */
  copies: number
  /** Between deliveries: whatever a test wants to happen meanwhile. */
  between?: () => Promise<void>
  /** When there are only tasks left that are to wait. */
  passTime?: () => Promise<void>
}

const porters = 4
const triesInAll = 40

/** Whether it was done; refusals for a state that has changed meanwhile and connections that were lost are none. */
export async function isDone(work: Promise<unknown>): Promise<boolean> {
  try {
    await work
    return true
  } catch (error) {
    if (error instanceof AppError && error.code === 'CONFLICT') return false
    if (error instanceof PlatformError && error.code === 'CONNECTION_LOST') return false
    throw error
  }
}

/** The queue of a council, whose tasks come more than once, at the same time and in any order, and again when they fail. */
export async function carryAll(bench: CouncilBench, options: CourierOptions): Promise<void> {
  const { random, copies, between = async () => {}, passTime = async () => {} } = options
  const tries = new Map<string, number>()
  const stragglers: QueuedStep[] = []
  let busy = 0
  let isPassing = false

  const next = async (): Promise<{ task: QueuedStep; isCopy: boolean } | null> => {
    const isDue = ({ notBefore }: QueuedStep) => notBefore === null || notBefore <= new Date()
    let choice = [...bench.queue.filter(isDue), ...stragglers]
    if (choice.length === 0 && busy === 0 && bench.queue.length > 0 && !isPassing) {
      isPassing = true
      await passTime().finally(() => {
        isPassing = false
      })
      for (const task of bench.queue) task.notBefore = null
      choice = [...bench.queue]
    }
    if (choice.length === 0) return null
    const task = random.pick(choice)
    const isCopy = stragglers.includes(task)
    const from = isCopy ? stragglers : bench.queue
    from.splice(from.indexOf(task), 1)
    return { task, isCopy }
  }

  const carry = async (task: QueuedStep, isCopy: boolean): Promise<void> => {
    const count = isCopy ? 1 : random.integer(1, copies)
    const atOnce = random.integer(1, count)
    const outcomes = await Promise.all(Array.from({ length: atOnce }, () => isDone(bench.deliver(task.step))))
    if (outcomes.includes(true)) {
      for (let copy = atOnce; copy < count; copy++) stragglers.push({ ...task })
    } else {
      const key = JSON.stringify(task.step)
      const tried = (tries.get(key) ?? 0) + 1
      if (tried === triesInAll) throw new Error(`${key} never succeeds`)
      tries.set(key, tried)
      bench.queue.push({ ...task })
    }
    await between()
  }

  const work = async (): Promise<void> => {
    for (;;) {
      const found = await next()
      if (found) {
        busy++
        await carry(found.task, found.isCopy).finally(() => busy--)
      } else if (busy === 0 && !isPassing && bench.queue.length === 0 && stragglers.length === 0) return
      else await new Promise((resolve) => setTimeout(resolve, 2))
    }
  }
  await Promise.all(Array.from({ length: porters }, work))
}
