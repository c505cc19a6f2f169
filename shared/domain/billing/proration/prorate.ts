import { partOf } from '../money.ts'
import { dayNumber, type Span } from './days.ts'

/**
 * Days of a period, and how many of them are left at a moment, that day included; by the calendar of India. The day on which
 * the period ends belongs to the next one; none are left after it, and all of them before the period begins.
 */
export function daysLeft(span: Span, at: Date): { left: number; total: number } {
  const total = Math.max(1, dayNumber(span.end) - dayNumber(span.start))
  return { left: Math.min(total, Math.max(0, dayNumber(span.end) - dayNumber(at))), total }
}

/** What of the price of a whole period, or of a difference of prices, falls on the rest of it; in paise, rounded once. */
export function restOf(paise: number, span: Span, at: Date): number {
  const { left, total } = daysLeft(span, at)
  return partOf(paise, left, total)
}

/**
 * The price of a period in the parts that moments cut it into; their sum is exactly the price.
 *
 * @param cuts in order
 */
export function partsOf(paise: number, span: Span, cuts: readonly Date[]): number[] {
  const rests = [paise, ...cuts.map((cut) => restOf(paise, span, cut)), 0]
  return rests.slice(1).map((rest, index) => rests[index]! - rest)
}
