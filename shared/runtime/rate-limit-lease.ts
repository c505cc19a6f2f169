import type { StateStore } from '#shared/platform/state/index.ts'

/** A bucket that is empty is full again after so long: limits are per minute. */
export const fillMilliseconds = 60_000

/** How far below empty debts can push a bucket: another minute's worth. */
const maximumFillMilliseconds = 2 * fillMilliseconds

/** An entry outlives the moment at which it says nothing more (a bucket that isn't there is full) by so much. */
const spareSeconds = 60

const attempts = 7

/** Of a token; less than this is an error of rounding. */
export const tolerance = 1e-6

/**
 * The tokens in a bucket of `limit` tokens a minute. A bucket is kept as the one moment at which it is full again, which
 * says both how many tokens it has and when (the "theoretical arrival time" of the generic cell rate algorithm, ITU-T
 * I.371). Below zero: in debt.
 */
export function tokensAt(limit: number, fullAt: number, now: number): number {
  return fullAt <= now ? limit : limit - ((fullAt - now) * limit) / fillMilliseconds
}

/** The moment at which a bucket with so many tokens now is full. */
export function fullWith(limit: number, tokens: number, now: number): number {
  return now + ((limit - tokens) * fillMilliseconds) / limit
}

/** What an instance asks of the bucket that all instances share. */
export interface Ask {
  limit: number
  /** Nothing less is of use. */
  atLeast: number
  /** Tokens of an earlier lease that are given back. */
  returned: number
  /** Tokens for requests that wait and that are to come; looked at as late as possible. */
  wanted(): number
  /** What was passed on credit; looked at as late as possible. */
  debt(): number
  /** False when nobody waits for the answer any more. */
  isWanted(): boolean
  now(): Date
  /** Waits between two attempts. */
  pause(milliseconds: number): Promise<void>
}

export interface Lease {
  granted: number
  /** Less was granted than wanted. */
  isScarce: boolean
  /** What was taken from the shared bucket for requests on credit. */
  paid: number
  /** When the shared bucket is full again, if nobody takes any more. */
  fullInMilliseconds: number
}

/**
 * Takes tokens out of the shared bucket by compare-and-swap. When there are fewer than wanted, others get their share:
 * no more than half of the rest goes to one lease.
 * @returns null when others were faster at every attempt
 * @throws what the store throws
 */
export async function leaseTokens(state: StateStore, key: string, ask: Ask): Promise<Lease | null> {
  const { limit, returned } = ask
  for (let attempt = 1; ask.isWanted(); attempt++) {
    const entry = await state.read(key)
    const now = ask.now().getTime()
    const available = Math.min(limit, tokensAt(limit, storedFullAt(entry?.value, now), now) + returned)
    const paid = ask.debt()
    const wanted = ask.wanted()
    const granted = share(available - paid, wanted, ask)
    const left = Math.max(-limit, available - paid - granted)
    const fullAt = fullWith(limit, left, now)
    const lease = { granted, isScarce: granted < wanted, paid, fullInMilliseconds: fullAt - now }
    if (granted === 0 && paid === 0 && returned === 0) return lease
    const ttlSeconds = Math.ceil(lease.fullInMilliseconds / 1000) + spareSeconds
    if (await state.write(key, fullAt, { ttlSeconds, ifVersion: entry?.version ?? null })) return lease
    if (attempt === attempts) break
    await ask.pause(Math.random() * 2 ** attempt)
  }
  return null
}

function share(available: number, wanted: number, { limit, atLeast }: Ask): number {
  if (available + tolerance < atLeast) return 0
  // Where little is left, shares of a third of a second's refill keep the number of leases low.
  const fair = Math.max(atLeast, Math.floor(available / 2), Math.floor(Math.min(available, limit / 200)))
  return Math.min(wanted, fair)
}

/** An entry that is none of ours, or was written by a clock far ahead, must not lock anybody out for long. */
function storedFullAt(value: unknown, now: number): number {
  return typeof value === 'number' && Number.isFinite(value) ? Math.min(value, now + maximumFillMilliseconds) : now
}
