import type { StateStore } from '#shared/platform/state/index.ts'
import type { Logger } from './log.ts'
import { StoreGuard } from './rate-limit-guard.ts'
import { fillMilliseconds, fullWith, type Lease, leaseTokens, tokensAt, tolerance } from './rate-limit-lease.ts'
import { RecentTable } from './rate-limit-table.ts'

/** `principal`: a user or an API key. `address`: a network, whoever calls from it. */
export type LimitKind = 'principal' | 'address'

export interface Decision {
  allowed: boolean
  /** Tokens a minute, and at most at once. */
  limit: number
  /** Whole tokens that are left, as far as this instance knows. */
  remaining: number
  /** Until all of them are there again, when none is taken. */
  resetSeconds: number
  /** Until the same request can pass; 0 when it did. */
  retryAfterSeconds: number
}

export interface RateLimiterOptions {
  /** Shared by all instances; null: each counts for itself. */
  state: StateStore | null
  now: () => Date
  log: Logger
  limits: { principalPerMinute: number; addressPerMinute: number }
  /** Calls back once after this time; what it returns cancels that. */
  startTimer?: (milliseconds: number, callback: () => void) => () => void
}

/** Buckets of each kind that an instance remembers. */
const rememberedBuckets = 10_000

/** A slower store counts as failing. */
const patienceMilliseconds = 250

/** Leased tokens are good for so long; then they go back. */
const leaseMilliseconds = 10_000

/** A store that had too little is not asked about that bucket again for so long. */
const scarcityMilliseconds = 1_000

/** Leases that are gone sooner become larger, those that last longer smaller. */
const shortLeaseMilliseconds = 1_000
const longLeaseMilliseconds = 5_000

/** A store that has to be prepared is left alone for so long: the first answer of an instance doesn't wait for that. */
const prepareAfterMilliseconds = 1_000

/** Preparing takes no longer, or it counts as done. */
const preparePatienceMilliseconds = 2_000

/** Tokens passed on credit while a lease is on its way: no first request waits. */
const maximumDebt = 10

/** Calls of the store under way at the same time; beyond that, buckets count for this instance alone. */
const maximumCalls = 200

/** So often in a row others must be faster before the store counts as failing. */
const maximumContentions = 3

interface Bucket {
  readonly key: string
  readonly limit: number
  /** The bucket of this instance's own requests: whatever the others do, it passes no more. */
  ownFullAt: number
  /** The shared bucket as it was last seen. Since then others can only have taken. */
  sharedFullAt: number
  /** Taken from the shared bucket and not spent yet; below zero: spent on credit. */
  leased: number
  leasedAt: number
  /** What the next lease asks for. */
  chunk: number
  /** The last lease gave less than was wanted. */
  scarce: boolean
  askedAt: number
  refusedUntil: number
  contentions: number
  /** Tokens that requests wait for. */
  awaited: number
  /** Never fails. */
  pending: Promise<void> | null
}

/**
 * Token buckets per principal and per address, shared by all instances: tokens are leased from the state store in
 * chunks and spent locally. See docs/decisions/0009-rate-limits.md.
 */
export class RateLimiter {
  readonly #state: StateStore | null
  readonly #wallClock: () => Date
  readonly #startTimer: NonNullable<RateLimiterOptions['startTimer']>
  readonly #guard: StoreGuard
  readonly #tables: Record<LimitKind, RecentTable<Bucket, number>>
  readonly #limits: Record<LimitKind, number>
  #isPrepared = false
  #isToBePrepared = false
  #preparing: Promise<void> | null = null
  #callsUnderWay = 0
  #lastWallTime = 0
  #clockCorrection = 0

  constructor(options: RateLimiterOptions) {
    const { limits } = options
    this.#state = options.state
    this.#wallClock = options.now
    this.#startTimer = options.startTimer ?? startTimer
    this.#guard = new StoreGuard(options.log)
    this.#limits = { principal: limits.principalPerMinute, address: limits.addressPerMinute }
    const table = (kind: LimitKind) =>
      new RecentTable<Bucket, number>(rememberedBuckets, (id, now, forgottenAt, limit) =>
        newBucket(`rate:${kind}:${id}`, limit, now, forgottenAt),
      )
    this.#tables = { principal: table('principal'), address: table('address') }
  }

  /**
   * Takes tokens for one request. The answer is there at once, except when a bucket's first requests come so fast that
   * they have to wait for its first lease (at most 250 ms).
   * @param id of the user or key, or the network; 1 to 1,000 characters
   * @param cost whole tokens; more than the limit counts as the limit
   * @param own a lower limit of theirs than everybody's; those with different ones at different places have a bucket for each
   */
  take(kind: LimitKind, id: string, cost: number, own: number | null = null): Decision | Promise<Decision> {
    const now = this.#now()
    const everybodys = this.#limits[kind]
    const limit = own === null ? everybodys : Math.max(1, Math.min(own, everybodys))
    const bucket = this.#tables[kind].find(limit === everybodys ? id : `${id}@${limit}`, now, limit)
    return this.#decide(bucket, Math.min(cost, limit), now)
  }

