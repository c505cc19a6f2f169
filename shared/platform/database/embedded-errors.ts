import { PlatformError } from '../errors.ts'

/** Turns a failed file operation into a PlatformError that names the path; a PlatformError passes unchanged. */
export function fileError(error: unknown, path: string): PlatformError {
  if (error instanceof PlatformError) return error
  const { code, message, path: failedPath } = error as NodeJS.ErrnoException
  const where = failedPath ?? path
  if (code === 'EACCES' || code === 'EPERM') {
    const help = 'Give it to this user (chown -R), or start as its owner.'
    return new PlatformError('PERMISSION', `No permission for ${where}. ${help}`, { cause: error })
  }
  if (code === 'EROFS') {
    return new PlatformError('PERMISSION', `${where} is on a read-only file system.`, { cause: error })
  }
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new PlatformError('UNAVAILABLE', `No space left on the disk of ${where}.`, { cause: error })
  }
  if (code === 'ENOTDIR' || code === 'EEXIST') {
    return new PlatformError('DATA_DAMAGED', `${where} is a file where a folder is needed. Move it away.`, {
      cause: error,
    })
  }
  return new PlatformError('UNAVAILABLE', `${where}: ${message}`, { cause: error })
}

/** Turns what initdb or postgres said before it ended into the closest PlatformError. */
export function explainLog(log: string, clusterFolder: string): PlatformError {
  const said = lastComplaint(log)
  if (log.includes('No space left on device') || log.includes('Disk quota exceeded')) {
    return new PlatformError('UNAVAILABLE', `No space left on the disk of ${clusterFolder}.`)
  }
  const nameless = /could not look up effective user ID (\d+)/.exec(log)
  if (nameless) {
    const help = 'Give it one (useradd, or a line in /etc/passwd), or start as another user.'
    return new PlatformError(
      'PERMISSION',
      `PostgreSQL runs only as a user with a name; ${nameless[1]} has none. ${help}`,
    )
  }
  if (
    log.includes('Permission denied') ||
    log.includes('has wrong ownership') ||
    log.includes('Read-only file system')
  ) {
    const help = 'Give the folder to the user that starts this program (chown -R).'
    return new PlatformError('PERMISSION', `PostgreSQL may not use ${clusterFolder}: ${said} ${help}`)
  }
  const damage = [
    'could not locate a valid checkpoint',
    'invalid checkpoint',
    'incorrect checksum in control file',
    'could not locate required checkpoint record',
    'database files are incompatible',
    'is not a valid data directory',
    'invalid page in block',
    'is missing from the data directory',
    'could not open file',
    'could not read file',
    'could not open directory',
  ]
  if (damage.some((sign) => log.includes(sign))) {
    const help = 'Nothing was deleted: restore it from a backup, or move it away to start anew.'
    return new PlatformError('DATA_DAMAGED', `PostgreSQL can't use ${clusterFolder}: ${said} ${help}`)
  }
  return new PlatformError('UNAVAILABLE', `PostgreSQL did not start: ${said}`)
}

function lastComplaint(log: string): string {
  const lines = log.split('\n').filter((line) => line.trim() !== '')
  const complaints = lines.filter((line) => /FATAL:|PANIC:|ERROR:|error:/.test(line))
  const line = complaints.at(-1) ?? lines.at(-1) ?? 'it said nothing.'
  return line.replace(/^.*?(FATAL|PANIC|ERROR|error):\s*/, '')
}
