import { setTimeout as sleep } from 'node:timers/promises'
import type { JobData, JobStore, Log, NewJob, StoredJob } from './embedded-store.ts'
import { FairQueue } from './fair-queue.ts'
import type { Poster, PostOutcome } from './http-post.ts'
import { type Places, RateLimit } from './limits.ts'

/** What a lane delivers and how; one lane for each subscription, task queue and so on. */
export interface LanePolicy<Data extends JobData> {
  /** Name of its pg-boss queue. */
  queue: string
  /** Deliveries in all, the first included. */
  attempts: number | ((job: StoredJob<Data>) => number)
  minimumBackoffSeconds: number
  maximumBackoffSeconds: number
  concurrency: number
  ratePerSecond: number
  deadlineSeconds: number
  /** `attempt` is 1 on the first delivery. */
  request(job: StoredJob<Data>, attempt: number): { target: string; headers: Record<string, string>; body: string }
  isSuccess(status: number): boolean
  /** The data for the next attempt after a failure; `failures` is already counted. */
  afterFailure?(data: Data, outcome: PostOutcome): Data
  /** What takes the place of a job that failed its last attempt; without it the job is dropped, as Cloud Tasks does. */
  replacement?(job: StoredJob<Data>, attempt: number): { lane: WakeableLane; job: NewJob }
  /** Runs before each delivery; failing counts as a failed delivery. */
  beforeDelivery?(job: StoredJob<Data>): Promise<void>
  /** Jobs wait for the one before them with the same ordering key. */
  isOrdered?: boolean
}

export interface WakeableLane {
  readonly queue: string
  wake(): void
}

export interface LaneTools {
  store: JobStore
  poster: Poster
  places: Places
  urlOf(target: string): string
  tokenFor(audience: string): Promise<string>
  backoffScale: number
  log: Log
}

/**
 * Deliveries that our own death interrupted and that don't count as attempts. Being killed says nothing about the
 * message; but one that kills us every time must come to an end.
 */
const forgivenInterruptions = 20
const longestTimerMilliseconds = 3_600_000
const databaseRetryMilliseconds = 500

/** Claims the jobs of one queue, posts them, and settles or postpones them. */
export class Lane<Data extends JobData> implements WakeableLane {
  readonly queue: string
  readonly policy: LanePolicy<Data>
  readonly fair = new FairQueue()
  readonly #tools: LaneTools
  readonly #rate: RateLimit
  readonly #abandon = new AbortController()
  readonly #inFlight = new Set<Promise<void>>()
  #isStopping = false
  #isClaiming = false
  #claimAgain = false
  #mayHoldMore = false
  #timer: NodeJS.Timeout | undefined
  #timerAt = Number.POSITIVE_INFINITY
  /** After a timer, that the store must be asked for the next time. */
  #lookForLater = false
  #settled: StoredJob<Data>[] = []
  #settling: Promise<void> | undefined

  constructor(policy: LanePolicy<Data>, tools: LaneTools) {
    this.policy = policy
    this.queue = policy.queue
    this.#tools = tools
    this.#rate = new RateLimit(policy.ratePerSecond, performance.now())
  }

  /** Tells that there may be something to claim. */
  readonly wake = (): void => {
    this.#mayHoldMore = true
    void this.#claim()
  }

  /** Places are free again; worth a look only when there was more to claim. */
  readonly #onFree = (): void => {
    if (this.#mayHoldMore) void this.#claim()
  }

