import { setTimeout as sleep } from 'node:timers/promises'
import { backoffSeconds } from '#shared/platform/push/embedded-lane.ts'
import type { Poster, PostOutcome } from '#shared/platform/push/http-post.ts'
import type { QueuePolicy } from '#shared/platform/push/index.ts'
import { RateLimit } from '#shared/platform/push/limits.ts'

/** A task as it was created. */
export interface FakeTask {
  /** Full name. */
  name: string
  url: string
  body: Buffer
  headers: Record<string, string>
  audience: string
  serviceAccountEmail: string
  scheduleTime: Date
  dispatchDeadlineSeconds: number
}

export interface DispatchOptions {
  signToken(audience: string, email: string): Promise<string>
  backoffScale: number
  deadlineScale: number
}

interface Pending {
  task: FakeTask
  failures: number
  executions: number
  previousResponse?: string
  retryReason?: string
}

/** One queue: posts its tasks with Cloud Tasks' headers, repeats what fails, and drops it after the last attempt. */
export class FakeQueue {
  readonly policy: QueuePolicy
  readonly #options: DispatchOptions
  readonly #poster: Poster
  readonly #rate: RateLimit
  readonly #stop: AbortController
  #underWay = 0
  readonly #due: Pending[] = []
  readonly #later = new Set<Pending>()
  #timer: NodeJS.Timeout | undefined

  constructor(policy: QueuePolicy, options: DispatchOptions, poster: Poster, stop: AbortController) {
    this.policy = policy
    this.#options = options
    this.#poster = poster
    this.#stop = stop
    this.#rate = new RateLimit(policy.ratePerSecond, performance.now())
  }

  /** Tasks that are not done yet. */
  get depth(): number {
    return this.#due.length + this.#later.size + this.#underWay
  }

  add(task: FakeTask): void {
    this.#wait({ task, failures: 0, executions: 0 }, task.scheduleTime.getTime() - Date.now())
  }

  #wait(pending: Pending, milliseconds: number): void {
    this.#later.add(pending)
    // A timer may fire a moment early, and no task may.
    sleep(Math.max(0, milliseconds + 1), undefined, { signal: this.#stop.signal, ref: false })
      .then(() => {
        this.#later.delete(pending)
        this.#due.push(pending)
        this.#dispatch()
      })
      .catch(() => {})
  }

  #dispatch(): void {
    while (this.#due.length > 0 && this.#underWay < this.policy.concurrency && !this.#stop.signal.aborted) {
      if (this.#rate.take(1, performance.now()) === 0) {
        clearTimeout(this.#timer)
        this.#timer = setTimeout(() => this.#dispatch(), this.#rate.waitMilliseconds()).unref()
        return
      }
      this.#underWay++
      const pending = this.#due.shift()!
      void this.#attempt(pending).finally(() => {
        this.#underWay--
        this.#dispatch()
      })
    }
  }

  async #attempt(pending: Pending): Promise<void> {
    const { task } = pending
    const outcome = await this.#post(pending)
    if (outcome.kind === 'stopped') return
    if (outcome.kind === 'answered' && outcome.status >= 200 && outcome.status <= 299) return
    pending.failures++
    if (pending.failures >= this.policy.attempts) return
    if (outcome.kind === 'answered') {
      pending.previousResponse = String(outcome.status)
      pending.retryReason = `HTTP status code ${outcome.status}`
      if (outcome.status < 500) pending.executions++
    } else {
      pending.retryReason = outcome.kind === 'deadline' ? 'DEADLINE_EXCEEDED' : 'UNAVAILABLE'
    }
    const seconds = backoffSeconds(this.policy, pending.failures) * this.#options.backoffScale
    task.scheduleTime = new Date(Date.now() + seconds * 1000)
    this.#wait(pending, seconds * 1000)
  }

  async #post({ task, failures, executions, previousResponse, retryReason }: Pending): Promise<PostOutcome> {
    const parts = task.name.split('/')
    return this.#poster.post({
      url: new URL(task.url),
      headers: {
        ...task.headers,
        'user-agent': 'Google-Cloud-Tasks',
        authorization: `Bearer ${await this.#options.signToken(task.audience, task.serviceAccountEmail)}`,
        'x-cloudtasks-queuename': parts[5]!,
        'x-cloudtasks-taskname': parts[7]!,
        'x-cloudtasks-taskretrycount': String(failures),
        'x-cloudtasks-taskexecutioncount': String(executions),
        'x-cloudtasks-tasketa': (task.scheduleTime.getTime() / 1000).toFixed(6),
        ...(previousResponse === undefined ? {} : { 'x-cloudtasks-taskpreviousresponse': previousResponse }),
        ...(retryReason === undefined ? {} : { 'x-cloudtasks-taskretryreason': retryReason }),
      },
      body: task.body.toString(),
      deadlineMilliseconds: task.dispatchDeadlineSeconds * 1000 * this.#options.deadlineScale,
      signal: this.#stop.signal,
    })
  }
}
