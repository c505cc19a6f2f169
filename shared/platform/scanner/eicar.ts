// In two parts, so that a scanner on a developer's machine doesn't take this file away.
const STRING = ['X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD', '-ANTIVIRUS-TEST-FILE!$H+H*'].join('')
const STRING_BYTES = STRING.length

/** A file longer than this is no EICAR test file, whatever it begins with. */
export const EICAR_MAXIMUM_BYTES = 128

/** Space, tab, line feed, carriage return, Ctrl-Z. */
const PADDING = new Set([0x20, 0x09, 0x0a, 0x0d, 0x1a])

/**
 * Whether a file is the EICAR anti-malware test file: it begins with the 68 characters of the string, and nothing but
 * white space follows, up to 128 bytes in all (EICAR, "Anti-Malware Testfile"). A report that quotes the string, even at
 * its beginning, is none.
 *
 * @param bytes the whole file; more than 128 bytes need not be given
 */
export function isEicarTestFile(bytes: Uint8Array): boolean {
  if (bytes.length < STRING_BYTES || bytes.length > EICAR_MAXIMUM_BYTES) return false
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!
    if (i < STRING_BYTES ? byte !== STRING.charCodeAt(i) : !PADDING.has(byte)) return false
  }
  return true
}

/** The EICAR test string, for tests of a scanner. */
export function eicarTestString(): string {
  return STRING
}
