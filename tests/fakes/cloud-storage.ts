import type { KeyObject } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Answer, contentHeadersOf, jsonAnswer, jsonError, resourceOf, xmlError } from './cloud-storage-answers.ts'
import { type StorageFault, StorageFaults, withOneBitFlipped } from './cloud-storage-faults.ts'
import { FakeBuckets, type FakeObject, PreconditionError } from './cloud-storage-objects.ts'
import { refusalOfSigned } from './cloud-storage-signature.ts'
import { FakeUploads } from './cloud-storage-uploads.ts'

export interface FakeCloudStorage {
  url: string
  buckets: FakeBuckets
  uploads: FakeUploads
  faults: StorageFaults
  /** Method, path and query of every request so far. */
  requests: string[]
  /** How many of the next lists begin with a page without objects, as Cloud Storage may send at any time. */
  emptyPages: number
  close(): Promise<void>
}

/**
 * Cloud Storage as seen from the wire: what the driver needs of the JSON API, and the XML API for V4 signed URLs.
 *
 * At the JSON API anybody may do anything unless there is an access token; signed URLs are verified to the letter. There are no versions of objects, and
 * uploads in one request (`multipart`, `media`) are refused, as no driver sends any.
 *
 * @param options.keys - the service accounts that may sign URLs, with their public keys.
 * @param options.cors - what the buckets' CORS configuration allows to pages.
 */
