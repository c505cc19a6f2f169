/** A text between the quotes of a YARA string: bytes in UTF-8, all but plain ASCII as `\xNN`. */
export function yaraText(text: string): string {
  let written = ''
  for (const byte of Buffer.from(text.toWellFormed())) {
    if (byte === 0x22 || byte === 0x5c) written += `\\${String.fromCharCode(byte)}`
    else if (byte >= 0x20 && byte <= 0x7e) written += String.fromCharCode(byte)
    else written += `\\x${byte.toString(16).padStart(2, '0')}`
  }
  return written
}

/** The bytes of a text in UTF-16, little end first, as between the braces of a YARA string. */
export function utf16Hex(text: string): string {
  return Buffer.from(text, 'utf16le')
    .toString('hex')
    .toUpperCase()
    .replaceAll(/..(?=.)/g, '$& ')
}
