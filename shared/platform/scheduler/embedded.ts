import { createHash } from 'node:crypto'
import { PlatformError } from '../errors.ts'
import type { LanePolicy } from '../push/embedded-lane.ts'
import type { JobData, JobStore, NewJob } from '../push/embedded-store.ts'
import type { Schedule } from '../push/index.ts'
import { lastOccurrence, nextOccurrence } from './occurrences.ts'

/** One occurrence of a schedule on its way to its function. */
export interface PushedOccurrence extends JobData {
  target: string
  cron: string
  timeZone: string
  attempts: number
  /** ISO 8601. */
  scheduleTime: string
}

const scheduleQueue = 'schedules'
/** Cloud Scheduler's default for HTTP targets. */
const deadlineSeconds = 180
/** So that an occurrence which has run isn't stored a second time. */
const rememberSeconds = 3600

/**
 * How due schedules are pushed: Cloud Scheduler's HTTP request, with its default backoff. The occurrence after the
 * delivered one is stored before the delivery, so that a schedule never ends by being killed.
 */
export function schedulePolicy(store: JobStore, wakeAt: (at: Date) => void): LanePolicy<PushedOccurrence> {
  return {
    queue: scheduleQueue,
    attempts: (job) => job.data.attempts,
    minimumBackoffSeconds: 5,
    maximumBackoffSeconds: 3600,
    concurrency: 10,
    ratePerSecond: Number.MAX_SAFE_INTEGER,
    deadlineSeconds,
    isSuccess: (status) => status >= 200 && status <= 299,
    request: ({ data }) => ({
      target: data.target,
      headers: {
        'user-agent': 'Google-Cloud-Scheduler',
        'x-cloudscheduler': 'true',
        'x-cloudscheduler-jobname': data.target,
        'x-cloudscheduler-scheduletime': data.scheduleTime,
      },
      body: '',
    }),
    async beforeDelivery(job) {
      if (job.data.failures > 0) return
      // A clock that was set back meanwhile must not find this occurrence again: it is remembered, and nothing would come.
      const from = new Date(Math.max(Date.now(), Date.parse(job.data.scheduleTime)))
      const next = occurrenceJob(job.data, nextOccurrence(job.data.cron, job.data.timeZone, from))
      await store.insert(scheduleQueue, [next.job])
      wakeAt(next.at)
    },
  }
}

/**
 * Brings the stored occurrences in line with the declared schedules: what is no longer declared is removed, what is
 * new gets its next occurrence, and of the occurrences missed while nothing ran only the last one stays.
 *
 * @throws PlatformError INVALID_ARGUMENT for a schedule that can't be understood.
 */
export async function alignSchedules(store: JobStore, schedules: readonly Schedule[], now: Date): Promise<void> {
  const stored = await store.waiting<PushedOccurrence>(scheduleQueue)
  const declared = new Map(schedules.map((schedule) => [schedule.target, schedule]))
  if (declared.size < schedules.length) {
    throw new PlatformError('INVALID_ARGUMENT', 'A function has more than one schedule.')
  }
  const obsolete = stored.filter(({ data }) => !isSame(declared.get(data.target), data))
  const fresh: NewJob[] = []
  for (const schedule of schedules) {
    const own = stored.filter(
      (job) => isSame(declared.get(job.data.target), job.data) && job.data.target === schedule.target,
    )
    const missed = own.filter((job) => new Date(job.data.scheduleTime) <= now)
    const [first] = missed.toSorted((a, b) => a.data.scheduleTime.localeCompare(b.data.scheduleTime))
    if (first) {
      const since = new Date(first.data.scheduleTime)
      const last = lastOccurrence(schedule.cron, schedule.timeZone, since, now) ?? since
      obsolete.push(...missed.filter((job) => job.data.scheduleTime !== last.toISOString()))
      fresh.push(occurrenceJob(schedule, last).job)
    }
    fresh.push(occurrenceJob(schedule, nextOccurrence(schedule.cron, schedule.timeZone, now)).job)
  }
  // First what is to come, then away with the old: killed in between, the next start finds too much, never too little.
  await store.insert(scheduleQueue, fresh)
  await store.remove(
    scheduleQueue,
    obsolete.map((job) => job.id),
  )
}

/** Stores what is due next: after a clock was wrong for a while, what is stored may lie far in the future. */
export async function storeNext(store: JobStore, schedules: readonly Schedule[], now: Date): Promise<void> {
  const jobs = schedules.map((schedule) => {
    return occurrenceJob(schedule, nextOccurrence(schedule.cron, schedule.timeZone, now)).job
  })
  if (jobs.length > 0) await store.insert(scheduleQueue, jobs)
}

function isSame(schedule: Schedule | undefined, stored: PushedOccurrence): boolean {
  return schedule?.cron === stored.cron && schedule.timeZone === stored.timeZone
}

function occurrenceJob(schedule: Schedule, at: Date): { at: Date; job: NewJob } {
  const { target, cron, timeZone, attempts } = schedule
  const data: PushedOccurrence = { failures: 0, target, cron, timeZone, attempts, scheduleTime: at.toISOString() }
  const id = occurrenceId(`${target} ${cron} ${timeZone} ${data.scheduleTime}`)
  return { at, job: { id, data, tag: 0, flow: '', startAfter: at, deadlineSeconds, rememberSeconds } }
}

/** The same occurrence gets the same id, so that it is stored once however often we are killed around it. */
function occurrenceId(name: string): string {
  const hash = createHash('sha256').update(name).digest('hex')
  return `${hash.slice(0, 8)}-${hash.slice(8, 12)}-8${hash.slice(13, 16)}-a${hash.slice(17, 20)}-${hash.slice(20, 32)}`
}
