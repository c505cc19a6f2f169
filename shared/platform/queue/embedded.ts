import { PlatformError } from '../errors.ts'
import type { Lane, LanePolicy } from '../push/embedded-lane.ts'
import { databaseError, type JobData, type JobStore, type NewJob, type StoredJob } from '../push/embedded-store.ts'
import { organizationOf } from '../push/envelope-organization.ts'
import type { PostOutcome } from '../push/http-post.ts'
import type { QueuePolicy } from '../push/index.ts'
import type { Queue, QueueTask } from './index.ts'

/** A task on its way to its function. */
export interface PushedTask extends JobData {
  target: string
  body: string
  /** Answers other than 5xx, which is what Cloud Tasks counts as executions. */
  executions: number
  previousResponse?: string
  retryReason?: string
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
/** How long Cloud Tasks, too, remembers the name of a finished task. */
const rememberSeconds = 3600

/** How a queue's tasks are pushed: Cloud Tasks' HTTP request and retry policy; after the last attempt nothing is left. */
export function queueLanePolicy(queue: QueuePolicy): LanePolicy<PushedTask> {
  return {
    ...queue,
    queue: `tasks.${queue.name}`,
    isSuccess: (status) => status >= 200 && status <= 299,
    request: (job, attempt) => taskRequest(queue.name, job, attempt),
    afterFailure: noteFailure,
  }
}

function taskRequest(queueName: string, job: StoredJob<PushedTask>, attempt: number) {
  const { target, body, executions, previousResponse, retryReason } = job.data
  return {
    target,
    headers: {
      'content-type': 'application/json',
      'user-agent': 'Google-Cloud-Tasks',
      'x-cloudtasks-queuename': queueName,
      'x-cloudtasks-taskname': job.id,
      'x-cloudtasks-taskretrycount': String(attempt - 1),
      'x-cloudtasks-taskexecutioncount': String(executions),
      'x-cloudtasks-tasketa': (job.startAfter.getTime() / 1000).toFixed(6),
      ...(previousResponse === undefined ? {} : { 'x-cloudtasks-taskpreviousresponse': previousResponse }),
      ...(retryReason === undefined ? {} : { 'x-cloudtasks-taskretryreason': retryReason }),
    },
    body,
  }
}

function noteFailure(task: PushedTask, outcome: PostOutcome): PushedTask {
  if (outcome.kind !== 'answered') {
    return { ...task, retryReason: outcome.kind === 'deadline' ? 'DEADLINE_EXCEEDED' : 'UNAVAILABLE' }
  }
  const isExecution = outcome.status < 500
  return {
    ...task,
    executions: task.executions + (isExecution ? 1 : 0),
    previousResponse: String(outcome.status),
    retryReason: `HTTP status code ${outcome.status}`,
  }
}

/** Enqueues tasks in the embedded cloud. */
export class EmbeddedQueue implements Queue {
  readonly #store: JobStore
  readonly #lanes: ReadonlyMap<string, Lane<PushedTask>>
  #isOpen = true

  constructor(store: JobStore, lanes: ReadonlyMap<string, Lane<PushedTask>>) {
    this.#store = store
    this.#lanes = lanes
  }

  async enqueue(tasks: QueueTask[]): Promise<void> {
    if (!this.#isOpen) throw new PlatformError('UNAVAILABLE', 'The queue is closed.')
    const batches = new Map<Lane<PushedTask>, Map<string, NewJob>>()
    for (const task of tasks) {
      const lane = this.#lanes.get(task.queue)
      if (!lane) throw new PlatformError('NOT_FOUND', `There is no queue ${task.queue}.`)
      if (!uuid.test(task.id)) throw new PlatformError('INVALID_ARGUMENT', `A task's id must be a UUID: ${task.id}`)
      const batch = batches.get(lane) ?? new Map<string, NewJob>()
      batches.set(lane, batch)
      const id = task.id.toLowerCase()
      if (!batch.has(id)) batch.set(id, newJob(task, id, lane))
    }
    try {
      await Promise.all([...batches].map(([lane, batch]) => this.#store.insert(lane.queue, [...batch.values()])))
    } catch (error) {
      throw databaseError(error)
    } finally {
      for (const [lane, batch] of batches) wake(lane, [...batch.values()])
    }
  }

  async check(): Promise<void> {
    if (!this.#isOpen) throw new PlatformError('UNAVAILABLE', 'The queue is closed.')
    await this.#store.check()
  }

  async close(): Promise<void> {
    this.#isOpen = false
  }
}

function newJob(task: QueueTask, id: string, lane: Lane<PushedTask>): NewJob {
  const flow = organizationOf(task.body)
  const data: PushedTask = { failures: 0, executions: 0, target: task.target, body: task.body }
  return {
    id,
    data,
    tag: lane.fair.tag(flow),
    flow,
    ...(task.notBefore === undefined ? {} : { startAfter: task.notBefore }),
    deadlineSeconds: lane.policy.deadlineSeconds,
    rememberSeconds,
  }
}

function wake(lane: Lane<PushedTask>, jobs: NewJob[]): void {
  const now = Date.now()
  if (jobs.some((job) => job.startAfter === undefined || job.startAfter.getTime() <= now)) lane.wake()
  for (const job of jobs) if (job.startAfter !== undefined) lane.wakeAt(job.startAfter)
}
