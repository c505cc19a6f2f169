import { setTimeout as sleep } from 'node:timers/promises'
import { type sendUnaryData, status } from '@grpc/grpc-js'

/**
 * What goes wrong with one call: it is refused with a status before anything is done, or after all is done, or its
 * answer never comes (before or after it is done), or comes late.
 */
export type Fault =
  | { refuse: keyof typeof status }
  | { doneBut: keyof typeof status }
  | 'never'
  | 'done, but no answer'
  | { lateMilliseconds: number }

/** A failure with a gRPC status, as a method of a fake throws it. */
export class StatusError extends Error {
  readonly code: status
  constructor(code: keyof typeof status, details: string) {
    super(details)
    this.code = status[code]
  }
}

/** Answers a unary call with what `work` returns or throws, and with the fault that stands first in `faults`, if any. */
export async function answerWithFaults<Answer>(
  faults: (Fault | null)[],
  work: () => Answer | Promise<Answer>,
  callback: sendUnaryData<Answer>,
): Promise<void> {
  const fault = faults.shift() ?? null
  try {
    if (fault === 'never') return
    if (fault && typeof fault === 'object') {
      if ('refuse' in fault) throw new StatusError(fault.refuse, 'as the test wants it')
      if ('lateMilliseconds' in fault) await sleep(fault.lateMilliseconds)
    }
    const answer = await work()
    if (fault === 'done, but no answer') return
    if (fault && typeof fault === 'object' && 'doneBut' in fault) throw new StatusError(fault.doneBut, 'done, but')
    callback(null, answer)
  } catch (error) {
    const { code = status.INTERNAL, message } = error as { code?: status; message: string }
    callback({ code, details: message })
  }
}