  #decide(bucket: Bucket, cost: number, now: number): Decision | Promise<Decision> {
    const own = tokensAt(bucket.limit, bucket.ownFullAt, now)
    if (own + tolerance < cost) return this.#refuse(bucket, now, millisecondsFor(bucket, cost - own))
    if (this.#state === null) return this.#pass(bucket, cost, now)
    if (this.#guard.isFailing) {
      if (bucket.pending === null && this.#guard.admitsProbe(now)) this.#startLease(this.#state, bucket, 0, now)
      return this.#pass(bucket, cost, now)
    }
    if (bucket.leased >= cost && now - bucket.leasedAt < leaseMilliseconds) {
      bucket.leased -= cost
      const isLow = bucket.leased < bucket.chunk / 2 && bucket.pending === null
      if (
        isLow &&
        this.#callsUnderWay < maximumCalls &&
        (!bucket.scarce || now - bucket.askedAt >= scarcityMilliseconds)
      ) {
        this.#startLease(this.#state, bucket, 0, now)
      }
      return this.#pass(bucket, cost, now)
    }
    if (bucket.pending === null) {
      const milliseconds = untilWorthAsking(bucket, cost, now)
      if (milliseconds > 0) return this.#refuse(bucket, now, milliseconds)
      if (this.#callsUnderWay >= maximumCalls) return this.#pass(bucket, cost, now)
      if (this.#isReady(this.#state) || !hasCredit(bucket, cost)) this.#startLease(this.#state, bucket, cost, now)
      else this.#prepareSoon(this.#state)
    }
    if (hasCredit(bucket, cost)) {
      bucket.leased -= cost
      return this.#pass(bucket, cost, now)
    }
    return this.#waitForLease(bucket, cost)
  }

  #isReady(state: StateStore): boolean {
    return this.#isPrepared || state.prepare === undefined
  }

  #prepareSoon(state: StateStore): void {
    if (this.#isToBePrepared) return
    this.#isToBePrepared = true
    this.#startTimer(prepareAfterMilliseconds, () => void this.#prepare(state))
  }

  /** Never fails: whether the store is well is found out by asking it. */
  #prepare(state: StateStore): Promise<void> {
    this.#preparing ??= new Promise<void>((resolve) => {
      const cancel = this.#startTimer(preparePatienceMilliseconds, resolve)
      const done = () => {
        cancel()
        resolve()
      }
      state.prepare?.().then(done, done)
    }).then(() => {
      this.#isPrepared = true
    })
    return this.#preparing
  }

  #pass(bucket: Bucket, cost: number, now: number): Decision {
    const { limit } = bucket
    bucket.ownFullAt = fullWith(limit, tokensAt(limit, bucket.ownFullAt, now) - cost, now)
    return decision(bucket, now, this.#isShared, 0)
  }

  #refuse(bucket: Bucket, now: number, milliseconds: number): Decision {
    return decision(bucket, now, this.#isShared, Math.max(1, Math.ceil(milliseconds / 1000)))
  }

  async #waitForLease(bucket: Bucket, cost: number): Promise<Decision> {
    bucket.awaited += cost
    await bucket.pending
    bucket.awaited -= cost
    return this.#decide(bucket, cost, this.#now())
  }

  /** @param cost of the request that needs the lease, or 0 when none does yet */
  #startLease(state: StateStore, bucket: Bucket, cost: number, now: number): void {
    const isStale = now - bucket.leasedAt >= leaseMilliseconds
    const returned = isStale ? Math.max(0, bucket.leased) : 0
    bucket.leased -= returned
    const atLeast = Math.max(1, cost - Math.max(0, bucket.leased))
    bucket.askedAt = now
    this.#callsUnderWay++
    bucket.pending = this.#lease(state, bucket, atLeast, returned).then(() => {
      bucket.pending = null
      this.#callsUnderWay--
    })
  }

  /** If the store does not answer in time, what was given back or taken is lost, never had twice. */
  async #lease(state: StateStore, bucket: Bucket, atLeast: number, returned: number): Promise<void> {
    if (!this.#isReady(state)) await this.#prepare(state)
    let isWanted = true
    const late = Promise.withResolvers<never>()
    const cancel = this.#startTimer(patienceMilliseconds, () => late.reject(new Error('the state store is too slow')))
    try {
      const lease = leaseTokens(state, bucket.key, {
        limit: bucket.limit,
        atLeast,
        returned,
        wanted: () => Math.max(bucket.chunk, bucket.awaited, atLeast),
        debt: () => Math.max(0, -bucket.leased),
        isWanted: () => isWanted,
        now: this.#wallClock,
        pause: (milliseconds) => new Promise((resolve) => this.#startTimer(milliseconds, resolve)),
      })
      lease.catch(() => {})
      const result = await Promise.race([lease, late.promise])
      if (result === null) this.#noteContention(bucket, this.#now())
      else this.#noteLease(bucket, result, this.#now())
    } catch (error) {
      this.#guard.failed(error, this.#now())
    } finally {
      isWanted = false
      cancel()
    }
  }

  #noteLease(bucket: Bucket, lease: Lease, now: number): void {
    this.#guard.succeeded()
    bucket.contentions = 0
    bucket.leased += lease.granted + lease.paid
    bucket.sharedFullAt = now + lease.fullInMilliseconds
    bucket.scarce = lease.isScarce
    if (lease.granted === 0) {
      bucket.refusedUntil = now + scarcityMilliseconds
      return
    }
    if (!bucket.scarce) bucket.chunk = nextChunk(bucket, now)
    bucket.leasedAt = now
  }

  /** A bucket that everybody fights for is a busy one: wait like after a refusal, at a moment of one's own. */
  #noteContention(bucket: Bucket, now: number): void {
    bucket.contentions++
    bucket.scarce = true
    bucket.refusedUntil = now + scarcityMilliseconds * (1 + Math.random())
    if (bucket.contentions < maximumContentions) return
    this.#guard.failed(new Error('the state store refused every write'), now)
  }

  get #isShared(): boolean {
    return this.#state !== null && !this.#guard.isFailing
  }

  /** Never goes back, as the clock on the wall may. */
  #now(): number {
    const time = this.#wallClock().getTime()
    if (time < this.#lastWallTime) this.#clockCorrection += this.#lastWallTime - time
    this.#lastWallTime = time
    return time + this.#clockCorrection
  }
}

