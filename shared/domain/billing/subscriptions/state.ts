import type { GatewaySubscriptionStatus, SubscriptionSnapshot } from '../gateway.ts'
import { endStatuses, type SubscriptionRow, type SubscriptionStatus } from './rows.ts'

const dayMilliseconds = 86_400_000

/** A charge by mandate is made on the day it is due; its news may take a while. */
const mandatePatienceDays = 1
/** So long after its grace a debt can still be paid. */
export const haltedDays = 30
/** So long something may wait for its first payment. */
export const incompleteDays = 7

/** Later ones of what was true at the same moment. */
const rank: Readonly<Record<GatewaySubscriptionStatus, number>> = {
  created: 0,
  authenticated: 1,
  active: 2,
  pending: 3,
  halted: 4,
  paused: 5,
  expired: 6,
  cancelled: 7,
  completed: 8,
}

type GatewayFacts = Pick<
  SubscriptionRow,
  'gateway_status' | 'gateway_status_at' | 'gateway_paid_count' | 'gateway_paused_at' | 'gateway_short_url'
>

export function isEnd(status: string | null): status is (typeof endStatuses)[number] {
  return (endStatuses as readonly string[]).includes(status ?? '')
}

/**
 * What is known of a mandate, with one more piece of news: the same whatever the order in which news come, and however often.
 * Ends absorb; of the rest the newest holds, and of what holds at the same moment the higher rank.
 */
export function mergeNews<Facts extends GatewayFacts>(
  facts: Facts,
  news: SubscriptionSnapshot,
  occurredAt: Date,
): Facts {
  const at = isEnd(news.status) ? (news.endedAt ?? occurredAt) : occurredAt
  const known = { status: facts.gateway_status, at: facts.gateway_status_at && new Date(facts.gateway_status_at) }
  const merged =
    known.status && known.at
      ? newer({ status: known.status, at: known.at }, { status: news.status, at })
      : { status: news.status, at }
  return {
    ...facts,
    gateway_status: merged.status,
    gateway_status_at: merged.at.toISOString(),
    gateway_paid_count: Math.max(facts.gateway_paid_count, news.paidCount),
    gateway_paused_at: news.status === 'paused' ? later(facts.gateway_paused_at, occurredAt) : facts.gateway_paused_at,
    gateway_short_url: facts.gateway_short_url ?? news.shortUrl,
  }
}

function later(known: string | null, at: Date): string {
  return known !== null && new Date(known) >= at ? known : at.toISOString()
}

interface Standing {
  status: GatewaySubscriptionStatus
  at: Date
}

function newer(one: Standing, other: Standing): Standing {
  if (isEnd(one.status) && isEnd(other.status)) {
    if (one.status !== other.status) return rank[one.status] > rank[other.status] ? one : other
    return one.at <= other.at ? one : other
  }
  if (isEnd(one.status) || isEnd(other.status)) return isEnd(one.status) ? one : other
  // Nothing goes back there, and the gateway's clock, which tells whole seconds, may be behind the one that we made it by.
  if ((one.status === 'created') !== (other.status === 'created')) return one.status === 'created' ? other : one
  if (one.at.getTime() !== other.at.getTime()) return one.at > other.at ? one : other
  return rank[one.status] >= rank[other.status] ? one : other
}

/** When the next payment is due: the end of what is paid for, or of the trial. */
export function dueAt({ current_period_end, trial_ends_at }: SubscriptionRow): Date | null {
  const due = current_period_end ?? trial_ends_at
  return due === null ? null : new Date(due)
}

export interface State {
  status: SubscriptionStatus
  grace_until: string | null
  ended_at: string | null
}

/**
 * The state that follows from what is known of a subscription at a moment, and from nothing else: so it is the same whichever
 * way that became known. What has ended stays so.
 */
export function stateOf(row: SubscriptionRow, now: Date, graceDays: number): State {
  if (row.ended_at !== null) return ended(row.status, earliestEnd(row, row.ended_at))
  if (row.gateway_subscription_id !== null && row.collection === 'mandate' && isEnd(row.gateway_status)) {
    return ended(row.gateway_status, row.gateway_status_at!)
  }
  const due = dueAt(row)
  if (due === null) {
    const until = addDays(new Date(row.created_at), incompleteDays)
    return now < until ? live('incomplete') : ended('expired', until.toISOString())
  }
  const isTrial = row.current_period_end === null
  const willCharge = row.collection === 'mandate' && isAuthorized(row)
  if (now >= due && isTrial && !willCharge) return ended('expired', due.toISOString())
  if (now >= due && row.cancel_at_period_end) return ended('cancelled', due.toISOString())
  if (row.collection === 'mandate' && row.gateway_status === 'paused') return live('paused')
  if (!owes(row, due, now)) return live(isTrial ? 'trialing' : 'active')
  const graceUntil = addDays(debtSince(row, due), graceDays)
  if (now < graceUntil) return { status: 'past_due', grace_until: graceUntil.toISOString(), ended_at: null }
  const givenUp = addDays(graceUntil, haltedDays)
  if (now < givenUp) return { status: 'halted', grace_until: graceUntil.toISOString(), ended_at: null }
  return ended('expired', givenUp.toISOString())
}

/** Whether a payment that is due was not made, as far as is known. */
function owes(row: SubscriptionRow, due: Date, now: Date): boolean {
  if (row.collection !== 'mandate') return now >= due
  const failed = row.gateway_status === 'pending' || row.gateway_status === 'halted'
  // News of a charge that has been paid since are about a period before this one.
  if (failed && new Date(row.gateway_status_at!) >= due) return true
  return now >= addDays(debtSince(row, due), isAuthorized(row) ? mandatePatienceDays : 0)
}

/** Since when a payment is due: after a pause since the last news, for the gateway charges when it goes on. */
function debtSince(row: SubscriptionRow, due: Date): Date {
  const { gateway_paused_at: pausedAt, gateway_status_at: newsAt, current_period_start: paidFrom } = row
  if (row.collection !== 'mandate' || pausedAt === null || newsAt === null) return due
  const wasPaused = paidFrom === null || new Date(pausedAt) >= new Date(paidFrom)
  return wasPaused && new Date(newsAt) > due ? new Date(newsAt) : due
}

/** A mandate that nobody has authorized charges nothing. */
export function isAuthorized({ gateway_status }: Pick<SubscriptionRow, 'gateway_status'>): boolean {
  return gateway_status !== null && gateway_status !== 'created'
}

/** Until when a subscription entitles to its plan; null: it doesn't. */
export function entitledUntil(row: SubscriptionRow, now: Date, graceDays: number): Date | null {
  const due = dueAt(row)
  if (due === null) return null
  const hasGrace = (row.status === 'active' || row.status === 'past_due') && !row.cancel_at_period_end
  const until = hasGrace ? addDays(due, graceDays) : due
  return until > now ? until : null
}

export function addDays(at: Date, days: number): Date {
  return new Date(at.getTime() + days * dayMilliseconds)
}

/** The gateway may say later that it had ended earlier. */
function earliestEnd({ status, gateway_status, gateway_status_at }: SubscriptionRow, endedAt: string): string {
  const isSame = status === gateway_status && gateway_status_at !== null
  return isSame && new Date(gateway_status_at!) < new Date(endedAt) ? gateway_status_at! : endedAt
}

function live(status: SubscriptionStatus): State {
  return { status, grace_until: null, ended_at: null }
}

function ended(status: SubscriptionStatus, at: string): State {
  return { status, grace_until: null, ended_at: at }
}
