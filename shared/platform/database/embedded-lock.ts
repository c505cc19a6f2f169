import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { PlatformError } from '../errors.ts'

export interface DataLock {
  release(): void
}

const sqliteBusy = 5
const sqliteReadonly = 8
const sqliteCantOpen = 14
const sqlitePermission = 3
const sqliteNotADatabase = 26

/**
 * Takes the one lock of a data folder for as long as this process lives.
 *
 * Node has no file locks of its own, but SQLite (inside Node) takes the operating system's: they vanish with their
 * process, however it ends, and can't be fooled by a process id that was given out again.
 *
 * @param dataFolder - existing folder; the lock is its file `lock`, the holder's process id is in `lock-holder`.
 * @throws PlatformError ALREADY_RUNNING while another live process (or this one) holds it; PERMISSION; DATA_DAMAGED
 * when `lock` is some other program's file.
 */
export function lockDataFolder(dataFolder: string): DataLock {
  const path = join(dataFolder, 'lock')
  const holderPath = join(dataFolder, 'lock-holder')
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(path, { timeout: 0 })
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
  } catch (error) {
    database?.close()
    throw explain(error, path, holderPath)
  }
  writeFileSync(holderPath, `${process.pid}\n`)
  const held = database
  return {
    release() {
      if (!held.isOpen) return
      rmSync(holderPath, { force: true })
      held.close()
    },
  }
}

function explain(error: unknown, path: string, holderPath: string): Error {
  const code = (error as { errcode?: number }).errcode
  const primary = code === undefined ? undefined : code & 0xff
  if (primary === sqliteBusy) {
    return new PlatformError('ALREADY_RUNNING', `Already running on this data${holder(holderPath)}. Stop it first.`)
  }
  if (primary === sqliteReadonly || primary === sqliteCantOpen || primary === sqlitePermission) {
    return new PlatformError('PERMISSION', `No permission to write ${path}. Give this user the data folder.`, {
      cause: error,
    })
  }
  if (primary === sqliteNotADatabase) {
    return new PlatformError('DATA_DAMAGED', `${path} was not made by this program. Move it away.`, { cause: error })
  }
  return new PlatformError('UNAVAILABLE', `Can't lock ${path}: ${(error as Error).message}`, { cause: error })
}

function holder(holderPath: string): string {
  try {
    return ` (process ${Number.parseInt(readFileSync(holderPath, 'utf8'), 10)})`
  } catch {
    return ''
  }
}
