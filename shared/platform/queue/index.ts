/** One task on its way to a queue. */
export interface QueueTask {
  /** The outbox row's id; the queue drops a second task with the same id for about an hour. */
  id: string
  queue: string
  /** Name of the deployed function that will get the task by POST. */
  target: string
  /** JSON text, the same envelope as on the bus. */
  body: string
  /** Earliest delivery; absent means now. */
  notBefore?: Date
}

/** Enqueues tasks, at least once. */
export interface Queue {
  /** Resolves when every task is durable on the far side; a task whose id is already known counts as enqueued. */
  enqueue(tasks: QueueTask[]): Promise<void>
  /** Resolves when tasks can be taken right now; throws `PlatformError` UNAVAILABLE otherwise. */
  check(): Promise<void>
  close(): Promise<void>
}
