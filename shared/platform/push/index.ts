/**
 * What the senders (Pub/Sub push, Cloud Tasks, Cloud Scheduler) need to know of the functions they call. The embedded
 * cloud reads it from the declarations; on Google, Terraform writes the same facts into the real services.
 */
export interface Subscription {
  topic: string
  /** Only messages whose `event_type` attribute is one of these are delivered; empty: all. */
  eventTypes: string[]
  target: string
  attempts: number
  minimumBackoffSeconds: number
  maximumBackoffSeconds: number
  ackDeadlineSeconds: number
}

export interface QueuePolicy {
  name: string
  attempts: number
  minimumBackoffSeconds: number
  maximumBackoffSeconds: number
  /** Most tasks under way at once. */
  concurrency: number
  /** Most dispatches a second. */
  ratePerSecond: number
  deadlineSeconds: number
}

export interface Schedule {
  /** Name of the function, and of the Cloud Scheduler job. */
  target: string
  /** Five-field unix cron. */
  cron: string
  /** IANA zone. */
  timeZone: string
  attempts: number
}

export interface PushPlan {
  subscriptions: Subscription[]
  queues: QueuePolicy[]
  schedules: Schedule[]
  /** Function that gets the messages whose subscription gave up on them. */
  deadLetterTarget: string
}
