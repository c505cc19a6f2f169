import { setTimeout } from 'node:timers/promises'

/** A refusal of the API, or no answer at all, in words for the one at the terminal. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

/** Who asks too often is told when to ask again; longer than this nobody at a terminal waits. */
const patienceSeconds = 60

export interface ServerSentEvent {
  id: string
  data: unknown
}

interface Page<Row> {
  data: Row[]
  meta: { next_cursor: string | null }
}

/** Talks to the product as any client does: over HTTP, with a bearer token. */
export class ApiClient {
  readonly #url: string
  readonly #organizationId: string | undefined
  #token: string

  /**
   * @param url address of the product, without a trailing slash
   * @param caller a token or API key, instead of signing in, and the organization, instead of the caller's first
   */
  constructor(url: string, caller: { token?: string | undefined; organizationId?: string | undefined } = {}) {
    this.#url = url
    this.#token = caller.token ?? ''
    this.#organizationId = caller.organizationId
  }

  /** @throws ApiError */
  async signIn(email: string, password: string): Promise<void> {
    const session = await this.request<{ access_token: string }>('POST', '/v1/auth/token', { email, password })
    this.#token = session.access_token
  }

  /** @throws ApiError */
  async request<Answer>(method: string, path: string, body?: unknown): Promise<Answer> {
    const response = await this.#fetch(path, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    })
    return response.status === 204 ? (undefined as Answer) : ((await response.json()) as Answer)
  }

  /** All rows of a list, page by page. */
  async list<Row>(path: string): Promise<Row[]> {
    const rows: Row[] = []
    let cursor: string | null = null
    do {
      const query = `${path.includes('?') ? '&' : '?'}page[size]=100${cursor ? `&page[cursor]=${cursor}` : ''}`
      const page: Page<Row> = await this.request('GET', path + query)
      rows.push(...page.data)
      cursor = page.meta.next_cursor
    } while (cursor)
    return rows
  }

  /** The lines of a text, without their ends, as they arrive. @throws ApiError, also when the connection is lost midway */
  async *lines(path: string): AsyncIterable<string> {
    const response = await this.#fetch(path, {})
    const decoder = new TextDecoder()
    let pending = ''
    try {
      for await (const chunk of response.body ?? []) {
        const lines = (pending + decoder.decode(chunk, { stream: true })).split('\n')
        pending = lines.pop() ?? ''
        yield* lines
      }
    } catch {
      throw new ApiError('UNREACHABLE', `The connection to ${this.#url} was lost`)
    }
    if (pending !== '') yield pending
  }

  /**
   * Server-sent events until the last one of a job, or until the server says that no more will come (204). A stream that
   * ends before that, or is lost, is taken up again where it stopped.
   */
  async *events(path: string): AsyncIterable<ServerSentEvent> {
    let lastId = ''
    for (let losses = 0; losses < 10; losses++) {
      try {
        const response = await this.#fetch(path, { headers: lastId ? { 'last-event-id': lastId } : {} })
        if (response.status === 204) return
        losses = 0
        for await (const event of parseEvents(response)) {
          lastId = event.id || lastId
          yield event
          if (isLast(event.data)) return
        }
      } catch (error) {
        if (error instanceof ApiError && error.code !== 'UNREACHABLE') throw error
      }
      await setTimeout(1000)
    }
    throw new ApiError('UNREACHABLE', `The connection to ${this.#url} was lost`)
  }

  async #fetch(path: string, init: RequestInit): Promise<Response> {
    const headers = new Headers(init.headers)
    if (this.#token) headers.set('authorization', `Bearer ${this.#token}`)
    if (this.#organizationId) headers.set('x-org-id', this.#organizationId)
    let response: Response
    for (let refusals = 0; ; refusals++) {
      try {
        response = await fetch(this.#url + path, { ...init, headers })
      } catch {
        throw new ApiError('UNREACHABLE', `Nothing answers at ${this.#url}. Is it running? Start it with: npm start`)
      }
      if (response.ok) return response
      const waitSeconds = Number(response.headers.get('retry-after'))
      if (response.status !== 429 || !(waitSeconds > 0 && waitSeconds <= patienceSeconds) || refusals === 5) break
      await response.body?.cancel()
      await setTimeout(waitSeconds * 1000)
    }
    const { error } = (await response.json().catch(() => ({}))) as { error?: { code: string; message: string } }
    throw new ApiError(error?.code ?? `HTTP_${response.status}`, error?.message ?? `HTTP status ${response.status}`)
  }
}

function isLast(data: unknown): boolean {
  const { status } = (data ?? {}) as { status?: unknown }
  return status === 'succeeded' || status === 'failed' || status === 'cancelled'
}

/** Splits a response into events (HTML standard, section 9.2.6). */
async function* parseEvents(response: Response): AsyncIterable<ServerSentEvent> {
  const decoder = new TextDecoder()
  let pending = ''
  for await (const chunk of response.body ?? []) {
    pending += decoder.decode(chunk, { stream: true })
    const blocks = pending.split('\n\n')
    pending = blocks.pop() ?? ''
    for (const block of blocks) {
      const fields = new Map(block.split('\n').map((line) => splitField(line)))
      const data = fields.get('data')
      if (data !== undefined) yield { id: fields.get('id') ?? '', data: JSON.parse(data) }
    }
  }
}

function splitField(line: string): [string, string] {
  const colon = line.indexOf(':')
  return colon === -1 ? [line, ''] : [line.slice(0, colon), line.slice(colon + 1).trimStart()]
}
