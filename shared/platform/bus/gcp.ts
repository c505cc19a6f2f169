import { setTimeout as sleep } from 'node:timers/promises'
import type { v1 } from '@google-cloud/pubsub'
import { PlatformError } from '../errors.ts'
import { type Chain, type PublishRequest, toChains } from './gcp-batches.ts'
import { grpcStatus, isPassing, pubSubError, statusOf } from './gcp-errors.ts'
import type { Bus, BusMessage } from './index.ts'

export interface PubSubBusOptions {
  projectId: string
  /** Put before the names of topics, for several installations in one project. */
  topicPrefix?: string
  /** `host:port` of an emulator. Without it, `PUBSUB_EMULATOR_HOST` is followed, as Google's client does. */
  emulatorHost?: string
  /** For all of a `publish` or `check`, with every retry; 10,000 by default. */
  timeoutMilliseconds?: number
  /** For one attempt; 4,000 by default. */
  attemptTimeoutMilliseconds?: number
}

type Client = Pick<v1.PublisherClient, 'publish' | 'getTopic' | 'close'>

const firstPauseMilliseconds = 100
/** Requests under way at once per `publish`: HTTP/2 carries them over one connection. */
const concurrency = 16
/** A topic that needs not be there: the answer that it isn't is an answer. */
const probeTopic = 'health-check'

/** Publishes to Pub/Sub. Neither Google's client nor gRPC is loaded before the first message. */
export function createPubSubBus(options: PubSubBusOptions): Bus {
  return new PubSubBus(options)
}

class PubSubBus implements Bus {
  readonly #options: PubSubBusOptions
  readonly #timeoutMilliseconds: number
  readonly #attemptTimeoutMilliseconds: number
  #client: Promise<Client> | undefined
  #isOpen = true
  readonly #underWay = new Set<Promise<void>>()
  /** The end of what is being sent, by topic and ordering key; rejected when it could not be sent. */
  readonly #tails = new Map<string, Promise<void>>()

  constructor(options: PubSubBusOptions) {
    this.#options = options
    this.#timeoutMilliseconds = options.timeoutMilliseconds ?? 10_000
    this.#attemptTimeoutMilliseconds = options.attemptTimeoutMilliseconds ?? 4000
  }

  publish(messages: BusMessage[]): Promise<void> {
    return this.#inTime((deadline) => this.#sendAll(toChains(messages, this.#topicPath), deadline))
  }

