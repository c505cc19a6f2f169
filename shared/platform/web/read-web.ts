import { lookup as resolve } from 'node:dns'
import http, { type IncomingMessage } from 'node:http'
import https from 'node:https'
import type { LookupFunction } from 'node:net'
import { isIP } from 'node:net'
import type { Readable } from 'node:stream'
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib'
import { PlatformError } from '../errors.ts'
import { isPublicAddress } from './addresses.ts'

export interface WebText {
  /** Where it was found in the end. */
  url: string
  contentType: string
  text: string
}

/**
 * Reads a text of the public web.
 * @throws PlatformError INVALID_ARGUMENT for an address that is refused or no text; UNAVAILABLE when the site doesn't
 * answer as it should
 */
export type ReadWeb = (url: string, signal: AbortSignal) => Promise<WebText>

export interface WebReaderOptions {
  maximumBytes?: number
  timeoutMilliseconds?: number
  /** Which addresses may be connected to; those of the public internet when absent. */
  permits?: (address: string) => boolean
  /** Which ports may be connected to. */
  ports?: readonly number[]
}

const maximumRedirects = 5
const textTypes = /^(?:text\/|application\/(?:json|xml|xhtml\+xml|[\w.+-]+\+(?:json|xml))\b)/i

/**
 * Makes a reader that can't be led into a private network: names are resolved once, every address is looked at, and it
 * is that address which is connected to, at each redirect anew.
 */
export function createWebReader(options: WebReaderOptions = {}): ReadWeb {
  const { maximumBytes = 5_000_000, timeoutMilliseconds = 15_000 } = options
  const permits = options.permits ?? isPublicAddress
  const ports = options.ports ?? [80, 443]

  return async (given, outer) => {
    const signal = AbortSignal.any([outer, AbortSignal.timeout(timeoutMilliseconds)])
    let url = toUrl(given, ports, permits)
    for (let redirects = 0; ; redirects++) {
      const response = await open(url, permits, signal)
      const location = response.headers.location
      if (isRedirect(response.statusCode) && location !== undefined) {
        response.destroy()
        if (redirects >= maximumRedirects) throw refusal('the site redirects again and again')
        const next = URL.canParse(location, url.href) ? new URL(location, url.href).href : ''
        url = toUrl(next, ports, permits)
        continue
      }
      return { url: url.href, ...(await readText(response, maximumBytes, signal)) }
    }
  }
}

function refusal(message: string, options: ErrorOptions = {}): PlatformError {
  return new PlatformError('INVALID_ARGUMENT', message, options)
}

function toUrl(text: string, ports: readonly number[], permits: (address: string) => boolean): URL {
  const url = URL.canParse(text) ? new URL(text) : null
  if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:')) throw refusal('only http and https are read')
  if (url.username !== '' || url.password !== '') throw refusal('an address with credentials is not read')
  const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80))
  if (!ports.includes(port)) throw refusal(`port ${port} is not read`)
  const host = hostOf(url)
  if (isIP(host) !== 0 && !permits(host)) throw refusal('the address is none of the public internet')
  url.hash = ''
  return url
}

function hostOf({ hostname }: URL): string {
  return hostname.startsWith('[') ? hostname.slice(1, -1) : hostname
}

function isRedirect(status: number | undefined): boolean {
  return status !== undefined && [301, 302, 303, 307, 308].includes(status)
}

/** Resolves a name; one forbidden address among its addresses refuses all of them. */
function guardedLookup(permits: (address: string) => boolean): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { family: options.family ?? 0, all: true }, (error, addresses) => {
      const [first] = addresses ?? []
      if (error || !first) {
        callback(error ?? new Error('no address'), '', 0)
      } else if (!addresses.every(({ address }) => permits(address))) {
        callback(refusal('the name leads to an address that is none of the public internet'), '', 0)
      } else if (options.all) {
        callback(null, addresses)
      } else {
        callback(null, first.address, first.family)
      }
    })
  }
}

function open(url: URL, permits: (address: string) => boolean, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((fulfil, reject) => {
    const client = url.protocol === 'https:' ? https : http
    const request = client.request(url, {
      signal,
      // Connections aren't kept: one that was opened to a name is not to be taken for another address of it.
      agent: false,
      lookup: guardedLookup(permits),
      headers: {
        'user-agent': 'RaptorFlow-ADAPT',
        accept: 'text/*, application/json, application/xml',
        'accept-encoding': 'gzip, br, deflate',
      },
    })
    request.once('response', (response) => {
      const status = response.statusCode ?? 0
      if (status === 200 || isRedirect(status)) return fulfil(response)
      response.destroy()
      reject(new PlatformError('UNAVAILABLE', `the site answered ${status}`))
    })
    request.once('upgrade', (response, socket) => {
      socket.destroy()
      reject(new PlatformError('UNAVAILABLE', `the site answered ${response.statusCode}`))
    })
    request.once('error', (error) => reject(shown(error)))
    request.end()
  })
}

function shown(error: unknown): unknown {
  if (error instanceof PlatformError) return error
  const reason = error instanceof Error && error.name === 'AbortError' ? (error.cause ?? error) : error
  if (reason instanceof Error && reason.name === 'AbortError') return error
  if (reason instanceof Error && reason.name === 'TimeoutError') {
    return new PlatformError('UNAVAILABLE', 'the site took too long', { cause: error })
  }
  return new PlatformError('UNAVAILABLE', 'the site could not be read', { cause: error })
}

async function readText(
  response: IncomingMessage,
  maximumBytes: number,
  signal: AbortSignal,
): Promise<{ contentType: string; text: string }> {
  const contentType = response.headers['content-type'] ?? ''
  try {
    if (!textTypes.test(contentType)) throw refusal('only text is read')
    const chunks: Buffer[] = []
    let bytes = 0
    for await (const chunk of decompress(response)) {
      signal.throwIfAborted()
      bytes += (chunk as Buffer).byteLength
      // Counted after decompression: a small answer may be a large text.
      if (bytes > maximumBytes) throw refusal(`the text has more than ${maximumBytes} bytes`)
      chunks.push(chunk as Buffer)
    }
    // A body without a length ends where its connection does, also when it is we who ended it.
    signal.throwIfAborted()
    const charset = /charset="?([\w-]+)/i.exec(contentType)?.[1] ?? 'utf-8'
    return { contentType, text: decoder(charset).decode(Buffer.concat(chunks)) }
  } catch (error) {
    throw shown(error)
  } finally {
    response.destroy()
  }
}

function decoder(charset: string) {
  try {
    return new TextDecoder(charset)
  } catch {
    return new TextDecoder()
  }
}

function decompress(response: IncomingMessage): Readable {
  const encoding = response.headers['content-encoding']?.toLowerCase()
  const unpack =
    encoding === 'gzip'
      ? createGunzip()
      : encoding === 'br'
        ? createBrotliDecompress()
        : encoding === 'deflate'
          ? createInflate()
          : null
  if (!unpack) return response
  response.once('error', (error) => unpack.destroy(error))
  return response.pipe(unpack)
}