  /** Tells that there will be something to claim at `at`. */
  wakeAt(at: Date): void {
    const time = Math.min(at.getTime(), this.#timerAt)
    // A timer whose time has passed is still far from firing when the clock was set forward, or the machine has slept.
    const isLate = this.#timerAt <= Date.now()
    if (this.#isStopping || (time === this.#timerAt && !isLate)) return
    clearTimeout(this.#timer)
    this.#timerAt = time
    // A timer may fire a moment early, and the database compares with its own clock.
    const milliseconds = Math.min(Math.max(time - Date.now() + 2, 0), longestTimerMilliseconds)
    this.#timer = setTimeout(() => {
      this.#timerAt = Number.POSITIVE_INFINITY
      this.#lookForLater = true
      this.wake()
    }, milliseconds)
  }

  /** Claims no more, waits for what is under way until `graceMilliseconds` are over, and abandons the rest. */
  async stop(graceMilliseconds: number): Promise<void> {
    this.#isStopping = true
    clearTimeout(this.#timer)
    const timer = setTimeout(() => this.#abandon.abort(), graceMilliseconds)
    await Promise.all(this.#inFlight)
    await this.#settling
    clearTimeout(timer)
  }

  async #claim(): Promise<void> {
    if (this.#isClaiming) {
      this.#claimAgain = true
      return
    }
    this.#isClaiming = true
    try {
      while (this.#mayHoldMore && !this.#isStopping) {
        const count = this.#reserve()
        if (count === 0) break
        this.#claimAgain = false
        const jobs = await this.#tryToClaim(count)
        this.#tools.places.give(count - jobs.length)
        this.#rate.give(count - jobs.length)
        for (const job of jobs) this.#start(job)
        if (jobs.length < count && !this.#claimAgain) this.#mayHoldMore = false
      }
      if (!this.#mayHoldMore && this.#lookForLater) await this.#findLater()
    } finally {
      this.#isClaiming = false
    }
    if (this.#claimAgain) {
      this.#claimAgain = false
      void this.#claim()
    }
  }

  /** As many places as the lane, the whole machine and the rate allow; when none, something will wake us. */
  #reserve(): number {
    const wanted = this.policy.concurrency - this.#inFlight.size
    if (wanted <= 0) return 0
    const allowed = this.#rate.take(wanted, performance.now())
    if (allowed === 0) {
      this.wakeAt(new Date(Date.now() + this.#rate.waitMilliseconds()))
      return 0
    }
    const places = this.#tools.places.take(allowed, this.#inFlight.size, this.#onFree)
    this.#rate.give(allowed - places)
    return places
  }

  async #tryToClaim(count: number): Promise<StoredJob<Data>[]> {
    try {
      return await this.#tools.store.claim<Data>(this.queue, count)
    } catch (error) {
      if (!this.#isStopping) {
        this.#tools.log.warn('embedded cloud: claiming failed', { queue: this.queue, error })
        this.wakeAt(new Date(Date.now() + databaseRetryMilliseconds))
      }
      return []
    }
  }

  async #findLater(): Promise<void> {
    this.#lookForLater = false
    try {
      const [due] = await this.#tools.store.dueTimes(this.queue)
      if (due) this.wakeAt(due.at)
    } catch {
      // The embedded cloud looks at every lane once a minute anyhow.
    }
  }

  #start(job: StoredJob<Data>): void {
    this.fair.serve(-job.priority)
    const delivery = this.#deliver(job)
      .catch((error: unknown) => {
        this.#tools.log.error('embedded cloud: delivery failed', { queue: this.queue, id: job.id, error })
      })
      .finally(() => {
        this.#inFlight.delete(delivery)
        this.#tools.places.give(1)
        this.#onFree()
      })
    this.#inFlight.add(delivery)
  }

  async #deliver(job: StoredJob<Data>): Promise<void> {
    const interruptions = job.retryCount - job.data.failures
    const attempt = job.data.failures + 1 + Math.max(0, interruptions - forgivenInterruptions)
    const outcome = await this.#post(job, attempt)
    if (outcome.kind === 'stopped') return
    if (outcome.kind === 'answered' && this.policy.isSuccess(outcome.status)) return this.#settle(job)
    const fields = { queue: this.queue, id: job.id, attempt, ...outcome }
    const { attempts } = this.policy
    if (attempt < (typeof attempts === 'number' ? attempts : attempts(job))) {
      this.#tools.log.debug('embedded cloud: delivery to be repeated', fields)
      return this.#postpone(job, outcome)
    }
    this.#tools.log.warn('embedded cloud: gave up', fields)
    const replacement = this.policy.replacement?.(job, attempt)
    if (!replacement) return this.#settle(job)
    const { lane, job: other } = replacement
    await this.#insist(() => this.#tools.store.replace(this.queue, job, lane.queue, other))
    lane.wake()
  }

  async #post(job: StoredJob<Data>, attempt: number): Promise<PostOutcome> {
    try {
      await this.policy.beforeDelivery?.(job)
      const { target, headers, body } = this.policy.request(job, attempt)
      const audience = this.#tools.urlOf(target)
      return await this.#tools.poster.post({
        url: new URL(audience),
        headers: { ...headers, authorization: `Bearer ${await this.#tools.tokenFor(audience)}` },
        body,
        deadlineMilliseconds: this.policy.deadlineSeconds * 1000,
        signal: this.#abandon.signal,
      })
    } catch (error) {
      return { kind: 'unreachable', reason: (error as Error).message }
    }
  }

  async #postpone(job: StoredJob<Data>, outcome: PostOutcome): Promise<void> {
    const counted = { ...job.data, failures: job.data.failures + 1 }
    const data = this.policy.afterFailure?.(counted, outcome) ?? counted
    const at = new Date(Date.now() + backoffSeconds(this.policy, data.failures) * this.#tools.backoffScale * 1000)
    await this.#insist(() => this.#tools.store.postpone(this.queue, job, data, at))
    this.wakeAt(at)
  }

  /** Notes the job as done and lets go of its place; jobs that end faster than the database answers share a statement. */
  #settle(job: StoredJob<Data>): void {
    this.#settled.push(job)
    this.#settling ??= this.#settleAll()
  }

  async #settleAll(): Promise<void> {
    while (this.#settled.length > 0) {
      const jobs = this.#settled
      this.#settled = []
      await this.#insist(() => this.#tools.store.complete(this.queue, jobs))
      if (this.policy.isOrdered) this.wake()
    }
    this.#settling = undefined
  }

  /** Repeats until it succeeds or we stop: a job whose outcome isn't recorded would be delivered again for nothing. */
  async #insist(work: () => Promise<void>): Promise<void> {
    for (;;) {
      try {
        return await work()
      } catch (error) {
        this.#tools.log.warn('embedded cloud: settling failed', { queue: this.queue, error })
        if (this.#isStopping) return
        await sleep(databaseRetryMilliseconds)
      }
    }
  }
}

/** Doubles with every failure from the minimum to the maximum, with up to a tenth more so that a crowd disperses. */
export function backoffSeconds(
  limits: { minimumBackoffSeconds: number; maximumBackoffSeconds: number },
  failures: number,
  random: () => number = Math.random,
): number {
  const doubled = limits.minimumBackoffSeconds * 2 ** Math.min(failures - 1, 30)
  return Math.min(doubled, limits.maximumBackoffSeconds) * (1 + 0.1 * random())
}
