/** How webhooks are sent from now on. */
export interface WebhookBehaviour {
  /** `held`: kept, until they are sent again on request. */
  mode: 'normal' | 'lost' | 'doubled'
  /** Each is late by this. */
  delaySeconds: number
  /** Each is late by up to this, so that they change places. */
  shuffleSeconds: number
}

export interface Behaviour extends WebhookBehaviour {
  /** Refunds stay pending until they are ended on request. */
  refundsPend: boolean
}

export const usual: Behaviour = { mode: 'normal', delaySeconds: 0, shuffleSeconds: 0, refundsPend: false }

/**
 * What goes wrong with a request: `refused`, `unanswered`: nothing was done; `answer-lost`, `failed-after`: it was done,
 * and the connection broke or 500 was answered; `late`: it was done, and the answer takes long.
 */
export type FailureMode = 'refused' | 'unanswered' | 'answer-lost' | 'failed-after' | 'late' | 'throttled'

export interface Failure {
  mode: FailureMode
  /** Of which requests; all when absent. */
  method?: string
  /** Part of their path, `/refund`. */
  path?: string
  /** How many of them; one when absent. */
  times?: number
  /** Of `late`. */
  milliseconds?: number
}

/** The failures that were asked for, taken one by one. */
export function createFailures() {
  let pending: (Failure & { times: number; milliseconds: number })[] = []
  return {
    add({ times = 1, milliseconds = 0, ...failure }: Failure): void {
      pending.push({ ...failure, times, milliseconds })
    },
    clear(): void {
      pending = []
    },
    take(method: string, path: string): { mode: FailureMode; milliseconds: number } | null {
      const found = pending.find(
        (one) => (one.method === undefined || one.method === method) && (!one.path || path.includes(one.path)),
      )
      if (!found) return null
      found.times -= 1
      if (found.times <= 0) pending.splice(pending.indexOf(found), 1)
      return found
    },
  }
}