export async function startCloudStorage(options: {
  buckets: readonly string[]
  keys?: ReadonlyMap<string, KeyObject>
  cors?: { origins: readonly string[]; headers: readonly string[] }
  /** What has to be shown at the JSON API; an upload's session needs nothing but its address. */
  accessToken?: string
}): Promise<FakeCloudStorage> {
  const { keys = new Map(), cors = { origins: [], headers: [] } } = options
  const buckets = new FakeBuckets(options.buckets)
  const uploads = new FakeUploads(buckets)
  const faults = new StorageFaults()
  const requests: string[] = []

  async function answer(request: IncomingMessage, fault: StorageFault | null): Promise<Answer | null> {
    const url = new URL(request.url!, fake.url)
    const [path = '', query = ''] = request.url!.split('?')
    const received = await readBody(request, fault?.kind === 'cut-request' ? fault.afterBytes : null)
    const body = fault?.kind === 'damage' ? withOneBitFlipped(received.body) : received.body
    if (fault?.kind === 'damage' && fault.isUnnoticed) delete request.headers['x-goog-hash']
    const isXml = !/^\/(?:upload\/)?storage\/v1\/b\//.test(path)
    const isOpen = isXml || options.accessToken === undefined || url.searchParams.has('upload_id')
    if (!isOpen && request.headers.authorization !== `Bearer ${options.accessToken}`) {
      return jsonError(401, 'required', 'Anonymous caller does not have access.')
    }
    if (path.startsWith('/upload/')) return answerUpload(request, url, body, received.isWhole)
    if (!received.isWhole) return null
    if (!isXml) return answerJson(request.method!, path, url.searchParams)
    return answerXml(request, { path, query: new URLSearchParams(query) }, body)
  }

  function answerUpload(request: IncomingMessage, url: URL, body: Buffer, isWhole: boolean): Answer {
    const id = url.searchParams.get('upload_id')
    const header = (name: string) => (request.headers[name] as string | undefined) ?? null
    if (id !== null && request.method === 'DELETE') return uploads.cancel(id)
    if (id !== null) return uploads.receive(id, header('content-range') ?? '', header('x-goog-hash'), body, isWhole)
    const bucket = url.pathname.split('/')[5]!
    const key = url.searchParams.get('name')
    if (!buckets.has(bucket)) return jsonError(404, 'notFound', 'The specified bucket does not exist.')
    if (key === null || url.searchParams.get('uploadType') !== 'resumable')
      return jsonError(400, 'invalid', 'Not here.')
    const contentType = header('x-upload-content-type') ?? 'application/octet-stream'
    const ifGenerationMatch = url.searchParams.get('ifGenerationMatch')
    return uploads.begin({ bucket, key, contentType, ifGenerationMatch }, fake.url)
  }

  function answerJson(method: string, path: string, query: URLSearchParams): Answer {
    const [, , , , bucket = '', , name] = path.split('/')
    if (!buckets.has(bucket)) return jsonError(404, 'notFound', 'The specified bucket does not exist.')
    if (name === undefined) return answerList(bucket, query)
    const key = decodeURIComponent(name)
    const object = buckets.find(bucket, key)
    if (method === 'DELETE' && object) {
      buckets.remove(bucket, key, query.get('ifGenerationMatch'))
      return { status: 204, headers: {}, body: Buffer.alloc(0) }
    }
    const isMedia = query.get('alt') === 'media'
    if (object && isMedia) return { status: 200, headers: contentHeadersOf(object), body: object.bytes }
    if (object) return jsonAnswer(200, resourceOf(bucket, key, object))
    const message = `No such object: ${bucket}/${key}`
    if (!isMedia) return jsonError(404, 'notFound', message)
    return { status: 404, headers: { 'content-type': 'text/html; charset=UTF-8' }, body: Buffer.from(message) }
  }

  function answerList(bucket: string, query: URLSearchParams): Answer {
    const after = Buffer.from(query.get('pageToken') ?? '', 'base64url').toString()
    if (fake.emptyPages > 0) {
      fake.emptyPages--
      return jsonAnswer(200, {
        kind: 'storage#objects',
        nextPageToken: Buffer.from(after || ' ').toString('base64url'),
      })
    }
    const limit = Math.min(Number(query.get('maxResults') ?? 1000), 1000)
    const keys = buckets.keys(bucket, query.get('prefix') ?? '').filter((key) => key > after)
    const items = keys.slice(0, limit).map((key) => resourceOf(bucket, key, buckets.find(bucket, key)!))
    const nextPageToken = keys.length > limit ? Buffer.from(keys[limit - 1]!).toString('base64url') : undefined
    return jsonAnswer(200, { kind: 'storage#objects', items, nextPageToken })
  }

  function answerXml(request: IncomingMessage, target: { path: string; query: URLSearchParams }, body: Buffer): Answer {
    const { path, query } = target
    const [, bucket = '', ...segments] = path.split('/')
    const key = decodeURIComponent(segments.join('/'))
    const { method = '', headers } = request
    if (method === 'OPTIONS') return { status: 200, headers: corsHeadersOf(request), body: Buffer.alloc(0) }
    const refusal = refusalOfSigned({ method, path, query, headers }, keys, new Date())
    const result =
      (refusal && xmlError(refusal)) ??
      (!buckets.has(bucket) && xmlError({ status: 404, code: 'NoSuchBucket', message: 'No such bucket.' })) ??
      null
    if (result) return result
    const answered = method === 'PUT' ? putXml(headers, bucket, key, body) : getXml(buckets.find(bucket, key), query)
    return { ...answered, headers: { ...corsHeadersOf(request), ...answered.headers } }
  }

  function putXml(headers: IncomingMessage['headers'], bucket: string, key: string, body: Buffer): Answer {
    const [minimum = 0, maximum = Number.POSITIVE_INFINITY] = String(headers['x-goog-content-length-range'] ?? '')
      .split(',')
      .filter(Boolean)
      .map(Number)
    if (body.length > maximum) return xmlError({ status: 400, code: 'EntityTooLarge', message: 'Too large.' })
    if (body.length < minimum) return xmlError({ status: 400, code: 'EntityTooSmall', message: 'Too small.' })
    const object = {
      bytes: body,
      contentType: headers['content-type'] ?? 'application/octet-stream',
      contentEncoding: headers['content-encoding'] ?? null,
    }
    const match = (headers['x-goog-if-generation-match'] as string | undefined) ?? null
    const stored = buckets.put(bucket, key, object, match)
    const { etag, 'x-goog-generation': generation, 'x-goog-hash': hash } = contentHeadersOf(stored)
    const sent = { etag: etag!, 'x-goog-generation': generation!, 'x-goog-hash': hash! }
    return { status: 200, headers: sent, body: Buffer.alloc(0) }
  }

  function getXml(object: FakeObject | null, query: URLSearchParams): Answer {
    if (!object) return xmlError({ status: 404, code: 'NoSuchKey', message: 'The specified key does not exist.' })
    const disposition = query.get('response-content-disposition')
    const headers = disposition === null ? {} : { 'content-disposition': disposition }
    return { status: 200, headers: { ...contentHeadersOf(object), ...headers }, body: object.bytes }
  }

  /** What a browser may do, by the configuration of the bucket: all the headers it asks for have to be in it. */
  function corsHeadersOf({ headers }: IncomingMessage): Record<string, string> {
    const { origin } = headers
    const asked = (headers['access-control-request-headers'] ?? '').split(',').map((name) => name.trim().toLowerCase())
    const isAllowed = origin !== undefined && cors.origins.includes(origin)
    if (!isAllowed || !asked.filter(Boolean).every((name) => cors.headers.includes(name))) return {}
    return {
      'access-control-allow-origin': origin,
      'access-control-allow-methods': 'GET, PUT',
      'access-control-allow-headers': cors.headers.join(', '),
    }
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    requests.push(`${request.method} ${request.url}`)
    const fault = faults.take(request)
    if (fault?.kind === 'status') {
      await readBody(request, null)
      return send(response, jsonError(fault.status, 'backendError', 'We encountered an internal error.'), null)
    }
    if (fault?.kind === 'hang' && fault.afterBytes === undefined) return void request.resume()
    const answered = await answer(request, fault).catch((error: unknown) => {
      if (!(error instanceof PreconditionError)) throw error
      const message = 'At least one of the pre-conditions you specified did not hold.'
      return request.url!.startsWith('/storage/')
        ? jsonError(412, 'conditionNotMet', message)
        : xmlError({ status: 412, code: 'PreconditionFailed', message })
    })
    if (!answered || fault?.kind === 'cut-request' || fault?.kind === 'lose-answer')
      return void request.socket.destroy()
    send(response, answered, fault)
  }

  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      response.writeHead(500).end(String(error))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const fake: FakeCloudStorage = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    buckets,
    uploads,
    faults,
    requests,
    emptyPages: 0,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return fake
}

function send(response: ServerResponse, { status, headers, body }: Answer, fault: StorageFault | null): void {
  const bytes = fault?.kind === 'damage' && response.req.method === 'GET' ? withOneBitFlipped(body) : body
  response.writeHead(status, { ...headers, ...(status === 204 ? {} : { 'content-length': bytes.length }) })
  if (fault?.kind === 'hang') response.write(bytes.subarray(0, fault.afterBytes))
  else if (fault?.kind === 'cut-answer') response.write(bytes.subarray(0, fault.afterBytes), () => response.destroy())
  else response.end(bytes)
}

/** Reads a body to its end, or until it breaks off by itself or by plan. */
async function readBody(
  request: IncomingMessage,
  cutAfter: number | null,
): Promise<{ body: Buffer; isWhole: boolean }> {
  const parts: Buffer[] = []
  let length = 0
  try {
    for await (const part of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      parts.push(part)
      length += part.length
      if (cutAfter !== null && length >= cutAfter) {
        return { body: Buffer.concat(parts).subarray(0, cutAfter), isWhole: false }
      }
    }
  } catch {
    return { body: Buffer.concat(parts), isWhole: false }
  }
  return { body: Buffer.concat(parts), isWhole: cutAfter === null }
}
