import { tooManyRequests } from './gotrue-error.ts'

/** Lets a few pieces of costly work run at once, some more wait in order, and refuses the rest. */
export interface Gate {
  /** @throws GoTrueError over_request_rate_limit when too many are waiting */
  run<Result>(work: () => Promise<Result>): Promise<Result>
}

export function createGate({ concurrency, waiting: maximumWaiting }: { concurrency: number; waiting: number }): Gate {
  const waiting: (() => void)[] = []
  let running = 0
  return {
    async run(work) {
      if (running < concurrency) running++
      else if (waiting.length >= maximumWaiting) throw tooManyRequests(1)
      // Whoever leaves hands its place over, so `running` stays as it is.
      else await new Promise<void>((resolve) => waiting.push(resolve))
      try {
        return await work()
      } finally {
        const next = waiting.shift()
        if (next) next()
        else running--
      }
    },
  }
}
