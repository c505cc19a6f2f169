import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** How the endpoint answers: well; not at all, for ever or by hanging up; with an error; with what is no key set. */
export type KeyWeather = 'fine' | 'silent' | 'hangs up' | 'error' | 'garbage' | 'empty' | 'no list' | 'huge' | 'moved'

export interface KeyEndpoint {
  url: string
  /** Of what is behind the endpoint. */
  weather: KeyWeather
  /** Requests so far. */
  asked: number
  stop(): Promise<void>
}

const answers: Record<Exclude<KeyWeather, 'fine' | 'silent' | 'hangs up'>, { status: number; body: string }> = {
  error: { status: 500, body: 'upstream says: password=hunter2' },
  garbage: { status: 200, body: '<html>maintenance</html>' },
  empty: { status: 200, body: '{"keys":[]}' },
  'no list': { status: 200, body: 'null' },
  huge: { status: 200, body: `{"keys":[${'{},'.repeat(100_000)}{}]}` },
  moved: { status: 302, body: '' },
}

/** Publishes an issuer's keys as the issuer does, when the weather is fine. */
export async function startKeyEndpoint(keys: () => unknown): Promise<KeyEndpoint> {
  const server = createServer((_, response) => {
    endpoint.asked++
    const { weather } = endpoint
    if (weather === 'silent') return
    if (weather === 'hangs up') return void response.destroy()
    const { status, body } = weather === 'fine' ? { status: 200, body: JSON.stringify(keys()) } : answers[weather]
    response.writeHead(status, { 'content-type': 'application/json', location: '/elsewhere' }).end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const endpoint: KeyEndpoint = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks.json`,
    weather: 'fine',
    asked: 0,
    stop() {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
  return endpoint
}
