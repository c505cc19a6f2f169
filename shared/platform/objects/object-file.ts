import { randomUUID } from 'node:crypto'
import { link, mkdir, open, readdir, rename, stat, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import { PlatformError } from '../errors.ts'

/**
 * One object is one file: 4 bytes `RFO1`, 4 bytes length of the description, the description as JSON, then the
 * content to the end of the file. What is known of an object and its content appear together, in one rename, so no
 * crash can part them; the size is that of the file.
 */
const magic = 'RFO1'
const prefixBytes = 8
const maximumDescriptionBytes = 16 * 1024
/** Of a write that nobody continued for so long, the process is gone. */
const abandonedSeconds = 3600

export interface ObjectDescription {
  key: string
  contentType: string
  generation: string
}

export interface OpenedObject extends ObjectDescription {
  sizeBytes: number
  body: Readable
}

/** The content went past the limit it was announced with. */
export class TooLargeError extends Error {
  override readonly name = 'TooLargeError'
}

/**
 * Writes an object's file so that it is there as a whole, durably, or not at all.
 *
 * @param options.partialFolder - on the same file system as `path`; what is being written is kept there.
 * @param options.replace - false: an object that is there already is left alone.
 * @returns the size of the content, or null when there was an object that was not to be replaced.
 * @throws TooLargeError, and whatever reading `body` throws
 */
export async function writeObjectFile(options: {
  path: string
  partialFolder: string
  description: ObjectDescription
  body: AsyncIterable<Uint8Array | string>
  maximumBytes?: number
  replace: boolean
}): Promise<number | null> {
  const { path, partialFolder, maximumBytes = Number.POSITIVE_INFINITY } = options
  await makeFolder(partialFolder)
  const partial = join(partialFolder, randomUUID())
  const file = await open(partial, 'wx', 0o600)
  try {
    let sizeBytes = 0
    try {
      await file.appendFile(describe(options.description))
      for await (const chunk of options.body) {
        const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk
        sizeBytes += bytes.byteLength
        if (sizeBytes > maximumBytes) throw new TooLargeError(`more than ${maximumBytes} bytes`)
        await file.appendFile(bytes)
      }
      await file.sync()
    } finally {
      await file.close()
    }
    await makeFolder(dirname(path))
    if (options.replace) await rename(partial, path)
    else if (!(await linkNew(partial, path))) return null
    await syncFolder(dirname(path))
    return sizeBytes
  } finally {
    // Gone already if it was renamed.
    await unlink(partial).catch(ignoreMissing)
  }
}

/**
 * Opens an object's file; null when there is none. Whoever gets the body must read it to its end or destroy it.
 *
 * @throws PlatformError DATA_DAMAGED when the file is not an object
 */
export async function openObjectFile(path: string): Promise<OpenedObject | null> {
  const file = await open(path, 'r').catch(ignoreMissing)
  if (!file) return null
  try {
    const { bodyStart, size, ...description } = await readHead(file)
    return { ...description, sizeBytes: size - bodyStart, body: file.createReadStream({ start: bodyStart }) }
  } catch (error) {
    await file.close()
    throw error
  }
}

/**
 * The key of the object in a file; null when there is no file.
 *
 * @throws PlatformError DATA_DAMAGED when the file is not an object
 */
async function readKey(path: string): Promise<string | null> {
  const file = await open(path, 'r').catch(ignoreMissing)
  if (!file) return null
  try {
    return (await readHead(file)).key
  } finally {
    await file.close()
  }
}

/**
 * Finds the files of the objects whose keys begin with a prefix. Names of files say nothing of keys, so each is looked
 * into; one that is damaged says nothing either and is passed over.
 *
 * @param options.onDamaged - told of each file that is no object.
 */
export async function* findObjectFiles(
  folder: string,
  prefix: string,
  options: { onDamaged(error: unknown): void },
): AsyncIterable<string> {
  for (const part of (await readdir(folder).catch(ignoreMissing)) ?? []) {
    for (const name of (await readdir(join(folder, part)).catch(ignoreMissing)) ?? []) {
      const path = join(folder, part, name)
      try {
        if ((await readKey(path))?.startsWith(prefix)) yield path
      } catch (error) {
        if (!(error instanceof PlatformError)) throw error
        options.onDamaged(error)
      }
    }
  }
}

/**
 * Removes the files of objects that were written before a time.
 *
 * @returns how many.
 */
export async function removeOldFiles(folder: string, before: Date): Promise<number> {
  let removed = 0
  for (const part of (await readdir(folder).catch(ignoreMissing)) ?? []) {
    for (const name of (await readdir(join(folder, part)).catch(ignoreMissing)) ?? []) {
      const path = join(folder, part, name)
      const found = await stat(path).catch(ignoreMissing)
      if (!found || found.mtimeMs >= before.getTime()) continue
      await removeObjectFile(path)
      removed++
    }
  }
  return removed
}

export async function objectFileExists(path: string): Promise<boolean> {
  return (await stat(path).catch(ignoreMissing)) !== undefined
}

export async function removeObjectFile(path: string): Promise<void> {
  await unlink(path).catch(ignoreMissing)
}

/**
 * Removes what killed processes left half-written.
 *
 * @param untouchedSeconds - what was written to more recently may still be somebody's work.
 */
export async function removeAbandoned(partialFolder: string, untouchedSeconds = abandonedSeconds): Promise<void> {
  for (const name of (await readdir(partialFolder).catch(ignoreMissing)) ?? []) {
    const path = join(partialFolder, name)
    const found = await stat(path).catch(ignoreMissing)
    if (found && Date.now() - found.mtimeMs >= untouchedSeconds * 1000) await unlink(path).catch(ignoreMissing)
  }
}

async function readHead(
  file: Awaited<ReturnType<typeof open>>,
): Promise<ObjectDescription & { bodyStart: number; size: number }> {
  const { size } = await file.stat()
  const head = await readExactly(file, 0, Math.min(size, prefixBytes))
  const descriptionBytes = head.length === prefixBytes ? head.readUInt32BE(4) : 0
  const bodyStart = prefixBytes + descriptionBytes
  const damaged = new PlatformError('DATA_DAMAGED', 'a stored object is damaged')
  if (head.toString('latin1', 0, 4) !== magic || descriptionBytes > maximumDescriptionBytes || bodyStart > size) {
    throw damaged
  }
  const description = parseDescription(await readExactly(file, prefixBytes, descriptionBytes))
  if (!description) throw damaged
  return { ...description, bodyStart, size }
}

function describe(description: ObjectDescription): Buffer {
  const json = Buffer.from(JSON.stringify(description))
  const prefix = Buffer.alloc(prefixBytes)
  prefix.write(magic, 'latin1')
  prefix.writeUInt32BE(json.length, 4)
  return Buffer.concat([prefix, json])
}

function parseDescription(json: Buffer): ObjectDescription | null {
  try {
    const { key, contentType, generation } = JSON.parse(json.toString('utf8'))
    const texts = [key, contentType, generation].every((value) => typeof value === 'string')
    return texts ? { key, contentType, generation } : null
  } catch {
    return null
  }
}

async function readExactly(file: Awaited<ReturnType<typeof open>>, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length)
  let filled = 0
  while (filled < length) {
    const { bytesRead } = await file.read(buffer, filled, length - filled, position + filled)
    if (bytesRead === 0) return buffer.subarray(0, filled)
    filled += bytesRead
  }
  return buffer
}

/** Gives the file its name unless the name is taken; a rename would replace. */
async function linkNew(partial: string, path: string): Promise<boolean> {
  try {
    await link(partial, path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

async function makeFolder(path: string): Promise<void> {
  const made = await mkdir(path, { recursive: true, mode: 0o700 })
  if (!made) return
  // Each new name must be durable in the folder that holds it, from the topmost new one down.
  for (let folder = dirname(made); ; folder = join(folder, path.slice(folder.length + 1).split('/', 1)[0]!)) {
    await syncFolder(folder)
    if (folder === dirname(path)) return
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error
  return undefined
}
