import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A TCP proxy whose connections can go silent: nothing is forwarded any more, and nobody is told. */
export class SilentProxy {
  readonly #pairs = new Set<Pair>()
  readonly #target: { host: string; port: number }
  /** Connections that are made now are silent from the first byte. */
  isSilent = false
  readonly #server = createServer((client) => this.#open(client))

  private constructor(url: string) {
    const { hostname, port } = new URL(url)
    this.#target = { host: hostname, port: Number(port) }
  }

  /** @param url of the server behind it */
  static async start(url: string): Promise<SilentProxy> {
    const proxy = new SilentProxy(url)
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve))
    return proxy
  }

  /** The same URL, by way of the proxy. */
  through(url: string): string {
    const changed = new URL(url)
    changed.hostname = '127.0.0.1'
    changed.port = String((this.#server.address() as AddressInfo).port)
    return changed.href
  }

  /** Connections on which something is forwarded. */
  get connections(): number {
    return [...this.#pairs].filter(({ isSilent }) => !isSilent).length
  }

  /** Silences connections that there are: all of them, or those that are chosen. */
  silence(isChosen: () => boolean = () => true): void {
    for (const pair of this.#pairs) if (isChosen()) pair.isSilent = true
  }

  async stop(): Promise<void> {
    for (const { client, server } of this.#pairs) {
      client.destroy()
      server.destroy()
    }
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #open(client: Socket): void {
    const server = connect({ ...this.#target, noDelay: true })
    client.setNoDelay(true)
    const pair: Pair = { client, server, isSilent: this.isSilent }
    this.#pairs.add(pair)
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      // Taken and lost, as by a network that has forgotten the connection; the end of one side is lost as well.
      from.on('data', (bytes) => {
        if (!pair.isSilent) to.write(bytes)
      })
      from.on('error', () => {})
      from.on('close', () => {
        if (!pair.isSilent) to.destroy()
        if (client.destroyed) this.#pairs.delete(pair)
      })
    }
  }
}

interface Pair {
  client: Socket
  server: Socket
  isSilent: boolean
}
