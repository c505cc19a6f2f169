import { hash, randomBytes } from 'node:crypto'
import { crc32 } from 'node:zlib'

const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const randomLength = 20
/** 62^27 > 2^160 and 62^6 > 2^32, so that both parts have one width. */
const bodyDigits = 27
const checksumDigits = 6
const prefixLength = 12

/** What may be known of a key to find it: enough to tell keys apart, and nothing by which one could be made. */
export interface KeyFingerprint {
  /** Of the whole key, in hex. */
  sha256: string
  /** The first characters, which people may see. */
  prefix: string
}

/**
 * Makes an API key: `rfa_`, 160 random bits in 27 base62 digits, and the CRC-32 of all that precedes in 6. The fixed
 * beginning and the checksum let a typo be refused at once, and let scanners know a leaked key from any other word.
 * @param random 20 random bytes
 */
export function newApiKey(random: Uint8Array = randomBytes(randomLength)): string {
  if (random.length !== randomLength) throw new RangeError('a key is made of 20 random bytes')
  const start = `rfa_${toBase62(BigInt(`0x${Buffer.from(random).toString('hex')}`), bodyDigits)}`
  return start + checksumOf(start)
}

/** The fingerprint of a key, or null when the text is no key: its form or its checksum is wrong. */
export function parseApiKey(text: string): KeyFingerprint | null {
  if (!/^rfa_[0-9A-Za-z]{33}$/.test(text)) return null
  const start = text.slice(0, -checksumDigits)
  if (text.slice(-checksumDigits) !== checksumOf(start)) return null
  return { sha256: hash('sha256', text), prefix: text.slice(0, prefixLength) }
}

function checksumOf(start: string): string {
  return toBase62(BigInt(crc32(start)), checksumDigits)
}

function toBase62(value: bigint, width: number): string {
  let text = ''
  for (let rest = value; text.length < width; rest /= 62n) text = digits[Number(rest % 62n)] + text
  return text
}
