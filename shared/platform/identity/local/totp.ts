import { createHmac, timingSafeEqual } from 'node:crypto'

/** Length of one time step. */
export const stepSeconds = 30
const digits = 6
/** Codes of so many steps before and after now are taken too: clocks differ, and people type slowly (RFC 6238, 5.2). */
const allowedDrift = 1

/** The number of the time step at a moment (RFC 6238, section 4.2). */
export function stepAt(moment: Date): number {
  return Math.floor(moment.getTime() / 1000 / stepSeconds)
}

/** The six-digit code of a time step: RFC 6238 with HMAC-SHA-1, which every authenticator app knows. */
export function totpCode(secret: Uint8Array, step: number): string {
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(step))
  const mac = createHmac('sha1', secret).update(counter).digest()
  // Dynamic truncation: RFC 4226, section 5.3.
  const value = mac.readUInt32BE(mac[mac.length - 1]! & 15) & 0x7fff_ffff
  return String(value % 10 ** digits).padStart(digits, '0')
}

/** The time step near `moment` that a code is of; null when it is wrong. Every candidate is compared, in constant time. */
export function stepOfCode(secret: Uint8Array, code: string, moment: Date): number | null {
  if (!/^\d{6}$/.test(code)) return null
  const now = stepAt(moment)
  let found: number | null = null
  for (let step = now - allowedDrift; step <= now + allowedDrift; step++) {
    if (timingSafeEqual(Buffer.from(totpCode(secret, step)), Buffer.from(code))) found = step
  }
  return found
}

/** What an authenticator app reads from the QR code: the "Key Uri Format" that Google Authenticator made the norm. */
export function otpauthUri(options: { issuer: string; account: string; secret: string }): string {
  const label = `${encodeURIComponent(options.issuer)}:${encodeURIComponent(options.account)}`
  const settings = `algorithm=SHA1&digits=${digits}&period=${stepSeconds}`
  return `otpauth://totp/${label}?${settings}&issuer=${encodeURIComponent(options.issuer)}&secret=${options.secret}`
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** Base32 without padding (RFC 4648, section 6). */
export function encodeBase32(bytes: Uint8Array): string {
  let text = ''
  let bits = 0
  let value = 0
  for (const byte of bytes) {
    value = (value << 8) | byte
    bits += 8
    while (bits >= 5) {
      bits -= 5
      text += alphabet[(value >>> bits) & 31]
    }
    value &= (1 << bits) - 1
  }
  return bits > 0 ? text + alphabet[(value << (5 - bits)) & 31] : text
}

/** @throws RangeError when the text holds anything but letters of the alphabet */
export function decodeBase32(text: string): Buffer {
  const bytes: number[] = []
  let bits = 0
  let value = 0
  for (const letter of text) {
    const digit = alphabet.indexOf(letter)
    if (digit < 0) throw new RangeError('not base32')
    value = (value << 5) | digit
    bits += 5
    if (bits < 8) continue
    bits -= 8
    bytes.push((value >>> bits) & 255)
    value &= (1 << bits) - 1
  }
  return Buffer.from(bytes)
}
