import { createHash } from 'node:crypto'
import { keccak256 } from './keccak.ts'

/** Checksums that addresses carry in themselves, so that a random string of the same shape is not taken for one. */

const BASE58 = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'
const BASE58_VALUE = new Int8Array(128).fill(-1)
for (let i = 0; i < BASE58.length; i++) BASE58_VALUE[BASE58.charCodeAt(i)] = i

const BECH32 = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l'
const BECH32_VALUE = new Int8Array(128).fill(-1)
for (let i = 0; i < BECH32.length; i++) BECH32_VALUE[BECH32.charCodeAt(i)] = i

/** Value of a base-32 digit (RFC 4648, small letters), or -1. */
function base32Value(code: number): number {
  if (code >= 97 && code <= 122) return code - 97
  return code >= 50 && code <= 55 ? code - 24 : -1
}

/** Big-endian bytes of a base-58 string, or null when a character or the length does not fit. */
function decodeBase58(value: string, byteLength: number): Uint8Array | null {
  const bytes = new Uint8Array(byteLength)
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i)
    let carry = code < 128 ? BASE58_VALUE[code]! : -1
    if (carry < 0) return null
    for (let j = byteLength - 1; j >= 0; j--) {
      carry += bytes[j]! * 58
      bytes[j] = carry & 0xff
      carry >>= 8
    }
    if (carry !== 0) return null
  }
  return bytes
}

function sha256(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytes).digest()
}

/** Whether a string is a Bitcoin address of the base58check kind: version 0 (P2PKH) or 5 (P2SH), checksum verified. */
export function isBase58CheckBitcoin(value: string): boolean {
  const bytes = decodeBase58(value, 25)
  if (bytes === null || (bytes[0] !== 0 && bytes[0] !== 5)) return false
  // Each leading zero byte is written as one "1" and nothing else is.
  let zeros = 0
  while (zeros < 25 && bytes[zeros] === 0) zeros++
  let ones = 0
  while (value.charCodeAt(ones) === 49) ones++
  if (zeros !== ones) return false
  const digest = sha256(sha256(bytes.subarray(0, 21)))
  for (let i = 0; i < 4; i++) if (digest[i] !== bytes[21 + i]) return false
  return true
}

/** Whether a string is a native segwit address on the main network, by bech32 (BIP 173) or bech32m (BIP 350). */
export function isSegwitBitcoin(value: string): boolean {
  const lower = value.toLowerCase()
  if (value !== lower && value !== value.toUpperCase()) return false
  if (!lower.startsWith('bc1') || lower.length < 14 || lower.length > 74) return false
  let check = 1
  const feed = (part: number): void => {
    const top = check >>> 25
    check = ((check & 0x1ffffff) << 5) ^ part
    for (let i = 0; i < 5; i++) if (((top >>> i) & 1) !== 0) check ^= GENERATOR[i]!
  }
  for (const part of [3, 3, 0, 2, 3]) feed(part)
  let version = -1
  for (let i = 3; i < lower.length; i++) {
    const code = lower.charCodeAt(i)
    const part = code < 128 ? BECH32_VALUE[code]! : -1
    if (part < 0) return false
    if (i === 3) version = part
    feed(part)
  }
  if (version > 16) return false
  // Version 0 programs hold 20 or 32 bytes: 42 or 62 characters with the prefix.
  if (version === 0) return check === 1 && (lower.length === 42 || lower.length === 62)
  return check === 0x2bc830a3
}
const GENERATOR = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3] as const

/** Whether the letters' case of a 40-digit Ethereum address agrees with its checksum (EIP-55); one case alone always does. */
export function isEthereumCase(hex: string): boolean {
  const lower = hex.toLowerCase()
  if (hex === lower || hex === hex.toUpperCase()) return true
  const digest = keccak256(
    Uint8Array.from(lower, (character) => character.charCodeAt(0)),
    0x01,
  )
  for (let i = 0; i < 40; i++) {
    const nibble = (digest[i >> 1]! >> ((i & 1) === 0 ? 4 : 0)) & 0xf
    const expected = nibble >= 8 ? lower[i]!.toUpperCase() : lower[i]
    if (hex[i] !== expected) return false
  }
  return true
}

/** Whether a string is a Monero main-network address (standard, subaddress or integrated), checksum verified. */
export function isMonero(value: string): boolean {
  if (value.length !== 95 && value.length !== 106) return false
  const bytes = new Uint8Array(value.length === 95 ? 69 : 77)
  let filled = 0
  for (let at = 0; at < value.length; at += 11) {
    const block = value.slice(at, at + 11)
    const decoded = decodeBase58(block, block.length === 11 ? 8 : 5)
    if (decoded === null) return false
    bytes.set(decoded, filled)
    filled += decoded.length
  }
  const network = bytes[0]
  if (network !== 18 && network !== 19 && network !== 42) return false
  const body = bytes.subarray(0, bytes.length - 4)
  const digest = keccak256(body, 0x01)
  for (let i = 0; i < 4; i++) if (digest[i] !== bytes[body.length + i]) return false
  return true
}

/** Whether 56 base-32 characters are a Tor v3 address (rend-spec-v3, "Encoding onion addresses"), checksum verified. */
export function isOnionV3(label: string): boolean {
  if (label.length !== 56) return false
  const bytes = new Uint8Array(35)
  let bits = 0
  let held = 0
  let filled = 0
  for (let i = 0; i < 56; i++) {
    const part = base32Value(label.charCodeAt(i))
    if (part < 0) return false
    held = ((held << 5) | part) & 0xfff
    bits += 5
    if (bits >= 8) {
      bits -= 8
      bytes[filled++] = (held >> bits) & 0xff
    }
  }
  if (bytes[34] !== 3) return false
  const prefix = '.onion checksum'
  const input = new Uint8Array(prefix.length + 33)
  for (let i = 0; i < prefix.length; i++) input[i] = prefix.charCodeAt(i)
  input.set(bytes.subarray(0, 32), prefix.length)
  input[prefix.length + 32] = 3
  const digest = keccak256(input, 0x06)
  return digest[0] === bytes[32] && digest[1] === bytes[33]
}
