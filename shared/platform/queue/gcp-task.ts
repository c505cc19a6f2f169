import { hash } from 'node:crypto'
import type { protos } from '@google-cloud/tasks'
import { PlatformError } from '../errors.ts'
import type { QueueTask } from './index.ts'

export type CreateTaskRequest = protos.google.cloud.tasks.v2.ICreateTaskRequest

/** What the tasks of one queue have in common. */
export interface TaskTarget {
  /** Full name of the queue. */
  parent: string
  deadlineSeconds: number
  urlOf(target: string): string
  serviceAccountEmail: string
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
/** A task may have 1 MB with its headers and token ("Quotas and limits"). */
const maximumBodyBytes = 1_000_000
const maximumDelayMilliseconds = 30 * 24 * 3600 * 1000
/** Cloud Tasks wants a dispatch deadline of an HTTP target between these. */
const deadlineLimits = { minimumSeconds: 15, maximumSeconds: 1800 }

/**
 * The request that creates a task.
 *
 * @throws PlatformError INVALID_ARGUMENT for an id that is no UUID, a body above 1 MB, or a time more than 30 days away.
 */
export function toCreateTask(task: QueueTask, to: TaskTarget, now: Date): CreateTaskRequest {
  const id = task.id.toLowerCase()
  if (!uuid.test(id)) throw new PlatformError('INVALID_ARGUMENT', `A task's id must be a UUID: ${task.id}`)
  const body = Buffer.from(task.body)
  if (body.byteLength > maximumBodyBytes) {
    throw new PlatformError('INVALID_ARGUMENT', `A task's body has at most ${maximumBodyBytes} bytes.`)
  }
  const at = task.notBefore?.getTime()
  if (at !== undefined && !(at <= now.getTime() + maximumDelayMilliseconds)) {
    throw new PlatformError('INVALID_ARGUMENT', 'A task can wait for 30 days at most.')
  }
  const url = to.urlOf(task.target)
  const { minimumSeconds, maximumSeconds } = deadlineLimits
  return {
    parent: to.parent,
    task: {
      name: `${to.parent}/tasks/${taskIdOf(id)}`,
      httpRequest: {
        httpMethod: 'POST',
        url,
        headers: { 'content-type': 'application/json' },
        body,
        oidcToken: { serviceAccountEmail: to.serviceAccountEmail, audience: url },
      },
      dispatchDeadline: { seconds: Math.min(Math.max(to.deadlineSeconds, minimumSeconds), maximumSeconds) },
      ...(at === undefined ? {} : { scheduleTime: timestamp(at) }),
    },
  }
}

/**
 * The id in the task's name. Ours begin with the time, and names that follow one another are what Cloud Tasks stores
 * badly ("Using hashed strings for the task id or for the prefix of the task id is recommended").
 */
function taskIdOf(id: string): string {
  return `${hash('sha256', id).slice(0, 8)}-${id}`
}

function timestamp(milliseconds: number): { seconds: number; nanos: number } {
  const seconds = Math.floor(milliseconds / 1000)
  return { seconds, nanos: Math.round((milliseconds - seconds * 1000) * 1e6) }
}
