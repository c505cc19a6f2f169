import { setTimeout as sleep } from 'node:timers/promises'
import type { Document } from '#shared/domain/documents/schemas.ts'
import { demoCredentials } from '#shared/embedded/demo.ts'
import { ApiClient, ApiError } from '../../scripts/api-client.ts'
import type { ReportFile } from './reports.ts'

/** What is worth another try: nobody there, cut off in the middle, or a server that says that it is unavailable. */
const curable = new Set(['UNREACHABLE', 'UNAVAILABLE', 'HTTP_503'])

/** A client that goes on until it succeeds, as one does whose server may be killed at any moment. */
export class PatientClient {
  readonly #client: ApiClient
  readonly #signal: AbortSignal
  /** Announcements whose answer may have been lost: each may have left a document that nobody knows. */
  lostAnnouncements = 0
  readonly failures = new Map<string, number>()

  constructor(url: string, signal: AbortSignal) {
    this.#client = new ApiClient(url)
    this.#signal = signal
  }

  async signIn(): Promise<void> {
    await this.#insist(() => this.#client.signIn(demoCredentials.email, demoCredentials.password))
  }

  request<Answer>(method: string, path: string, body?: unknown): Promise<Answer> {
    return this.#insist(() => this.#client.request<Answer>(method, path, body))
  }

  list<Row>(path: string): Promise<Row[]> {
    return this.#insist(() => this.#client.list<Row>(path))
  }

  /** Sends a file and starts its processing. */
  async upload(file: ReportFile): Promise<Document> {
    const draft = { file_name: file.name, content_type: file.contentType, size_bytes: file.bytes.length }
    const { document, upload } = await this.#insist(
      () =>
        this.#client.request<{ document: Document; upload: { url: string; headers: Record<string, string> } }>(
          'POST',
          '/v1/documents',
          draft,
        ),
      () => this.lostAnnouncements++,
    )
    await this.#insist(async () => {
      const response = await fetch(upload.url, { method: 'PUT', headers: upload.headers, body: file.bytes })
      await response.arrayBuffer()
      // There already: an earlier try arrived, and only its answer was lost.
      if (!response.ok && response.status !== 412) throw new ApiError(`HTTP_${response.status}`, 'upload refused')
    })
    return this.#complete(document.id)
  }

  async #complete(id: string): Promise<Document> {
    try {
      return await this.request('POST', `/v1/documents/${id}/complete`)
    } catch (error) {
      if (!(error instanceof ApiError && error.code === 'CONFLICT')) throw error
      // An earlier try arrived, and only its answer was lost.
      return this.request('GET', `/v1/documents/${id}`)
    }
  }

  async #insist<Answer>(work: () => Promise<Answer>, onFailure: () => void = () => {}): Promise<Answer> {
    for (;;) {
      this.#signal.throwIfAborted()
      try {
        return await work()
      } catch (error) {
        const code = error instanceof ApiError ? error.code : (error as Error).message
        if (error instanceof ApiError && !curable.has(error.code)) throw error
        this.failures.set(code, (this.failures.get(code) ?? 0) + 1)
        onFailure()
        await sleep(100)
      }
    }
  }
}
