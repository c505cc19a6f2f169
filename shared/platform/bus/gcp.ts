import { setTimeout as sleep } from 'node:timers/promises'
import type { v1 } from '@google-cloud/pubsub'
import { PlatformError } from '../errors.ts'
import { ClientCalls, ownConnection } from '../google/client-calls.ts'
import { grpcStatus, statusOf, toPlatformError } from '../google/status.ts'
import { type Chain, toChains } from './gcp-batches.ts'
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
  attemptMilliseconds?: number
}

type Client = Pick<v1.PublisherClient, 'publish' | 'getTopic' | 'close'>

const service = 'Pub/Sub'
/** Requests under way at once per `publish`: HTTP/2 carries them over one connection. */
const concurrency = 16
/** A topic that needs not be there: the answer that it isn't is an answer. */
const probeTopic = 'health-check'

/**
 * Publishes to Pub/Sub. Neither Google's client nor gRPC is loaded before the first message.
 *
 * A publish has ended when the service has acknowledged every message, or when its time is over; nothing waits in a
 * buffer for an instance that may be asleep by then. A request whose answer was lost is repeated, so a message may be
 * there twice, under two ids of the service and one of ours.
 */
export function createPubSubBus(options: PubSubBusOptions): Bus {
  return new PubSubBus(options)
}

class PubSubBus implements Bus {
  readonly #options: PubSubBusOptions
  readonly #timeoutMilliseconds: number
  readonly #calls: ClientCalls<Client>
  #isOpen = true
  readonly #underWay = new Set<Promise<void>>()
  /** The end of what is being sent, by topic and ordering key; rejected when it could not be sent. */
  readonly #tails = new Map<string, Promise<void>>()

  constructor(options: PubSubBusOptions) {
    this.#options = options
    this.#timeoutMilliseconds = options.timeoutMilliseconds ?? 10_000
    this.#calls = new ClientCalls({
      service,
      open: () => openClient(options),
      timeoutMilliseconds: this.#timeoutMilliseconds,
      attemptMilliseconds: options.attemptMilliseconds ?? 4_000,
    })
  }

  async publish(messages: BusMessage[]): Promise<void> {
    this.#assertOpen()
    const stop = new AbortController()
    // Many requests may each be in time, and all of them together not.
    const overdue = sleep(this.#timeoutMilliseconds, undefined, { signal: stop.signal }).then(() => {
      throw new PlatformError('UNAVAILABLE', `${service} did not take all within ${this.#timeoutMilliseconds} ms.`)
    })
    overdue.catch(() => {})
    const sent = Promise.race([this.#sendAll(toChains(messages, this.#topicPath), stop.signal), overdue])
    this.#underWay.add(sent)
    try {
      await sent
    } catch (error) {
      throw toPlatformError(service, error)
    } finally {
      this.#underWay.delete(sent)
      stop.abort()
    }
  }

  async check(): Promise<void> {
    this.#assertOpen()
    try {
      await this.#calls.call((client, options) => client.getTopic({ topic: this.#topicPath(probeTopic) }, options))
    } catch (error) {
      const status = statusOf(error)
      // Whoever says that it isn't there, or that this account may not look, is there.
      if (status === grpcStatus.NOT_FOUND || status === grpcStatus.PERMISSION_DENIED) return
      throw new PlatformError('UNAVAILABLE', toPlatformError(service, error).message, { cause: error })
    }
  }

  async close(): Promise<void> {
    this.#isOpen = false
    await Promise.allSettled(this.#underWay)
    await this.#calls.close()
  }

  #assertOpen(): void {
    if (!this.#isOpen) throw new PlatformError('UNAVAILABLE', 'The bus is closed.')
  }

  #topicPath = (topic: string): string =>
    `projects/${this.#options.projectId}/topics/${this.#options.topicPrefix ?? ''}${topic}`

  /** Sends all chains, also those beside one that fails; throws the first failure. */
  async #sendAll(chains: readonly Chain[], signal: AbortSignal): Promise<void> {
    const failures: unknown[] = []
    const waiting = chains.values()
    const worker = async () => {
      for (const chain of waiting) await this.#sendChain(chain, signal).catch((error) => failures.push(error))
    }
    await Promise.all(Array.from({ length: Math.min(concurrency, chains.length) }, worker))
    if (failures.length > 0) throw failures[0]
  }

  async #sendChain(chain: Chain, signal: AbortSignal): Promise<void> {
    if (chain.orderingKey === '') return this.#sendRequests(chain, signal)
    const key = JSON.stringify([chain.topic, chain.orderingKey])
    const sent = this.#sendBehind(this.#tails.get(key), chain, signal)
    this.#tails.set(key, sent)
    try {
      await sent
    } finally {
      if (this.#tails.get(key) === sent) this.#tails.delete(key)
    }
  }

  /** Whoever waits behind messages of the same key that fail must not overtake them when they are sent again. */
  async #sendBehind(before: Promise<void> | undefined, chain: Chain, signal: AbortSignal): Promise<void> {
    await before?.catch((cause) => {
      const message = `${service}: what came before with the same ordering key was not sent.`
      throw new PlatformError('UNAVAILABLE', message, { cause })
    })
    await this.#sendRequests(chain, signal)
  }

  async #sendRequests({ requests }: Chain, signal: AbortSignal): Promise<void> {
    for (const request of requests) {
      if (signal.aborted) throw new PlatformError('UNAVAILABLE', `${service}: no time was left to publish.`)
      await this.#calls.call((client, options) => client.publish(request, options))
    }
  }
}

async function openClient({ projectId, emulatorHost }: PubSubBusOptions): Promise<Client> {
  // A CommonJS package: bundled, it has no other export.
  const { PubSub, v1: clients } = (await import('@google-cloud/pubsub')).default
  const emulator = emulatorHost === undefined ? {} : { apiEndpoint: emulatorHost, emulatorMode: true }
  // Google's way to a bare client that follows the emulator's variable.
  const config = await new PubSub({ projectId, ...emulator, ...ownConnection }).getClientConfig()
  const client = new clients.PublisherClient(config as ConstructorParameters<typeof clients.PublisherClient>[0])
  // A client whose credentials could not be read remembers that for good; this one is then not kept.
  await client.initialize()
  return client
}
