import { join } from 'node:path'
import {
  type CryptoKey,
  calculateJwkThumbprint,
  exportJWK,
  generateKeyPair,
  importJWK,
  type JSONWebKeySet,
  type JWK,
} from 'jose'
import { PlatformError } from '../errors.ts'
import { readOrCreatePrivateFile, replacePrivateFile } from './private-file.ts'

export type SigningAlgorithm = 'ES256' | 'RS256'

export interface SigningKey {
  kid: string
  algorithm: SigningAlgorithm
  key: CryptoKey
}

/** The signing keys of one issuer. */
export interface KeyRing {
  /** The key that signs now. */
  current(): SigningKey
  /** Public keys (RFC 7517): the current one, the next one, and those that may have signed a token that is still valid. */
  jwks(): JSONWebKeySet
  /** Makes the next key the current one. Resolves when this is durable. */
  rotate(): Promise<void>
}

interface StoredKey {
  kid: string
  state: 'current' | 'next' | 'retired'
  /** Unix seconds; null while in use. */
  retiredAt: number | null
  jwk: JWK
}

const privateParts = new Set(['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'])

/**
 * Opens an issuer's signing keys, making them on first use.
 *
 * The key that will sign next is published from the start, so that verifiers that cached the key set know it already
 * when `rotate` puts it to use.
 *
 * @param options.folder - where the keys are kept, mode 0600.
 * @param options.name - file name without its ending.
 * @param options.retainSeconds - how long a retired key stays published: the lifetime of a token, and the time for which verifiers cache the set.
 * @throws PlatformError PERMISSION, or DATA_DAMAGED when the file does not hold keys.
 */
export async function openKeyRing(options: {
  folder: string
  name: string
  algorithm: SigningAlgorithm
  retainSeconds: number
  now: () => Date
}): Promise<KeyRing> {
  const { algorithm, now } = options
  const path = join(options.folder, `${options.name}.json`)
  const nowSeconds = () => Math.floor(now().getTime() / 1000)

  const text = await readOrCreatePrivateFile(path, async () => {
    const [current, next] = await Promise.all([makeKey(algorithm, 'current'), makeKey(algorithm, 'next')])
    return JSON.stringify([current, next])
  })
  let keys = parseKeys(text, options.name)
  let signing = await toSigningKey(keys, algorithm)
  let published = publish(keys, algorithm)
  let rotation: Promise<void> = Promise.resolve()

  async function rotateOnce(): Promise<void> {
    const at = nowSeconds()
    const kept = keys
      .filter((key) => key.retiredAt === null || at - key.retiredAt <= options.retainSeconds)
      .map((key): StoredKey => {
        if (key.state === 'current') return { ...key, state: 'retired', retiredAt: at }
        return key.state === 'next' ? { ...key, state: 'current' } : key
      })
    const rotated = [...kept, await makeKey(algorithm, 'next')]
    const signer = await toSigningKey(rotated, algorithm)
    await replacePrivateFile(path, JSON.stringify(rotated))
    keys = rotated
    signing = signer
    published = publish(rotated, algorithm)
  }

  return {
    current: () => signing,
    jwks: () => published,
    rotate() {
      // One at a time: two at once would each drop the other's new key from the file.
      const mine = rotation.then(rotateOnce)
      rotation = mine.catch(() => {})
      return mine
    },
  }
}

async function makeKey(algorithm: SigningAlgorithm, state: 'current' | 'next'): Promise<StoredKey> {
  const { privateKey } = await generateKeyPair(algorithm, { extractable: true, modulusLength: 2048 })
  const jwk = await exportJWK(privateKey)
  // RFC 7638: the id follows from the key, so two keys can't share one.
  return { kid: await calculateJwkThumbprint(jwk), state, retiredAt: null, jwk }
}

function parseKeys(text: string, name: string): StoredKey[] {
  try {
    const keys = JSON.parse(text) as StoredKey[]
    const count = (state: StoredKey['state']) => keys.filter((key) => key.state === state && key.jwk.d).length
    if (count('current') === 1 && count('next') === 1) return keys
  } catch {}
  throw new PlatformError(
    'DATA_DAMAGED',
    `${name}.json holds no signing keys; remove it to get new ones (everyone has to sign in again)`,
  )
}

async function toSigningKey(keys: StoredKey[], algorithm: SigningAlgorithm): Promise<SigningKey> {
  const { kid, jwk } = keys.find((key) => key.state === 'current')!
  return { kid, algorithm, key: (await importJWK(jwk, algorithm)) as CryptoKey }
}

function publish(keys: StoredKey[], algorithm: SigningAlgorithm): JSONWebKeySet {
  return {
    keys: keys.map(({ kid, jwk }) => {
      const open = Object.fromEntries(Object.entries(jwk).filter(([name]) => !privateParts.has(name)))
      return { ...open, kid, alg: algorithm, use: 'sig', key_ops: ['verify'] } as JWK
    }),
  }
}
