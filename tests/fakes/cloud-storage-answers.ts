import type { FakeObject } from './cloud-storage-objects.ts'
import type { XmlRefusal } from './cloud-storage-signature.ts'

export interface Answer {
  status: number
  headers: Record<string, string>
  body: Buffer
}

export function jsonAnswer(status: number, body: unknown): Answer {
  const headers = { 'content-type': 'application/json; charset=UTF-8' }
  return { status, headers, body: Buffer.from(JSON.stringify(body)) }
}

export function jsonError(status: number, reason: string, message: string): Answer {
  return jsonAnswer(status, { error: { code: status, message, errors: [{ message, domain: 'global', reason }] } })
}

export function xmlError({ status, code, message }: XmlRefusal): Answer {
  const body = `<?xml version='1.0' encoding='UTF-8'?><Error><Code>${code}</Code><Message>${message}</Message></Error>`
  return { status, headers: { 'content-type': 'application/xml; charset=UTF-8' }, body: Buffer.from(body) }
}

/** An object's description in the JSON API ("Objects: resource representations"). */
export function resourceOf(bucket: string, key: string, object: FakeObject): Record<string, string> {
  const { bytes, contentType, generation, crc32c, md5 } = object
  return {
    kind: 'storage#object',
    id: `${bucket}/${key}/${generation}`,
    name: key,
    bucket,
    generation,
    metageneration: '1',
    contentType,
    size: String(bytes.length),
    md5Hash: md5,
    crc32c,
    etag: generation,
  }
}

/** The headers that come with an object's content, in both APIs. */
export function contentHeadersOf(object: FakeObject): Record<string, string> {
  const { bytes, contentType, contentEncoding, generation, crc32c, md5 } = object
  return {
    'content-type': contentType,
    'x-goog-generation': generation,
    'x-goog-metageneration': '1',
    'x-goog-stored-content-encoding': contentEncoding ?? 'identity',
    'x-goog-stored-content-length': String(bytes.length),
    'x-goog-hash': `crc32c=${crc32c},md5=${md5}`,
    etag: `"${generation}"`,
    ...(contentEncoding === null ? {} : { 'content-encoding': contentEncoding }),
  }
}