/**
 * It may be one that was forgotten when it was empty: then it has had since then to fill. So nobody gets a full bucket by
 * crowding their own out with a flood of other ids; and in such a flood a newcomer still has a few requests.
 */
function newBucket(key: string, limit: number, now: number, forgottenAt: number): Bucket {
  const never = Number.NEGATIVE_INFINITY
  return {
    key,
    limit,
    ownFullAt: Math.min(forgottenAt + fillMilliseconds, fullWith(limit, creditOf(limit), now)),
    sharedFullAt: never,
    leased: 0,
    leasedAt: never,
    chunk: Math.ceil(limit / 20),
    scarce: false,
    askedAt: never,
    refusedUntil: never,
    contentions: 0,
    awaited: 0,
    pending: null,
  }
}

/** Between a fiftieth and a tenth of the limit, so that ten instances can share it; a twentieth at first. */
function nextChunk({ chunk, limit, leasedAt }: Bucket, now: number): number {
  const age = now - leasedAt
  if (age < shortLeaseMilliseconds) return Math.min(chunk * 2, Math.ceil(limit / 10))
  if (age > longLeaseMilliseconds && age < Number.POSITIVE_INFINITY) {
    return Math.max(Math.ceil(chunk / 2), Math.ceil(limit / 50))
  }
  return chunk
}

function creditOf(limit: number): number {
  return Math.min(maximumDebt, Math.ceil(limit / 20))
}

/** Whether this many tokens may be passed before a lease that pays for them is there. */
function hasCredit({ scarce, leased, limit }: Bucket, cost: number): boolean {
  return !scarce && leased - cost >= -Math.max(creditOf(limit), cost)
}

function millisecondsFor({ limit }: Bucket, tokens: number): number {
  return (tokens * fillMilliseconds) / limit
}

/** How long the shared bucket can't have enough for this request, going by when it was last seen. */
function untilWorthAsking(bucket: Bucket, cost: number, now: number): number {
  const missing = Math.min(cost - bucket.leased, bucket.limit)
  const lacking = missing - tokensAt(bucket.limit, bucket.sharedFullAt, now)
  return Math.max(bucket.refusedUntil - now, lacking > tolerance ? millisecondsFor(bucket, lacking) : 0)
}

function decision(bucket: Bucket, now: number, isShared: boolean, retryAfterSeconds: number): Decision {
  const { limit } = bucket
  const own = tokensAt(limit, bucket.ownFullAt, now)
  const known = isShared ? Math.min(own, tokensAt(limit, bucket.sharedFullAt, now) + bucket.leased) : own
  const remaining = Math.max(0, Math.floor(known + tolerance))
  return {
    allowed: retryAfterSeconds === 0,
    limit,
    remaining,
    resetSeconds: Math.ceil(((limit - remaining) * 60) / limit),
    retryAfterSeconds,
  }
}

/** An answer that came while the process was busy is seen before the time-out. */
function startTimer(milliseconds: number, callback: () => void): () => void {
  const timer = setTimeout(() => setImmediate(callback), milliseconds).unref()
  return () => clearTimeout(timer)
}
