import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { TestProduct } from '../setup/product.ts'
import type { Carried, Carrier } from './carrier.ts'
import type { Birth, FromMortal } from './mortal-process.ts'

const program = fileURLToPath(new URL('mortal-process.ts', import.meta.url))

/** What a delivery came to: it stopped at a step, or it went through all of them. */
export type Fate = { at: string } | { steps: string[] }

/** A process with one function beside a product, to be killed in the middle of deliveries. What it sends, the carrier has. */
export class Mortal {
  readonly #child: ChildProcess
  readonly #ended: Promise<NodeJS.Signals | null>
  readonly #address = Promise.withResolvers<string>()
  readonly #fates = new Map<string, PromiseWithResolvers<Fate>>()
  readonly #carrier: Carrier
  #errors = ''

  constructor(product: TestProduct, carrier: Carrier, functionName: string) {
    this.#carrier = carrier
    this.#child = fork(program, [], {
      execArgv: [],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    })
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#errors += text
    })
    this.#ended = new Promise((resolve) => {
      this.#child.once('exit', (_code, signal) => {
        this.#address.reject(new Error(`the process ended too early: ${this.#errors}`))
        resolve(signal)
      })
    })
    this.#address.promise.catch(() => {})
    this.#child.on('message', (message: FromMortal) => void this.#hear(message))
    const config = { ...product.services.config, DATABASE_POOL_SIZE: 16 }
    this.#child.send({ config, functionName } satisfies Birth)
  }

  async #hear(message: FromMortal): Promise<void> {
    if (message.kind === 'listening') this.#address.resolve(`http://127.0.0.1:${message.port}`)
    if (message.kind === 'stopped') this.#fateOf(message.delivery).resolve({ at: message.at })
    if (message.kind === 'ended') this.#fateOf(message.delivery).resolve({ steps: message.steps })
    if (message.kind === 'publish') await this.#carrier.bus.publish(message.messages)
    if (message.kind === 'enqueue') await this.#carrier.queue.enqueue(message.tasks)
    if ('id' in message && this.#child.connected) this.#child.send({ sent: message.id })
  }

  #fateOf(delivery: string): PromiseWithResolvers<Fate> {
    const known = this.#fates.get(delivery) ?? Promise.withResolvers<Fate>()
    this.#fates.set(delivery, known)
    return known
  }

  /** Delivers a message until the process waits for its n-th step, counted from 1, or is through. */
  deliver(message: Carried, stopAt: number): Promise<Fate> {
    const headers = { 'x-delivery': message.id, 'x-stop-at': String(stopAt) }
    return this.#address.promise.then((url) => {
      // Nobody answers any more when it is killed.
      this.#carrier.deliver(url, message, headers).catch(() => {})
      return this.#fateOf(message.id).promise
    })
  }

  /** `kill -9`. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    const signal = await this.#ended
    if (signal !== 'SIGKILL') throw new Error(`the process had ended already: ${this.#errors}`)
  }
}
