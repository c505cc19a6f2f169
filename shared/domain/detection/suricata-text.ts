import { createHash } from 'node:crypto'

/**
 * Signature ids of rules written here: 1,100,000,000 to 2,099,999,999. Above everything that sidallocation.org has given
 * to anybody, within 31 bits for tools that count so. The range for local rules (1,000,000 to 1,999,999) is too narrow for
 * ids that are made from what a rule matches.
 */
export const signatureIds = { first: 1_100_000_000, count: 1_000_000_000 } as const

/** The id of the rule that matches this: the same tomorrow, and in another file. */
export function signatureId(match: string): number {
  const digest = createHash('sha256').update(match).digest()
  return signatureIds.first + (digest.readUIntBE(0, 6) % signatureIds.count)
}

/** Longest content of a rule, in bytes. */
const maximumBytes = 255

/** Bytes that stand for themselves between the quotes of a content: letters, digits, space and `-./_=&%+,@~`. */
const isLiteral = (byte: number) =>
  (byte >= 0x30 && byte <= 0x39) ||
  (byte >= 0x41 && byte <= 0x5a) ||
  (byte >= 0x61 && byte <= 0x7a) ||
  ' -./_=&%+,@~'.includes(String.fromCharCode(byte))

/**
 * A content keyword's value with its quotes: the bytes of the text in UTF-8, those that mean something to the rule
 * language in hexadecimal between pipes (Suricata user guide, section 8.7.1).
 *
 * @returns the longest beginning that fits, and whether that is all
 */
export function contentOf(text: string): { content: string; whole: boolean } {
  const bytes = Buffer.from(text.toWellFormed())
  let written = ''
  let hexadecimal: string[] = []
  const close = () => {
    if (hexadecimal.length > 0) written += `|${hexadecimal.join(' ')}|`
    hexadecimal = []
  }
  for (const byte of bytes.subarray(0, maximumBytes)) {
    if (isLiteral(byte)) {
      close()
      written += String.fromCharCode(byte)
    } else hexadecimal.push(byte.toString(16).toUpperCase().padStart(2, '0'))
  }
  close()
  return { content: `"${written}"`, whole: bytes.length <= maximumBytes }
}
