// Magic numbers, each byte as one Latin-1 character, with the name that a refusal uses.
const SIGNATURES: readonly (readonly [magic: string, name: string, offset?: number])[] = [
  ['MZ', 'a Windows program'],
  ['\x7fELF', 'a Linux program'],
  ['\xfe\xed\xfa\xce', 'a macOS program'],
  ['\xfe\xed\xfa\xcf', 'a macOS program'],
  ['\xcf\xfa\xed\xfe', 'a macOS program'],
  ['\xce\xfa\xed\xfe', 'a macOS program'],
  ['\xca\xfe\xba\xbe', 'a Java class or macOS program'],
  ['\0asm', 'a WebAssembly module'],
  ['dex\n', 'an Android program'],
  ['L\0\0\0\x01\x14\x02\0', 'a Windows shortcut'],
  ['\x89PNG\r\n\x1a\n', 'a PNG picture'],
  ['\xff\xd8\xff', 'a JPEG picture'],
  ['GIF8', 'a GIF picture'],
  ['BM', 'a BMP picture'],
  ['II*\0', 'a TIFF picture'],
  ['MM\0*', 'a TIFF picture'],
  ['RIFF', 'a picture, sound or film (RIFF)'],
  ['ftyp', 'a film or picture (ISO media)', 4],
  ['ID3', 'a sound file'],
  ['OggS', 'a sound file'],
  ['\x1f\x8b', 'a gzip archive'],
  ['BZh', 'a bzip2 archive'],
  ['\xfd7zXZ\0', 'an xz archive'],
  ['7z\xbc\xaf\x27\x1c', 'a 7-Zip archive'],
  ['Rar!\x1a\x07', 'a RAR archive'],
  ['\x28\xb5\x2f\xfd', 'a Zstandard archive'],
  ['MSCF', 'a cabinet archive'],
  ['ustar', 'a tar archive', 257],
  ['CD001', 'a disc image', 0x8001],
  ['SQLite format 3\0', 'an SQLite database'],
  ['\xd4\xc3\xb2\xa1', 'a packet capture'],
  ['\xa1\xb2\xc3\xd4', 'a packet capture'],
  ['\x0a\x0d\x0d\x0a', 'a packet capture'],
  ['ElfFile\0', 'a Windows event log'],
  ['regf', 'a Windows registry hive'],
]

/** Whether `bytes` has `magic` (one Latin-1 character a byte) at `offset`. */
export function startsWith(bytes: Uint8Array, magic: string, offset = 0): boolean {
  if (bytes.length < offset + magic.length) return false
  for (let i = 0; i < magic.length; i++) {
    if (bytes[offset + i] !== magic.charCodeAt(i)) return false
  }
  return true
}

/**
 * Names a binary format by its magic number, with its article ("a PNG picture"), or gives null.
 *
 * @param certainOnly leaves out the magic numbers that a text could begin with ("BM", "MZ")
 */
export function binaryFormatName(bytes: Uint8Array, certainOnly = false): string | null {
  const signature = SIGNATURES.find(
    ([magic, , offset]) => startsWith(bytes, magic, offset) && (!certainOnly || !isText(magic) || (offset ?? 0) > 4),
  )
  return signature?.[1] ?? null
}

function isText(magic: string): boolean {
  for (let i = 0; i < magic.length; i++) {
    const code = magic.charCodeAt(i)
    if (code < 0x09 || (code > 0x0d && code < 0x20) || code > 0x7e) return false
  }
  return true
}
