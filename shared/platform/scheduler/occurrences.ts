import { PgBoss } from 'pg-boss'
import { PlatformError } from '../errors.ts'

/** Never started and never connected: only its calculation of cron times is used. */
const calculator = new PgBoss({ db: { executeSql: async () => ({ rows: [] }) }, schedule: false, supervise: false })

/** Windows to search backwards, the shortest first, so that a frequent schedule is not walked through for years. */
const windowsMinutes = [15, 15 * 60, 30 * 24 * 60, 8 * 366 * 24 * 60]
const pageSize = 20

/**
 * The first time after `from` at which a schedule is due.
 *
 * @param cron - five-field unix cron.
 * @param timeZone - IANA zone; an hour that a clock change skips or repeats is handled in it.
 * @throws PlatformError INVALID_ARGUMENT for an expression or a zone that isn't one.
 */
export function nextOccurrence(cron: string, timeZone: string, from: Date): Date {
  const [next] = occurrences(cron, timeZone, from, 1)
  if (!next) throw new PlatformError('INVALID_ARGUMENT', `The schedule ${cron} (${timeZone}) is never due.`)
  return next
}

/** The last time after `from` and not after `until` at which a schedule was due, if there was one. */
export function lastOccurrence(cron: string, timeZone: string, from: Date, until: Date): Date | undefined {
  for (const minutes of windowsMinutes) {
    const start = new Date(Math.max(from.getTime(), until.getTime() - minutes * 60_000))
    const last = lastBetween(cron, timeZone, start, until)
    if (last !== undefined || start.getTime() === from.getTime()) return last
  }
  return undefined
}

function lastBetween(cron: string, timeZone: string, from: Date, until: Date): Date | undefined {
  let last: Date | undefined
  for (;;) {
    const page = occurrences(cron, timeZone, last ?? from, pageSize)
    const within = page.filter((time) => time <= until)
    last = within.at(-1) ?? last
    if (within.length < pageSize) return last
  }
}

function occurrences(cron: string, timeZone: string, from: Date, count: number): Date[] {
  try {
    return calculator.previewSchedule(cron, { tz: timeZone, from, count })
  } catch (error) {
    const message = `Not a schedule: ${cron} (${timeZone}): ${(error as Error).message}`
    throw new PlatformError('INVALID_ARGUMENT', message, { cause: error })
  }
}
