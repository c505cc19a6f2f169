import { setTimeout as sleep } from 'node:timers/promises'
import { PlatformError } from '../errors.ts'
import { grpcStatus, isPassing, statusOf } from './status.ts'

/** What Google's generated clients take beside a request. Their own retries go on for ten minutes: ours are bounded. */
export interface CallOptions {
  timeout: number
  retry: { retryCodes: [] }
}

interface Closable {
  close(): Promise<unknown>
}

export interface ClientCallsOptions<Client> {
  /** For messages. */
  service: string
  /** Loads the client's package and makes a client; called before the first call, and again when that failed. */
  open(): Promise<Client>
  /** For a call with all its attempts. */
  timeoutMilliseconds: number
  /** For one attempt. */
  attemptMilliseconds: number
}

/**
 * For the options of every client that `ClientCalls` opens: gRPC otherwise shares connections between the clients of a
 * process, and a new client would go on with the dead connection of the one it replaces.
 */
export const ownConnection = { 'grpc.use_local_subchannel_pool': 1 }

const firstPauseMilliseconds = 50
const longestPauseMilliseconds = 2_000

/** Calls a Google service: the client is made at the first call, and every call ends in time, whatever hangs. */
export class ClientCalls<Client extends Closable> {
  readonly #options: ClientCallsOptions<Client>
  readonly #underWay = new Set<Promise<unknown>>()
  #client: Promise<Client> | undefined
  #isOpen = true

  constructor(options: ClientCallsOptions<Client>) {
    this.#options = options
  }

  get isOpen(): boolean {
    return this.#isOpen
  }

  /**
   * Repeats a call until it works, is refused for good, or the time is over.
   *
   * @param work - one attempt; what it throws by itself as `PlatformError` is final.
   * @param mayRepeat - whether another attempt may follow this failure; by default when it may pass.
   * @throws what the last attempt threw; PlatformError UNAVAILABLE when none ended in time, or after `close()`.
   */
  async call<Result>(
    work: (client: Client, options: CallOptions) => Promise<Result>,
    mayRepeat: (error: unknown) => boolean = isPassing,
  ): Promise<Result> {
    const { service, timeoutMilliseconds } = this.#options
    if (!this.#isOpen) throw new PlatformError('UNAVAILABLE', `${service}: the client is closed.`)
    const stop = new AbortController()
    const failures: unknown[] = []
    const overdue = sleep(timeoutMilliseconds, undefined, { signal: stop.signal }).then(() => {
      // Why an attempt failed says more than that the next one was not over in time.
      if (failures.length > 0) throw failures.at(-1)
      throw new PlatformError('UNAVAILABLE', `${service} did not answer within ${timeoutMilliseconds} ms.`)
    })
    overdue.catch(() => {})
    const attempts = this.#attempts(work, mayRepeat, failures, stop.signal)
    attempts.catch(() => {})
    const call = Promise.race([attempts, overdue])
    this.#underWay.add(call)
    try {
      return await call
    } finally {
      this.#underWay.delete(call)
      stop.abort()
    }
  }

  /** Makes the client before the first call. @throws what making it throws */
  async open(): Promise<void> {
    if (this.#isOpen) await this.#open()
  }

  /** Refuses new calls, waits for those under way, and closes the client. */
  async close(): Promise<void> {
    this.#isOpen = false
    await Promise.allSettled(this.#underWay)
    const client = await this.#client?.catch(() => undefined)
    this.#client = undefined
    await client?.close()
  }

  async #attempts<Result>(
    work: (client: Client, options: CallOptions) => Promise<Result>,
    mayRepeat: (error: unknown) => boolean,
    failures: unknown[],
    signal: AbortSignal,
  ): Promise<Result> {
    const { timeoutMilliseconds, attemptMilliseconds } = this.#options
    const deadline = performance.now() + timeoutMilliseconds
    for (let pause = firstPauseMilliseconds; ; pause = Math.min(2 * pause, longestPauseMilliseconds)) {
      const opened = this.#open()
      let isOpened = false
      try {
        const client = await opened
        isOpened = true
        const timeout = Math.max(1, Math.ceil(Math.min(deadline - performance.now(), attemptMilliseconds)))
        return await work(client, { timeout, retry: { retryCodes: [] } })
      } catch (error) {
        failures.push(error)
        if (statusOf(error) === grpcStatus.DEADLINE_EXCEEDED) this.#discard(opened)
        // From half to all of the pause, so that instances that failed together don't come back together.
        const jittered = pause * (0.5 + Math.random() / 2)
        const isFinal = isOpened && !mayRepeat(error)
        if (isFinal || performance.now() + jittered >= deadline) throw error
        await sleep(jittered, undefined, { signal })
      }
    }
  }

  #open(): Promise<Client> {
    this.#client ??= this.#options.open().catch((error) => {
      this.#client = undefined
      throw error
    })
    return this.#client
  }

  /**
   * Gives up a client that got no answer: the connection may be dead without its knowing, as after an instance has
   * slept, and gRPC would use it again for minutes.
   */
  #discard(opened: Promise<Client>): void {
    if (this.#client !== opened) return
    this.#client = undefined
    // Others may be waiting for answers to what they have just sent with it.
    sleep(this.#options.attemptMilliseconds, undefined, { ref: false })
      .then(() => opened)
      .then((client) => client.close())
      .catch(() => {})
  }
}
