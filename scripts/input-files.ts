import { createReadStream } from 'node:fs'
import { readdir, readFile, realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { DocumentError } from '#shared/domain/text/errors.ts'

/** The name that stands for standard input. */
export const STANDARD_INPUT = '-'

/** Why a file could not be read from the disk, for programs and for people. */
export class InputError extends Error {
  readonly code: string

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'InputError'
    this.code = code
  }
}

/** A file to be read, or an entry that can't be. */
export type InputFile = { path: string } | { path: string; error: InputError }

/**
 * Lists the files that the given paths stand for: a file is itself, a directory all files below it, entries in order of
 * their names, those beginning with a dot left out. Directories are listed as they are reached, one at a time.
 *
 * @param paths as given by the user; "-" is standard input
 */
export async function* listInputFiles(paths: readonly string[]): AsyncGenerator<InputFile, void, void> {
  // A symbolic link may lead back up: no directory is entered twice.
  const entered = new Set<string>()
  for (const path of paths) yield* path === STANDARD_INPUT ? [{ path }] : listBelow(path, entered)
}

async function* listBelow(path: string, entered: Set<string>): AsyncGenerator<InputFile, void, void> {
  let names: string[]
  try {
    if (!(await stat(path)).isDirectory()) {
      yield { path }
      return
    }
    const place = await realpath(path)
    if (entered.has(place)) return
    entered.add(place)
    names = await readdir(path)
  } catch (error) {
    yield { path, error: inputError(error) }
    return
  }
  for (const name of names.sort()) {
    if (!name.startsWith('.')) yield* listBelow(join(path, name), entered)
  }
}

/**
 * Reads a file, a pipe or standard input whole, and not a byte more than allowed.
 *
 * @param path "-" for standard input
 * @throws InputError when it can't be read, DocumentError FILE_TOO_LARGE
 */
export async function readInput(path: string, maximumBytes: number): Promise<Uint8Array> {
  try {
    if (path === STANDARD_INPUT) return await readStream(process.stdin, maximumBytes)
    const found = await stat(path)
    if (!found.isFile()) return await readStream(createReadStream(path), maximumBytes)
    if (found.size > maximumBytes) throw tooLarge(maximumBytes)
    return await readFile(path)
  } catch (error) {
    throw error instanceof DocumentError ? error : inputError(error)
  }
}

async function readStream(stream: AsyncIterable<Uint8Array>, maximumBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of stream) {
    chunks.push(chunk)
    length += chunk.length
    if (length > maximumBytes) throw tooLarge(maximumBytes)
  }
  return new Uint8Array(Buffer.concat(chunks))
}

const REASONS: Record<string, [code: string, message: string]> = {
  ENOENT: ['FILE_NOT_FOUND', 'There is no such file.'],
  EACCES: ['PERMISSION_DENIED', 'There is no permission to read it.'],
  EPERM: ['PERMISSION_DENIED', 'There is no permission to read it.'],
  ELOOP: ['FILE_NOT_FOUND', 'Its symbolic links lead nowhere.'],
}

function inputError(error: unknown): InputError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const [name, message] = REASONS[code] ?? ['FILE_UNREADABLE', `It can't be read${code ? ` (${code})` : ''}.`]
  return new InputError(name, message, { cause: error })
}

function tooLarge(maximumBytes: number): DocumentError {
  return new DocumentError('FILE_TOO_LARGE', `The file has more than ${maximumBytes} bytes.`)
}
