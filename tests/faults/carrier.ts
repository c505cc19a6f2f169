import { newId } from '#shared/domain/ids.ts'
import type { Bus } from '#shared/platform/bus/index.ts'
import type { Queue } from '#shared/platform/queue/index.ts'
import { buildPushPlan } from '#shared/runtime/manifest.ts'
import { call, type TestProduct } from '../setup/product.ts'
import type { Random } from './random.ts'

/** A message on its way to one function. */
export interface Carried {
  id: string
  kind: 'event' | 'task' | 'schedule'
  /** Name of the function. */
  target: string
  /** The envelope; of a schedule the time that it is due. */
  body: string
  attributes: Record<string, string>
  /** Not to be delivered yet, as long as there is anything else. */
  later: boolean
  /** From 1. */
  attempt: number
}

export interface DrainOptions {
  random: Random
  /** How often each message is delivered at most; some copies come at once, others whenever they like. */
  copies: number
  /** Messages that are left where they are. */
  except?: (message: Carried) => boolean
}

/** Deliveries under way at once, copies aside. */
const porters = 4
const triesInAll = 30

/**
 * Pub/Sub and Cloud Tasks in the hands of a test: a bus and a queue whose messages stay until the test has them delivered,
 * in any order and more than once.
 */
export class Carrier {
  readonly bus: Bus
  readonly queue: Queue
  readonly waiting: Carried[] = []
  /** Failures beyond these are not told: by them functions give up, and here what fails is cured by another try. */
  attemptsTold = 3
  /** What was answered, by function and outcome. */
  readonly answers = new Map<string, number>()
  readonly #product: TestProduct

  constructor(product: TestProduct) {
    this.#product = product
    const { subscriptions } = buildPushPlan(product.functions)
    const rest = { check: async () => {}, close: async () => {} }
    this.bus = {
      ...rest,
      publish: async (messages) => {
        for (const { id, topic, body, attributes } of messages) {
          for (const { target, eventTypes, topic: own } of subscriptions) {
            if (topic !== own || !eventTypes.includes(attributes.event_type ?? '')) continue
            this.waiting.push({ id, kind: 'event', target, body, attributes, later: false, attempt: 1 })
          }
        }
      },
    }
    this.queue = {
      ...rest,
      enqueue: async (tasks) => {
        for (const { id, target, body, notBefore } of tasks) {
          this.waiting.push({ id, kind: 'task', target, body, attributes: {}, later: !!notBefore, attempt: 1 })
        }
      },
    }
  }

  /** Takes out what waits for a function. */
  take(target: string): Carried[] {
    const taken = this.waiting.filter((message) => message.target === target)
    this.waiting.splice(0, Infinity, ...this.waiting.filter((message) => message.target !== target))
    return taken
  }

  /** Delivers a message once, as its service does. @returns the outcome, or the status of a failure */
  async deliver(url: string, message: Carried, headers: Record<string, string> = {}): Promise<string> {
    const { target } = message
    const token = await this.#product.signPush(`${this.#product.services.config.FUNCTIONS_URL}/${target}`)
    const push = pushOf({ ...message, attempt: Math.min(message.attempt, this.attemptsTold) })
    const answer = await call(url, 'POST', `/functions/${target}`, {
      token,
      rawBody: push.rawBody,
      headers: { ...headers, ...push.headers },
    })
    const outcome = answer.status === 200 ? answer.body.outcome : String(answer.status)
    this.answers.set(`${target} ${outcome}`, (this.answers.get(`${target} ${outcome}`) ?? 0) + 1)
    return outcome
  }

  /** How often this was answered, by all functions. */
  count(outcome: string): number {
    let sum = 0
    for (const [key, times] of this.answers) if (key.endsWith(` ${outcome}`)) sum += times
    return sum
  }

  /**
   * Delivers until nothing is left, what the deliveries send included: any of what waits next, some copies of it at the
   * same time and some at any time after, and what failed again.
   */
  async drain(url: string, { random, copies, except = () => false }: DrainOptions): Promise<void> {
    const stragglers: Carried[] = []
    let busy = 0
    const next = (): { message: Carried; isCopy: boolean } | undefined => {
      const due = this.waiting.filter((message) => !except(message))
      const soon = due.filter(({ later }) => !later)
      const choice = [...(soon.length > 0 || busy > 0 ? soon : due), ...stragglers]
      if (choice.length === 0) return undefined
      const message = random.pick(choice)
      const isCopy = stragglers.includes(message)
      const from = isCopy ? stragglers : this.waiting
      from.splice(from.indexOf(message), 1)
      return { message, isCopy }
    }
    const carry = async (message: Carried, isCopy: boolean): Promise<void> => {
      const count = isCopy ? 1 : random.integer(1, copies)
      const atOnce = random.integer(1, count)
      const outcomes = await Promise.all(Array.from({ length: atOnce }, () => this.deliver(url, message)))
      const settled = outcomes.some((outcome) => !/^\d+$/.test(outcome))
      if (!settled && message.attempt === triesInAll) throw new Error(`${message.target} never succeeds`)
      if (!settled) this.waiting.push({ ...message, attempt: message.attempt + 1 })
      else for (let copy = atOnce; copy < count; copy++) stragglers.push({ ...message })
    }
    const work = async (): Promise<void> => {
      for (;;) {
        const found = next()
        if (found) {
          busy++
          await carry(found.message, found.isCopy).finally(() => busy--)
        } else if (busy === 0) return
        else await new Promise((resolve) => setTimeout(resolve, 2))
      }
    }
    await Promise.all(Array.from({ length: porters }, work))
  }
}

/** The request that the service of its kind makes of a message. */
function pushOf({ id, kind, target, body, attributes, attempt }: Carried) {
  if (kind === 'schedule') return { rawBody: '', headers: { 'x-cloudscheduler-scheduletime': body } }
  if (kind === 'task') {
    const headers = { 'x-cloudtasks-taskname': id, 'x-cloudtasks-taskretrycount': String(attempt - 1) }
    return { rawBody: body, headers }
  }
  const message = {
    data: Buffer.from(body).toString('base64'),
    messageId: newId(),
    attributes: { ...attributes, message_id: id },
  }
  const subscription = `projects/test/subscriptions/${target}`
  return { rawBody: JSON.stringify({ message, subscription, deliveryAttempt: attempt }), headers: {} }
}
