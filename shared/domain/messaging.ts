import * as v from 'valibot'

/** Topics of the bus, one for each family of events, and the one where subscriptions leave what they gave up. */
export const topics = ['documents', 'workspaces', 'agents', 'operations', 'alerts', 'dead-letters'] as const
export type Topic = (typeof topics)[number]

/** Queues by how soon their work is wanted: `priority` <5 s, `default` <60 s, `long-running` <30 min, `webhooks` follow-ups and outbound calls. */
export const queueNames = ['priority', 'default', 'long-running', 'webhooks'] as const
export type QueueName = (typeof queueNames)[number]

type Schema = v.GenericSchema

/** A kind of event: what happened, told to whoever subscribes. */
export interface EventType<Payload extends Schema = Schema> {
  readonly kind: 'event'
  readonly topic: Topic
  readonly type: string
  readonly payload: Payload
}

/** A kind of task: work that one named function is to do. */
export interface TaskType<Payload extends Schema = Schema> {
  readonly kind: 'task'
  /** Name of the function, which is also its folder: `documents-scan`. */
  readonly name: string
  readonly queue: QueueName
  readonly payload: Payload
}

export function eventType<Payload extends Schema>(topic: Topic, type: string, payload: Payload): EventType<Payload> {
  return { kind: 'event', topic, type, payload }
}

export function taskType<Payload extends Schema>(queue: QueueName, name: string, payload: Payload): TaskType<Payload> {
  return { kind: 'task', name, queue, payload }
}

/** Writes an event into the outbox of the current transaction. */
export type Publish = <Payload extends Schema>(
  type: EventType<Payload>,
  payload: v.InferInput<Payload>,
  /** `workspaceId`: what it is about, where that isn't the workspace that the sender works in. */
  options?: { orderingKey?: string; workspaceId?: string },
) => Promise<void>

/** Writes a task into the outbox of the current transaction. */
export type Enqueue = <Payload extends Schema>(
  type: TaskType<Payload>,
  payload: v.InferInput<Payload>,
  options?: {
    notBefore?: Date
    /** Where the work is, when the transaction itself is in no workspace. */
    workspaceId?: string
  },
) => Promise<void>

/** What travels: the envelope of SPEC section 3, the same on topics and queues. */
export const Envelope = v.object({
  id: v.pipe(v.string(), v.uuid()),
  event_type: v.string(),
  org_id: v.pipe(v.string(), v.uuid()),
  workspace_id: v.nullable(v.pipe(v.string(), v.uuid())),
  /** The user whose request caused it, if any. */
  actor_id: v.nullable(v.pipe(v.string(), v.uuid())),
  /** The request id that caused it. */
  correlation_id: v.string(),
  traceparent: v.nullable(v.string()),
  payload: v.unknown(),
  timestamp: v.pipe(v.string(), v.isoTimestamp()),
})
export type Envelope = v.InferOutput<typeof Envelope>
