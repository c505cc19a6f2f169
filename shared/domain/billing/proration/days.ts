/** India has one time zone, five and a half hours before UTC, and no summer time. */
const offsetMilliseconds = 5.5 * 3_600_000
const dayMilliseconds = 86_400_000

export type Period = 'month' | 'year'

/** A paid period; the moment of its end belongs to the next one. */
export interface Span {
  start: Date
  end: Date
}

/** Number of the calendar day in India that a moment is in; the next day has the next number. */
export function dayNumber(at: Date): number {
  return Math.floor((at.getTime() + offsetMilliseconds) / dayMilliseconds)
}

/** Day of the month in India. */
export function dayOfMonth(at: Date): number {
  return inIndia(at).getUTCDate()
}

/** `1 April 2027`, in India. */
export function formatDay(at: Date): string {
  return dayFormat.format(at)
}
const dayFormat = new Intl.DateTimeFormat('en-GB', { timeZone: 'Asia/Kolkata', dateStyle: 'long' })

/** The moment some months later at the same time of day in India, on this day of the month or, in shorter months, the last. */
export function addMonths(at: Date, months: number, billingDay: number): Date {
  const local = inIndia(at)
  const [year, month] = [local.getUTCFullYear(), local.getUTCMonth() + months]
  const day = Math.min(billingDay, daysInMonth(year, month))
  const timeOfDay = local.getTime() - Math.floor(local.getTime() / dayMilliseconds) * dayMilliseconds
  return new Date(Date.UTC(year, month, day) + timeOfDay - offsetMilliseconds)
}

/** When the period that begins at `start` ends. @param billingDay on which periods begin; 31 is the last of each month */
export function endOfPeriod(start: Date, period: Period, billingDay: number): Date {
  return addMonths(start, monthsIn(period), billingDay)
}

export function monthsIn(period: Period): number {
  return period === 'month' ? 1 : 12
}

/**
 * How many calendar months in India a moment's is after another's. Periods of a month or more that follow one another begin in
 * different ones, so it numbers them.
 */
export function calendarMonths(first: Date, at: Date): number {
  const [from, to] = [inIndia(first), inIndia(at)]
  return (to.getUTCFullYear() - from.getUTCFullYear()) * 12 + to.getUTCMonth() - from.getUTCMonth()
}

/** Shifted so that its UTC fields are those of India. */
function inIndia(at: Date): Date {
  return new Date(at.getTime() + offsetMilliseconds)
}

function daysInMonth(year: number, month: number): number {
  return new Date(Date.UTC(year, month + 1, 0)).getUTCDate()
}
