import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Received {
  target: string
  headers: IncomingHttpHeaders
  body: string
  /** `performance.now()` on arrival. */
  at: number
}

/** An answer: a status, or never. May be made to wait. */
export type Answer = number | 'never' | Promise<number>

/** A server that stands for the functions in tests: it keeps every request and answers as told. */
export class Receiver {
  readonly #server: Server
  readonly #requests: Received[] = []
  readonly #answers = new Map<string, (request: Received, count: number) => Answer>()
  readonly #watchers = new Set<() => void>()
  /** Requests that are not answered yet, per target. */
  readonly open = new Map<string, number>()

  private constructor(server: Server) {
    this.#server = server
  }

  static async start(): Promise<Receiver> {
    const server = createServer()
    const receiver = new Receiver(server)
    server.on('request', async (request, response: ServerResponse) => {
      const at = performance.now()
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk as Buffer)
      const target = (request.url ?? '').slice(1)
      await receiver.#receive(
        { target, headers: request.headers, body: Buffer.concat(chunks).toString(), at },
        response,
      )
    })
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    return receiver
  }

  urlOf = (target: string): string => `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/${target}`

  /** Sets how a target answers its nth request (from 1); by default 200. */
  answer(target: string, how: (request: Received, count: number) => Answer): void {
    this.#answers.set(target, how)
  }

  requests(target: string): Received[] {
    return this.#requests.filter((request) => request.target === target)
  }

  /** Resolves with a target's requests when there are `count`. */
  async until(target: string, count: number, patienceMilliseconds = 10_000): Promise<Received[]> {
    const deadline = performance.now() + patienceMilliseconds
    while (this.requests(target).length < count) {
      const left = deadline - performance.now()
      if (left <= 0) throw new Error(`${target} got ${this.requests(target).length} of ${count} requests`)
      await new Promise<void>((done) => {
        const timer = setTimeout(done, left)
        const watcher = () => {
          clearTimeout(timer)
          this.#watchers.delete(watcher)
          done()
        }
        this.#watchers.add(watcher)
      })
    }
    return this.requests(target)
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((done) => this.#server.close(done))
  }

  async #receive(request: Received, response: ServerResponse): Promise<void> {
    this.#requests.push(request)
    this.open.set(request.target, (this.open.get(request.target) ?? 0) + 1)
    response.on('close', () => this.open.set(request.target, (this.open.get(request.target) ?? 0) - 1))
    for (const watcher of [...this.#watchers]) watcher()
    const count = this.requests(request.target).length
    const status = await (this.#answers.get(request.target)?.(request, count) ?? 200)
    if (status !== 'never') response.writeHead(status).end()
  }
}
