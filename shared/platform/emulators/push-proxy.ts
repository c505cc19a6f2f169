import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Poster } from '../push/http-post.ts'
import type { Subscription } from '../push/index.ts'

/**
 * Stands between Google's Pub/Sub emulator and the functions, and adds what the service does and the emulator doesn't
 * (0.8.20): it filters by attribute, puts a token on the push, counts `deliveryAttempt`, follows no redirects, and takes
 * only the documented statuses for an acknowledgement. Messages, retries, order and dead letters are the emulator's.
 */
export interface PushProxy {
  /** Where a subscription of this name pushes to. */
  urlOf(target: string): string
  close(): Promise<void>
}

/** Pub/Sub documentation, "Push subscriptions": what acknowledges a message. */
const acknowledging: ReadonlySet<number> = new Set([102, 200, 201, 202, 204])
/** Longer than any ack deadline: the emulator is the one who gives up waiting. */
const patienceMilliseconds = 700_000

interface Push {
  message: { messageId: string; attributes?: Record<string, string> }
  subscription: string
  deliveryAttempt?: number
}

export async function startPushProxy(options: {
  subscriptions: readonly Subscription[]
  /** Where the functions are, and the audience of their tokens. */
  urlOf(target: string): string
  signToken?(audience: string): Promise<string>
}): Promise<PushProxy> {
  const { urlOf, signToken } = options
  const filters = new Map(options.subscriptions.map(({ target, eventTypes }) => [target, eventTypes]))
  /** By subscription and message. */
  const attempts = new Map<string, number>()
  const poster = new Poster()

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController()
    response.on('close', () => gone.abort())
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const push = JSON.parse(Buffer.concat(chunks).toString()) as Push
    const target = (request.url ?? '').slice(1)
    const eventTypes = filters.get(target) ?? []
    const isMeant = eventTypes.length === 0 || eventTypes.includes(push.message.attributes?.event_type ?? '')
    const status = isMeant ? await forward(target, push, gone.signal) : 204
    response.writeHead(acknowledging.has(status) ? 200 : status >= 400 ? status : 502).end()
  }

  async function forward(target: string, push: Push, signal: AbortSignal): Promise<number> {
    const key = `${target} ${push.message.messageId}`
    const deliveryAttempt = (attempts.get(key) ?? 0) + 1
    attempts.set(key, deliveryAttempt)
    const url = urlOf(target)
    const outcome = await poster.post({
      url: new URL(url),
      headers: {
        'content-type': 'application/json',
        ...(signToken && { authorization: `Bearer ${await signToken(url)}` }),
      },
      body: JSON.stringify({ ...push, deliveryAttempt }),
      deadlineMilliseconds: patienceMilliseconds,
      signal,
    })
    const status = outcome.kind === 'answered' ? outcome.status : 503
    if (acknowledging.has(status)) attempts.delete(key)
    return status
  }

  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.writeHead(500).end())
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo
  return {
    urlOf: (target) => `http://127.0.0.1:${port}/${target}`,
    async close() {
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
      poster.close()
    },
  }
}
