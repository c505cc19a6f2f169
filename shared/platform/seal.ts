import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import type { Sealer } from '#shared/domain/sealing.ts'

const version = 1
const saltBytes = 16
const headerBytes = 1 + 8 + saltBytes
const tagBytes = 16

/**
 * Makes a sealer: AES-256-GCM (NIST SP 800-38D) with a key and nonce of each message's own, derived by HKDF-SHA-256
 * (RFC 5869) from the secret and a random salt. So there is no number of messages after which a nonce may repeat.
 *
 * The seal is version (1 byte), expiry (8 bytes, milliseconds since 1970), salt (16), ciphertext, tag (16).
 *
 * @param secret - at least 32 characters; whoever has it can open every seal.
 * @param purpose - what the sealed things are; a seal of one purpose is none of another.
 */
export function createSealer(secret: string, purpose: string): Sealer {
  const cipherOf = (salt: Uint8Array) => {
    const material = Buffer.from(hkdfSync('sha256', secret, salt, `seal v${version}\0${purpose}`, 44))
    return { key: material.subarray(0, 32), nonce: material.subarray(32) }
  }
  return {
    seal(content, expiresAt) {
      const header = Buffer.alloc(headerBytes)
      header.writeUInt8(version)
      header.writeBigUInt64BE(BigInt(expiresAt.getTime()), 1)
      randomBytes(saltBytes).copy(header, headerBytes - saltBytes)
      const { key, nonce } = cipherOf(header.subarray(-saltBytes))
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(header)
      const hidden = [typeof content === 'string' ? cipher.update(content, 'utf8') : cipher.update(content)]
      hidden.push(cipher.final())
      return Buffer.concat([header, ...hidden, cipher.getAuthTag()]).toString('base64url')
    },
    open(sealed, now) {
      const bytes = Buffer.from(sealed, 'base64url')
      // Decoding is lenient; a seal has exactly one spelling.
      if (bytes.length < headerBytes + tagBytes || bytes.toString('base64url') !== sealed) return null
      if (bytes.readUInt8() !== version) return null
      const header = bytes.subarray(0, headerBytes)
      const { key, nonce } = cipherOf(header.subarray(-saltBytes))
      const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes })
      decipher.setAAD(header).setAuthTag(bytes.subarray(-tagBytes))
      const shown = decipher.update(bytes.subarray(headerBytes, -tagBytes))
      try {
        decipher.final()
      } catch {
        return null
      }
      return BigInt(now.getTime()) < header.readBigUInt64BE(1) ? shown : null
    },
  }
}
