import { randomUUID } from 'node:crypto'
import { chmod, link, mkdir, open, readFile, rename, stat, unlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { PlatformError } from '../errors.ts'

/**
 * Reads a file that only its owner may read, or makes it when it is missing. Of several processes that make it at
 * once, one wins and all return what the winner wrote.
 *
 * @param path - in a folder that is made with mode 0700 when missing; the file gets mode 0600.
 * @param make - produces the content of a new file.
 * @throws PlatformError PERMISSION when the folder or file can't be used.
 */
export async function readOrCreatePrivateFile(path: string, make: () => Promise<string>): Promise<string> {
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    const present = await readPrivateFile(path)
    if (present !== null) return present
    const temporary = await writeTemporary(path, await make())
    try {
      await link(temporary, path)
      await syncFolder(dirname(path))
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error
    } finally {
      await unlink(temporary)
    }
    const made = await readPrivateFile(path)
    if (made === null) throw new PlatformError('UNAVAILABLE', `${basename(path)} vanished while it was being made`)
    return made
  } catch (error) {
    throw asPlatformError(error, path)
  }
}

/** Replaces a private file as a whole: after a crash it holds the old content or the new, never a part. */
export async function replacePrivateFile(path: string, content: string): Promise<void> {
  try {
    await rename(await writeTemporary(path, content), path)
    await syncFolder(dirname(path))
  } catch (error) {
    throw asPlatformError(error, path)
  }
}

async function readPrivateFile(path: string): Promise<string | null> {
  try {
    // A key copied back from a backup often comes with wider permissions: narrow them rather than refuse to start.
    if (((await stat(path)).mode & 0o077) !== 0) await chmod(path, 0o600)
    return await readFile(path, 'utf8')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    throw error
  }
}

async function writeTemporary(path: string, content: string): Promise<string> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomUUID()}`)
  const file = await open(temporary, 'wx', 0o600)
  try {
    await file.writeFile(content)
    await file.sync()
  } catch (error) {
    await unlink(temporary)
    throw error
  } finally {
    await file.close()
  }
  return temporary
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

function asPlatformError(error: unknown, path: string): unknown {
  const code = codeOf(error)
  if (error instanceof PlatformError || !code) return error
  const refused = code === 'EACCES' || code === 'EPERM' || code === 'EROFS'
  return new PlatformError(
    refused ? 'PERMISSION' : 'UNAVAILABLE',
    refused ? `no permission to use ${path} (${code})` : `can't use ${path} (${code})`,
    { cause: error },
  )
}
