import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import type { TokenUsage, ToolRequest } from '#shared/domain/models/types.ts'
import { settle } from './clock.ts'

/** An answer, without a provider's dialect. */
export interface ProviderAnswer {
  text: string
  toolRequests: readonly ToolRequest[]
  /** `blocked`: the prompt was. */
  finish: 'stop' | 'tools' | 'length' | 'safety' | 'blocked' | 'unheard of'
  usage: TokenUsage | null
}

/** What the provider does with one request. */
export type ProviderBehaviour =
  | ({ kind: 'answers' /** Sends it byte by byte. */; inBytes?: boolean } & Partial<ProviderAnswer>)
  | { kind: 'refuses'; status: number; headers?: Record<string, string>; message?: string }
  /** Sends this instead of an answer, with status 200; in a stream as the data of an event. */
  | { kind: 'sends'; body: string }
  /** Breaks the connection in the middle of an answer. */
  | { kind: 'breaks off' }
  /** Ends a stream properly, but in the middle of the answer. */
  | { kind: 'ends early' }
  /** Says in the middle of a stream that something went wrong. */
  | { kind: 'fails midway' }
  | { kind: 'is silent'; afterHeaders?: boolean }
  /** Goes on and on. */
  | { kind: 'never ends' }
  | { kind: 'redirects'; to: string }

/** One request as the provider understood it. */
export interface SeenRequest {
  path: string
  system: string
  /** Turns in their order; calls and outputs of functions as `name(json)` and `name=json`. */
  turns: { role: string; parts: string[] }[]
  tools: { name: string; schema: unknown }[]
  /** Schema that the answer has to have, as far as the provider was told. */
  schema: unknown
  maximumOutputTokens: number
}

export interface WireRequest {
  path: string
  headers: IncomingHttpHeaders
  body: any
}

/** How a provider speaks, by its documentation. */
export interface Dialect {
  /** What is wrong with the request; null: nothing. */
  check(request: WireRequest): { status: number; message: string } | null
  understand(request: WireRequest): SeenRequest
  isStreamed(request: WireRequest): boolean
  whole(answer: ProviderAnswer, request: WireRequest): object
  /** Events of a stream; `event` where the provider names them. */
  events(answer: ProviderAnswer, request: WireRequest): { event?: string; data: string }[]
  /** The event that says that something went wrong. */
  failure: { event?: string; data: string }
  errorBody(status: number, message: string): object
  lineEnd: string
}

export interface ModelProvider {
  url: string
  /** What happens to the next requests, one each; then it answers `hello`. */
  script: ProviderBehaviour[]
  seen: SeenRequest[]
  /** Requests whose connection the client ended before it had everything. */
  abandoned: number
  stop(): Promise<void>
}

const usual: ProviderAnswer = {
  text: 'hello',
  toolRequests: [],
  finish: 'stop',
  usage: { input: 12, cachedInput: 0, output: 3, thinking: 0 },
}

/** Starts a provider of models on this machine, speaking the given dialect. */
export async function startModelProvider(dialect: Dialect): Promise<ModelProvider> {
  const provider: ModelProvider = {
    url: '',
    script: [],
    seen: [],
    abandoned: 0,
    stop() {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }

  async function serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on('close', () => {
      if (!response.writableFinished) provider.abandoned++
    })
    const request = { path: incoming.url!, headers: incoming.headers, body: await json(incoming) }
    const problem = dialect.check(request)
    if (problem) return refuse(response, problem)
    provider.seen.push(dialect.understand(request))
    await behave(provider.script.shift() ?? { kind: 'answers' }, request, response)
  }

  function refuse(response: ServerResponse, { status, message, headers = {} }: Refusal): void {
    response.writeHead(status, { 'content-type': 'application/json', ...headers })
    response.end(JSON.stringify(dialect.errorBody(status, message)))
  }

  async function behave(behaviour: ProviderBehaviour, request: WireRequest, response: ServerResponse): Promise<void> {
    const isStreamed = dialect.isStreamed(request)
    const begin = () =>
      response.writeHead(200, { 'content-type': isStreamed ? 'text/event-stream' : 'application/json' })
    const bytesOf = (answer: ProviderAnswer) =>
      Buffer.from(
        isStreamed
          ? dialect.events(answer, request).map(toText).join('')
          : JSON.stringify(dialect.whole(answer, request)),
      )
    switch (behaviour.kind) {
      case 'answers': {
        const bytes = bytesOf({ ...usual, ...behaviour })
        begin()
        if (behaviour.inBytes) await sendInBytes(response, bytes)
        response.end(behaviour.inBytes ? undefined : bytes)
        return
      }
      case 'refuses':
        return refuse(response, { message: 'no', ...behaviour })
      case 'sends':
        begin()
        response.end(isStreamed ? toText({ data: behaviour.body }) : behaviour.body)
        return
      case 'breaks off': {
        const bytes = bytesOf({ ...usual, text: 'a long answer, of which half is said' })
        begin()
        response.write(bytes.subarray(0, Math.floor(bytes.length / 2)), () => response.destroy())
        return
      }
      case 'ends early': {
        const events = dialect.events({ ...usual, text: 'a long answer, of which half is said' }, request)
        begin()
        response.end(
          events
            .slice(0, Math.floor(events.length / 2))
            .map(toText)
            .join(''),
        )
        return
      }
      case 'fails midway': {
        const events = dialect.events(usual, request)
        begin()
        response.end([events[0]!, dialect.failure].map(toText).join(''))
        return
      }
      case 'is silent':
        if (behaviour.afterHeaders) begin().flushHeaders()
        return
      case 'never ends':
        begin()
        return sendForEver(response, isStreamed ? toText(dialect.events(usual, request)[0]!) : ' '.repeat(1_000))
      case 'redirects':
        response.writeHead(307, { location: behaviour.to }).end()
    }
  }

  const toText = ({ event, data }: { event?: string; data: string }) => {
    const { lineEnd } = dialect
    return `${event === undefined ? '' : `event: ${event}${lineEnd}`}data: ${data}${lineEnd}${lineEnd}`
  }

  const server = createServer((incoming, response) => {
    serve(incoming, response).catch((error) => response.destroy(error))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  provider.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return provider
}

interface Refusal {
  status: number
  message: string
  headers?: Record<string, string>
}

/** Each byte in a packet of its own, as far as the system goes along. */
async function sendInBytes(response: ServerResponse, bytes: Buffer): Promise<void> {
  response.socket?.setNoDelay(true)
  for (const byte of bytes) {
    response.write(Buffer.of(byte))
    await settle()
  }
}

async function sendForEver(response: ServerResponse, piece: string): Promise<void> {
  const block = piece.repeat(200)
  const closed = once(response, 'close')
  while (!response.destroyed) {
    if (response.write(block)) await settle()
    else await Promise.race([closed, new Promise<void>((resolve) => response.once('drain', resolve))])
  }
}

/** A text in pieces of a few characters; a character may be cut between its surrogates, as by providers. */
export function piecesOf(text: string): string[] {
  const length = Math.max(1, Math.ceil(text.length / 6))
  return Array.from({ length: Math.ceil(text.length / length) }, (_, at) => text.slice(at * length, (at + 1) * length))
}
