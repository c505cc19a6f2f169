import { crc32, createInflateRaw } from 'node:zlib'
import { DocumentError } from './errors.ts'
import type { DocumentLimits } from './limits.ts'

/** One file of a ZIP archive, as its central directory declares it. */
export interface ArchiveEntry {
  name: string
  /** 0 stored, 8 deflated; others can't be unpacked here. */
  method: number
  packedBytes: number
  unpackedBytes: number
  crc32: number
  /** Offset of the local header in the archive. */
  headerOffset: number
}

const END_RECORD = 0x06054b50
const END_RECORD_BYTES = 22
const DIRECTORY_RECORD = 0x02014b50
const DIRECTORY_RECORD_BYTES = 46
const LOCAL_RECORD = 0x04034b50
const LOCAL_RECORD_BYTES = 30
const MAXIMUM_COMMENT_BYTES = 0xffff
const ZIP64_MARKER = 0xffffffff
const STORED = 0
const DEFLATED = 8

/**
 * Reads a ZIP archive's central directory and refuses an archive that would grow out of proportion, before anything
 * is unpacked (PKWARE APPNOTE 4.3.12, 4.3.16).
 *
 * @param bytes the whole archive
 * @throws DocumentError BROKEN_DOCUMENT, ENCRYPTED_DOCUMENT or ARCHIVE_BOMB
 */
export function readArchive(bytes: Uint8Array, limits: DocumentLimits): ArchiveEntry[] {
  const view = viewOf(bytes)
  const end = findEndRecord(view)
  const count = view.getUint16(end + 10, true)
  const directoryBytes = view.getUint32(end + 12, true)
  const directoryStart = view.getUint32(end + 16, true)
  if (count === 0xffff || directoryStart === ZIP64_MARKER) throw broken('It is a ZIP64 archive, which is not read.')
  if (directoryStart + directoryBytes > end) throw broken('Its directory lies outside the file.')
  if (count > limits.archiveEntries) throw bomb(`it holds ${count} files; at most ${limits.archiveEntries} are read`)
  const entries: ArchiveEntry[] = []
  let at = directoryStart
  for (let i = 0; i < count; i++) {
    if (at + DIRECTORY_RECORD_BYTES > end || view.getUint32(at, true) !== DIRECTORY_RECORD) {
      throw broken('Its directory is damaged.')
    }
    const flags = view.getUint16(at + 8, true)
    if (flags & 1) throw new DocumentError('ENCRYPTED_DOCUMENT', 'The archive is protected by a password.')
    const nameBytes = view.getUint16(at + 28, true)
    const name = new TextDecoder().decode(
      bytes.subarray(at + DIRECTORY_RECORD_BYTES, at + DIRECTORY_RECORD_BYTES + nameBytes),
    )
    entries.push({
      name: name.replaceAll('\\', '/'),
      method: view.getUint16(at + 10, true),
      crc32: view.getUint32(at + 16, true),
      packedBytes: view.getUint32(at + 20, true),
      unpackedBytes: view.getUint32(at + 24, true),
      headerOffset: view.getUint32(at + 42, true),
    })
    at += DIRECTORY_RECORD_BYTES + nameBytes + view.getUint16(at + 30, true) + view.getUint16(at + 32, true)
  }
  refuseBombs(entries, bytes.length, limits)
  return entries
}

/**
 * Unpacks one file of an archive piece by piece, and stops where it grows over its declared size.
 *
 * @param bytes the whole archive
 * @param entry one of `readArchive(bytes, …)`
 * @returns the file's bytes in chunks of at most 64 KiB
 * @throws DocumentError BROKEN_DOCUMENT, or ARCHIVE_BOMB when the directory understated the size
 */
export async function* unpackEntry(bytes: Uint8Array, entry: ArchiveEntry): AsyncGenerator<Uint8Array, void, void> {
  const packed = packedBytes(bytes, entry)
  let unpacked = 0
  let checksum = 0
  for await (const chunk of entry.method === STORED ? [packed] : inflate(packed, entry)) {
    unpacked += chunk.length
    if (unpacked > entry.unpackedBytes) throw bomb(`${entry.name} is larger than its directory says`)
    checksum = crc32(chunk, checksum)
    yield chunk
  }
  if (unpacked !== entry.unpackedBytes || checksum !== entry.crc32) throw broken(`${entry.name} in it is damaged.`)
}

function packedBytes(bytes: Uint8Array, entry: ArchiveEntry): Uint8Array {
  const view = viewOf(bytes)
  const at = entry.headerOffset
  if (entry.method !== STORED && entry.method !== DEFLATED) {
    throw broken(`${entry.name} in it is packed by method ${entry.method}, which is not read.`)
  }
  if (at + LOCAL_RECORD_BYTES > bytes.length || view.getUint32(at, true) !== LOCAL_RECORD) {
    throw broken(`${entry.name} in it can't be found.`)
  }
  const start = at + LOCAL_RECORD_BYTES + view.getUint16(at + 26, true) + view.getUint16(at + 28, true)
  if (start + entry.packedBytes > bytes.length) throw broken(`${entry.name} in it is cut off.`)
  return bytes.subarray(start, start + entry.packedBytes)
}

async function* inflate(packed: Uint8Array, entry: ArchiveEntry): AsyncGenerator<Uint8Array, void, void> {
  const stream = createInflateRaw({ chunkSize: 64 * 1024 })
  stream.end(packed)
  try {
    for await (const chunk of stream) yield chunk as Uint8Array
  } catch (error) {
    throw new DocumentError('BROKEN_DOCUMENT', `The archive can't be read: ${entry.name} in it is damaged.`, {
      cause: error,
    })
  } finally {
    stream.destroy()
  }
}

function refuseBombs(entries: ArchiveEntry[], archiveBytes: number, limits: DocumentLimits): void {
  let unpacked = 0
  for (const entry of entries) {
    unpacked += entry.unpackedBytes
    if (
      entry.unpackedBytes > limits.archiveRatioFloorBytes &&
      entry.unpackedBytes > entry.packedBytes * limits.archiveRatio
    ) {
      throw bomb(`${entry.name} would grow more than ${limits.archiveRatio} times`)
    }
  }
  if (unpacked > limits.archiveBytes) throw bomb(`it would unpack to ${unpacked} bytes`)
  if (unpacked > limits.archiveRatioFloorBytes && unpacked > archiveBytes * limits.archiveRatio) {
    throw bomb(`it would grow more than ${limits.archiveRatio} times`)
  }
  // Entries that share bytes are how a small archive declares a huge content with an honest ratio per entry.
  const inOrder = entries.toSorted((a, b) => a.headerOffset - b.headerOffset)
  let reached = 0
  for (const entry of inOrder) {
    if (entry.headerOffset < reached) throw bomb('files in it overlap')
    reached = entry.headerOffset + LOCAL_RECORD_BYTES + entry.packedBytes
  }
}

function findEndRecord(view: DataView): number {
  const lowest = Math.max(0, view.byteLength - END_RECORD_BYTES - MAXIMUM_COMMENT_BYTES)
  for (let at = view.byteLength - END_RECORD_BYTES; at >= lowest; at--) {
    if (view.getUint32(at, true) === END_RECORD) return at
  }
  throw broken('It is cut off: the directory at its end is missing.')
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function broken(reason: string): DocumentError {
  return new DocumentError('BROKEN_DOCUMENT', `The archive can't be read. ${reason}`)
}

function bomb(reason: string): DocumentError {
  return new DocumentError('ARCHIVE_BOMB', `The archive is refused: ${reason}.`)
}
