import type { IncomingMessage } from 'node:http'

export type StorageFault =
  /** Refused, with nothing done. */
  | { kind: 'status'; status: number }
  /** The connection ends after so many bytes of the request's body, which have arrived. */
  | { kind: 'cut-request'; afterBytes: number }
  /** All is done, and the connection ends instead of the answer. */
  | { kind: 'lose-answer' }
  /** The connection ends after so many bytes of the answer's body. */
  | { kind: 'cut-answer'; afterBytes: number }
  /** No answer, or no more of it after so many bytes, until the client goes away. */
  | { kind: 'hang'; afterBytes?: number }
  /** One bit of a body is another one: of what is to be stored, or of what a GET sends. */
  | { kind: 'damage'; isUnnoticed?: boolean }

interface Plan {
  method: string
  path: RegExp
  left: number
  fault: StorageFault
}

/** Faults that the next fitting requests meet, in the order they were planned. */
export class StorageFaults {
  #plans: Plan[] = []

  /** @param path - matched against path and query. */
  plan(method: string, path: RegExp, fault: StorageFault, times = 1): void {
    this.#plans.push({ method, path, left: times, fault })
  }

  /** How many planned faults no request has met. */
  get left(): number {
    return this.#plans.reduce((sum, { left }) => sum + left, 0)
  }

  take(request: IncomingMessage): StorageFault | null {
    const plan = this.#plans.find(
      ({ left, method, path }) => left > 0 && method === request.method && path.test(request.url ?? ''),
    )
    if (!plan) return null
    plan.left--
    return plan.fault
  }
}

export function withOneBitFlipped(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes)
  if (copy.length > 0) copy[copy.length >> 1]! ^= 1
  return copy
}