  check(): Promise<void> {
    return this.#inTime((deadline) =>
      this.#attempts(deadline, async (client, options) => {
        try {
          await client.getTopic({ topic: this.#topicPath(probeTopic) }, options)
        } catch (error) {
          // Whoever says that it isn't there, or that this account may not look, is there.
          const status = statusOf(error)
          if (status !== grpcStatus.NOT_FOUND && status !== grpcStatus.PERMISSION_DENIED) throw error
        }
      }),
    )
  }

  async close(): Promise<void> {
    this.#isOpen = false
    await Promise.allSettled(this.#underWay)
    const client = await this.#client?.catch(() => undefined)
    this.#client = undefined
    await client?.close()
  }

  #topicPath = (topic: string): string =>
    `projects/${this.#options.projectId}/topics/${this.#options.topicPrefix ?? ''}${topic}`

  /** Whatever hangs (a connection, a lookup, a token), the caller has an answer when the time is over. */
  async #inTime(work: (deadline: number) => Promise<void>): Promise<void> {
    if (!this.#isOpen) throw new PlatformError('UNAVAILABLE', 'The bus is closed.')
    const stop = new AbortController()
    const overdue = sleep(this.#timeoutMilliseconds, undefined, { signal: stop.signal }).then(() => {
      throw new PlatformError('UNAVAILABLE', `Pub/Sub did not answer within ${this.#timeoutMilliseconds} ms.`)
    })
    const run = Promise.race([work(performance.now() + this.#timeoutMilliseconds), overdue])
    this.#underWay.add(run)
    try {
      await run
    } catch (error) {
      throw pubSubError(error)
    } finally {
      this.#underWay.delete(run)
      overdue.catch(() => {})
      stop.abort()
    }
  }

  /** Sends all chains, also those beside one that fails; throws the first failure. */
  async #sendAll(chains: readonly Chain[], deadline: number): Promise<void> {
    const failures: unknown[] = []
    const waiting = chains.values()
    const worker = async () => {
      for (const chain of waiting) await this.#sendChain(chain, deadline).catch((error) => failures.push(error))
    }
    await Promise.all(Array.from({ length: Math.min(concurrency, chains.length) }, worker))
    if (failures.length > 0) throw failures[0]
  }

  /**
   * Sends the requests of a chain one by one; after one that fails, none: the messages behind it must not overtake it.
   * The same holds for publishers of the same key that came in the meantime.
   */
  async #sendChain(chain: Chain, deadline: number): Promise<void> {
    if (chain.orderingKey === '') return this.#sendRequests(chain.requests, deadline)
    const key = `${chain.topic} ${chain.orderingKey}`
    const before = this.#tails.get(key)
    const sent = (async () => {
      await before?.catch((cause) => {
        throw new PlatformError('UNAVAILABLE', 'Pub/Sub: what came before with this ordering key was not sent.', {
          cause,
        })
      })
      await this.#sendRequests(chain.requests, deadline)
    })()
    this.#tails.set(key, sent)
    try {
      await sent
    } finally {
      if (this.#tails.get(key) === sent) this.#tails.delete(key)
    }
  }

  async #sendRequests(requests: readonly PublishRequest[], deadline: number): Promise<void> {
    for (const request of requests) {
      await this.#attempts(deadline, (client, options) => client.publish(request, options))
    }
  }

  /** Calls until it works, it is refused for good, or the time is over. */
  async #attempts(
    deadline: number,
    call: (client: Client, options: { timeout: number; retry: { retryCodes: [] } }) => Promise<unknown>,
  ): Promise<void> {
    for (let pause = firstPauseMilliseconds; ; pause *= 2) {
      const left = deadline - performance.now()
      if (left <= 0) throw new PlatformError('UNAVAILABLE', 'Pub/Sub: no time was left to publish.')
      const opened = this.#open()
      try {
        const timeout = Math.ceil(Math.min(left, this.#attemptTimeoutMilliseconds))
        await call(await opened, { timeout, retry: { retryCodes: [] } })
        return
      } catch (error) {
        if (statusOf(error) === grpcStatus.DEADLINE_EXCEEDED) this.#discard(opened)
        // From half to all of the pause, so that instances that failed together don't come back together.
        const jittered = pause * (0.5 + Math.random() / 2)
        if (!isPassing(error) || performance.now() + jittered >= deadline) throw error
        await sleep(jittered)
      }
    }
  }

  #open(): Promise<Client> {
    this.#client ??= openClient(this.#options).catch((error) => {
      this.#client = undefined
      throw error
    })
    return this.#client
  }

  /**
   * Gives up a client that got no answer: the connection may be dead without its knowing, as after an instance has
   * slept, and gRPC would use it again for minutes.
   */
  #discard(opened: Promise<Client>): void {
    if (this.#client !== opened) return
    this.#client = undefined
    // Others may be waiting for answers to what they have just sent with it.
    sleep(this.#attemptTimeoutMilliseconds, undefined, { ref: false })
      .then(() => opened)
      .then((client) => client.close())
      .catch(() => {})
  }
}

async function openClient({ projectId, emulatorHost }: PubSubBusOptions): Promise<Client> {
  const { PubSub, v1: clients } = await import('@google-cloud/pubsub')
  const emulator = emulatorHost === undefined ? {} : { apiEndpoint: emulatorHost, emulatorMode: true }
  // Google's way to a bare client that follows the emulator's variable.
  const config = await new PubSub({ projectId, ...emulator }).getClientConfig()
  return new clients.PublisherClient(config as ConstructorParameters<typeof clients.PublisherClient>[0])
}
