import { createHash, type KeyObject, verify } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'

export interface XmlRefusal {
  status: number
  code: string
  message: string
}

/** What a V4 signature is made over (Cloud Storage, "Canonical requests"). */
export interface SignedParts {
  method: string
  /** As it stands in the request line, before the question mark. */
  path: string
  query: URLSearchParams
  headers: IncomingHttpHeaders
}

/** The text whose hash is signed: method, path, query, headers, their names, and the payload's hash or its absence. */
export function canonicalRequestOf({ method, path, query, headers }: SignedParts): string {
  const names = (query.get('X-Goog-SignedHeaders') ?? '').split(';')
  const canonicalQuery = [...query]
    .filter(([name]) => name !== 'X-Goog-Signature')
    .map(([name, value]) => [encode(name), encode(value)] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&')
  const canonicalHeaders = names.map((name) => `${name}:${headerOf(headers, name)}\n`).join('')
  const payload = headerOf(headers, 'x-goog-content-sha256') || 'UNSIGNED-PAYLOAD'
  return [method, path, canonicalQuery, canonicalHeaders, names.join(';'), payload].join('\n')
}

/** What the account's key signs (Cloud Storage, "V4 signing process"). */
export function stringToSignOf(parts: SignedParts): string {
  const scope = (parts.query.get('X-Goog-Credential') ?? '').split('/').slice(1).join('/')
  const hash = createHash('sha256').update(canonicalRequestOf(parts)).digest('hex')
  return ['GOOG4-RSA-SHA256', parts.query.get('X-Goog-Date'), scope, hash].join('\n')
}

/**
 * Says why Cloud Storage would refuse a request whose authority is its URL; null when it would not.
 *
 * @param keys - the accounts that may sign, with their public keys.
 */
export function refusalOfSigned(
  parts: SignedParts,
  keys: ReadonlyMap<string, KeyObject>,
  now: Date,
): XmlRefusal | null {
  const { query, headers } = parts
  const malformed = (message: string) => ({ status: 400, code: 'MalformedSecurityHeader', message })
  const denied = (code: string, message: string) => ({ status: 403, code, message })
  if (!query.has('X-Goog-Signature')) return denied('AccessDenied', 'Anonymous caller does not have access.')
  if (query.get('X-Goog-Algorithm') !== 'GOOG4-RSA-SHA256') return malformed('Invalid algorithm.')

  const [account = '', day, ...scope] = (query.get('X-Goog-Credential') ?? '').split('/')
  const signedAt = parseDate(query.get('X-Goog-Date') ?? '')
  const seconds = Number(query.get('X-Goog-Expires') || Number.NaN)
  if (scope.join('/') !== 'auto/storage/goog4_request' || !signedAt || !query.get('X-Goog-Date')!.startsWith(day!)) {
    return malformed('Invalid credential or date.')
  }
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > 604_800) return malformed('Invalid expiration.')
  if (signedAt.getTime() > now.getTime() + 15 * 60_000) return denied('AccessDenied', 'The request is not yet valid.')
  if (now.getTime() >= signedAt.getTime() + seconds * 1000) {
    return { status: 400, code: 'ExpiredToken', message: 'The provided token has expired.' }
  }

  const names = (query.get('X-Goog-SignedHeaders') ?? '').split(';')
  if (!names.includes('host')) return malformed('The host header must be signed.')
  const missing = names.find((name) => headers[name] === undefined)
  if (missing !== undefined)
    return malformed(`Header ${missing} was included in signedheaders, but not in the request.`)
  const unsigned = Object.keys(headers).find((name) => name.startsWith('x-goog-') && !names.includes(name))
  if (unsigned) return malformed(`Header ${unsigned} was included in the request, but not in signedheaders.`)

  const key = keys.get(account)
  const signature = query.get('X-Goog-Signature') ?? ''
  const isHex = /^(?:[0-9a-f]{2})+$/.test(signature)
  const matches =
    key && isHex && verify('RSA-SHA256', Buffer.from(stringToSignOf(parts)), key, Buffer.from(signature, 'hex'))
  return matches ? null : denied('SignatureDoesNotMatch', 'Access denied.')
}

/** Host names only: at Google there is no port, and the client signs none. */
function headerOf(headers: IncomingHttpHeaders, name: string): string {
  const value = headers[name]
  const text = (Array.isArray(value) ? value.join(',') : (value ?? '')).trim().replaceAll(/\s+/g, ' ')
  return name === 'host' ? text.replace(/:\d+$/, '') : text
}

/** RFC 3986: everything but the unreserved characters. */
function encode(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

function parseDate(text: string): Date | null {
  const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text)?.slice(1).map(Number)
  if (!parts) return null
  const [year, month, day, hour, minute, second] = parts as [number, number, number, number, number, number]
  return new Date(Date.UTC(year, month - 1, day, hour, minute, second))
}
