import { type CryptoKey, importJWK, type JSONWebKeySet, type JWK } from 'jose'
import { download } from './download.ts'
import { TokenError } from './token-error.ts'

/** Finds the public key that a token says it was signed with. */
export interface KeySource {
  /** @throws TokenError UNKNOWN_KEY, or KEYS_UNAVAILABLE when the keys can't be had. */
  find(kid: string, algorithm: string): Promise<CryptoKey>
}

export interface RemoteKeysOptions {
  url: string
  now?: () => Date
  /** Age in seconds from which the key set is fetched anew in the background; from twice this age a caller waits for it. */
  cacheSeconds?: number
  /** Age in seconds up to which the last good key set is used when it can't be fetched. */
  maximumAgeSeconds?: number
  /** Least time in seconds between two fetches that unknown key ids cause. */
  cooldownSeconds?: number
  timeoutSeconds?: number
}

const maximumSetBytes = 128 * 1024
const maximumKeys = 64
const longestBackoffSeconds = 60

/** The keys of a key set in hand, for instance those of an issuer in the same process; read at every call. */
export function fixedKeys(read: () => JSONWebKeySet): KeySource {
  const imported = new WeakMap<JWK, Promise<CryptoKey>>()
  return {
    async find(kid, algorithm) {
      const jwk = read().keys.find((key) => key.kid === kid && suits(key, algorithm))
      if (!jwk) throw unknownKey()
      let key = imported.get(jwk)
      if (!key) {
        key = importPublic(jwk, algorithm)
        imported.set(jwk, key)
      }
      return key
    },
  }
}

/**
 * The keys that an issuer publishes at a URL (RFC 7517), cached.
 *
 * One fetch at a time; after a failure the next attempt waits 1 s, 2 s, 4 s … 60 s; the last good set is used
 * meanwhile, up to its maximum age, and nobody waits for an endpoint that was down or slow a moment ago.
 */
export function remoteKeys(options: RemoteKeysOptions): KeySource {
  const {
    url,
    now = () => new Date(),
    cacheSeconds = 600,
    maximumAgeSeconds = 24 * 3600,
    cooldownSeconds = 30,
    timeoutSeconds = 3,
  } = options
  const seconds = () => now().getTime() / 1000

  let keys: Map<string, CryptoKey> | null = null
  let fetchedAt = Number.NEGATIVE_INFINITY
  let retryAt = Number.NEGATIVE_INFINITY
  let failures = 0
  let failedAt = Number.NEGATIVE_INFINITY
  let lastFailure: unknown
  /** When the set was last fetched for an unknown key id; a scheduled fetch just before must not stand in its way. */
  let askedAt = Number.NEGATIVE_INFINITY
  let fetching: Promise<boolean> | null = null

  const age = () => seconds() - fetchedAt
  const usable = () => keys !== null && age() <= maximumAgeSeconds

  /** Resolves to whether the set is now fresh; never rejects. */
  function refresh(): Promise<boolean> {
    if (fetching) return fetching
    if (seconds() < retryAt) return Promise.resolve(false)
    fetching = fetchKeys(url, timeoutSeconds)
      .then(
        (fetched) => {
          keys = fetched
          fetchedAt = seconds()
          failures = 0
          retryAt = Number.NEGATIVE_INFINITY
          return true
        },
        (error: unknown) => {
          lastFailure = error
          failedAt = seconds()
          retryAt = seconds() + Math.min(longestBackoffSeconds, 2 ** failures)
          failures = Math.min(failures + 1, 10)
          return false
        },
      )
      .finally(() => {
        fetching = null
      })
    return fetching
  }

  function unavailable(): TokenError {
    return new TokenError('KEYS_UNAVAILABLE', "the issuer's keys can't be fetched", { cause: lastFailure })
  }

  return {
    async find(kid, algorithm) {
      const failing = failures > 0 && seconds() - failedAt <= cacheSeconds
      let justFetched = false
      if (!usable() || (age() > 2 * cacheSeconds && !failing)) justFetched = await refresh()
      else if (age() > cacheSeconds) void refresh()
      if (!usable()) throw unavailable()

      const id = `${algorithm} ${kid}`
      // A fetch under way may bring the key; if it began too early for that, it doesn't count as having asked.
      if (!keys?.has(id) && fetching) await fetching
      const known = keys?.get(id)
      if (known) return known
      if (justFetched || seconds() - askedAt < cooldownSeconds) throw unknownKey()
      const fresh = await refresh()
      if (fresh) askedAt = seconds()
      const found = keys?.get(id)
      if (found) return found
      throw fresh ? unknownKey() : unavailable()
    },
  }
}

async function fetchKeys(url: string, timeoutSeconds: number): Promise<Map<string, CryptoKey>> {
  const text = await download(url, { accept: 'application/json', timeoutSeconds, maximumBytes: maximumSetBytes })
  const set = JSON.parse(text) as Partial<JSONWebKeySet> | null
  if (!Array.isArray(set?.keys)) throw new Error('the answer is not a key set')
  const keys = new Map<string, CryptoKey>()
  for (const jwk of set.keys.slice(0, maximumKeys)) {
    for (const algorithm of ['ES256', 'RS256']) {
      if (typeof jwk?.kid !== 'string' || !suits(jwk, algorithm)) continue
      // One damaged key must not take the good ones beside it away.
      const key = await importPublic(jwk, algorithm).catch(() => null)
      if (key) keys.set(`${algorithm} ${jwk.kid}`, key)
    }
  }
  // An issuer with no key at all is one that is broken: keep what was known before.
  if (keys.size === 0) throw new Error('the key set holds no usable key')
  return keys
}

/** Whether a published key may verify this algorithm: only a public signature key of its own kind. */
function suits(jwk: JWK, algorithm: string): boolean {
  if (jwk.alg !== undefined && jwk.alg !== algorithm) return false
  if (jwk.use !== undefined && jwk.use !== 'sig') return false
  if (algorithm === 'ES256') return jwk.kty === 'EC' && jwk.crv === 'P-256'
  return algorithm === 'RS256' && jwk.kty === 'RSA'
}

async function importPublic(jwk: JWK, algorithm: string): Promise<CryptoKey> {
  const parts = jwk.kty === 'EC' ? { kty: 'EC', crv: jwk.crv, x: jwk.x, y: jwk.y } : { kty: 'RSA', n: jwk.n, e: jwk.e }
  return (await importJWK(parts as JWK, algorithm)) as CryptoKey
}

function unknownKey(): TokenError {
  return new TokenError('UNKNOWN_KEY', "the token's key is not one of the issuer's")
}
