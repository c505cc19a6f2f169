import { type DriverAnswer, type DriverRequest, type ModelDriver, ModelError } from './types.ts'

/** For so long a driver that was told to stop may still say what its call came to. */
const graceMilliseconds = 250

/** A model let its time pass. */
export class OverdueError extends ModelError {}

export interface OneCall {
  driver: ModelDriver
  request: DriverRequest
  timeoutMilliseconds: number
  signal: AbortSignal
  onText: ((piece: string) => void) | undefined
  /** Rejects once its signal is aborted. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>
}

type Outcome = { kind: 'answered'; answer: DriverAnswer } | { kind: 'failed'; error: unknown } | { kind: 'open' }

/**
 * Asks a driver once, and is over in time whatever the driver does. When it had to be stopped, what it says within a
 * moment counts all the same: an answer that was just coming, or that nothing was sent.
 *
 * @throws ModelError: OverdueError after the timeout; with `mayHaveCost` wherever the driver doesn't know better
 */
export async function askOnce(call: OneCall): Promise<DriverAnswer> {
  const { driver, request, timeoutMilliseconds, signal, onText, sleep } = call
  const stop = new AbortController()
  const over = new AbortController()
  const stopped = new Promise<void>((resolve) => {
    stop.signal.addEventListener('abort', () => resolve(), { once: true })
  })
  const cancel = () => stop.abort(signal.reason)
  if (signal.aborted) cancel()
  signal.addEventListener('abort', cancel, { once: true })
  sleep(timeoutMilliseconds, over.signal).then(
    () => stop.abort(new Error(`no answer within ${timeoutMilliseconds} ms`)),
    () => {},
  )
  const outcome: { current: Outcome } = { current: { kind: 'open' } }
  const ended = (async () => {
    try {
      const tell = onText && ((piece: string) => void (stop.signal.aborted || onText(piece)))
      outcome.current = { kind: 'answered', answer: await driver.complete(request, stop.signal, tell) }
    } catch (error) {
      outcome.current = { kind: 'failed', error }
    }
  })()
  await Promise.race([ended, stopped])
  if (stop.signal.aborted) await Promise.race([ended, sleep(graceMilliseconds, over.signal).catch(() => {})])
  over.abort()
  signal.removeEventListener('abort', cancel)
  return result(outcome.current, stop.signal.aborted && !signal.aborted ? timeoutMilliseconds : null)
}

function result(outcome: Outcome, overdueMilliseconds: number | null): DriverAnswer {
  if (outcome.kind === 'answered') return outcome.answer
  const error = outcome.kind === 'failed' ? outcome.error : undefined
  const known = error instanceof ModelError ? error : null
  if (overdueMilliseconds !== null) {
    throw new OverdueError('unavailable', `it did not answer within ${overdueMilliseconds / 1000} s`, {
      cause: error,
      mayHaveCost: known?.mayHaveCost ?? true,
    })
  }
  if (known) throw known
  // Drivers throw nothing else; if one does, nobody knows how far it came.
  throw new ModelError('unavailable', 'its driver failed', { cause: error, mayHaveCost: true })
}
