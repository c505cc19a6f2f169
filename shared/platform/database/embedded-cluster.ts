import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { PlatformError } from '../errors.ts'
import { type Binaries, type RunAs, run, unprivilegedId, unreachable } from './embedded-binaries.ts'
import { explainLog, fileError } from './embedded-errors.ts'

/** What a restart must know: the superuser's password and the port of last time. */
export interface Access {
  password: string
  port: number
}

export const superuser = 'postgres'

const removalPatienceMilliseconds = 5000

/** Makes the data folder (mode 0700; as root 0711, since PostgreSQL's user must pass through it). */
export function makeDataFolder(dataFolder: string): void {
  try {
    const isNew = mkdirSync(dataFolder, { recursive: true, mode: 0o755 }) !== undefined
    if (isNew) chmodSync(dataFolder, process.getuid?.() === 0 ? 0o711 : 0o700)
    else if (process.getuid?.() === 0) chmodSync(dataFolder, (statSync(dataFolder).mode & 0o7777) | 0o001)
  } catch (error) {
    throw fileError(error, dataFolder)
  }
}

/** As root: the cluster's owner, else an unprivileged id. Otherwise: ourselves. */
export function whoRuns(clusterFolder: string): RunAs {
  if (process.getuid?.() !== 0) return {}
  const owner = statSync(clusterFolder, { throwIfNoEntry: false })
  if (owner && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid }
  return { uid: unprivilegedId, gid: unprivilegedId }
}

/** Reads the password and port, making a password on first use; the file is readable by its owner alone. */
export function loadAccess(dataFolder: string, clusterFolder: string): Access {
  const path = join(dataFolder, 'postgres-access.json')
  try {
    if (existsSync(path)) {
      const access = JSON.parse(readFileSync(path, 'utf8')) as Partial<Access>
      if (typeof access.password === 'string' && Number.isInteger(access.port)) return access as Access
      throw new PlatformError('DATA_DAMAGED', `${path} does not hold the database's password and port. Restore it.`)
    }
  } catch (error) {
    if (error instanceof SyntaxError) {
      throw new PlatformError('DATA_DAMAGED', `${path} is not JSON. Restore it from a backup.`, { cause: error })
    }
    throw fileError(error, path)
  }
  if (holdsFiles(clusterFolder)) {
    const message = `${path} is missing, and with it the password of ${clusterFolder}. Restore it, or move both away to start anew.`
    throw new PlatformError('DATA_DAMAGED', message)
  }
  const access = { password: randomBytes(24).toString('base64url'), port: 0 }
  saveAccess(dataFolder, access)
  return access
}

export function saveAccess(dataFolder: string, access: Access): void {
  const path = join(dataFolder, 'postgres-access.json')
  try {
    writeFileSync(`${path}.new`, JSON.stringify(access), { mode: 0o600, flush: true })
    if (process.getuid?.() === 0) {
      // Root starting once on a user's data must not lock the user out.
      const { uid, gid } = statSync(dataFolder)
      chownSync(`${path}.new`, uid, gid)
    }
    renameSync(`${path}.new`, path)
  } catch (error) {
    throw fileError(error, path)
  }
}

/**
 * Makes sure that there is a whole cluster of the right version in `<dataFolder>/postgres`.
 *
 * A new one is made beside its place and renamed into it when it is whole, so that an interrupted initdb leaves nothing
 * behind that looks like data. What is already there and isn't ours is never touched.
 *
 * @param options.signal - calls initdb off; the promise is then rejected with its reason.
 * @throws PlatformError DATA_DAMAGED, PERMISSION, UNAVAILABLE (no space, …), each saying what to do.
 */
export async function ensureCluster(options: {
  dataFolder: string
  clusterFolder: string
  binaries: Binaries
  majorVersion: number
  runAs: RunAs
  password: string
  signal?: AbortSignal | undefined
}): Promise<void> {
  const { dataFolder, clusterFolder, majorVersion, runAs } = options
  try {
    await removeUnfinished(dataFolder)
    if (holdsFiles(clusterFolder)) {
      checkCluster(clusterFolder, majorVersion)
      // A cluster that root copied here belongs to root, as whom PostgreSQL won't run.
      if (runAs.uid !== undefined && statSync(clusterFolder).uid === 0) chownTree(clusterFolder, runAs)
      chmodSync(clusterFolder, 0o700)
      return
    }
  } catch (error) {
    throw fileError(error, clusterFolder)
  }
  await makeCluster(options)
}

async function makeCluster(options: {
  dataFolder: string
  clusterFolder: string
  binaries: Binaries
  runAs: RunAs
  password: string
  signal?: AbortSignal | undefined
}): Promise<void> {
  const { dataFolder, clusterFolder, binaries, runAs, password, signal } = options
  const unfinished = join(dataFolder, `postgres-unfinished-${randomBytes(6).toString('hex')}`)
  const passwordFile = `${unfinished}-password`
  try {
    mkdirSync(unfinished, { mode: 0o700 })
    writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 })
    if (runAs.uid !== undefined && runAs.gid !== undefined) {
      chownSync(unfinished, runAs.uid, runAs.gid)
      chownSync(passwordFile, runAs.uid, runAs.gid)
    }
    const locale = ['--encoding=UTF8', '--locale-provider=builtin', '--builtin-locale=C.UTF-8']
    const basis = ['-D', unfinished, '-U', superuser, `--pwfile=${passwordFile}`, '--auth=scram-sha-256', ...locale]
    let result = await run(binaries.initdb, [...basis, '--locale=C.UTF-8'], runAs, signal)
    // Full text search still asks the system which letters are letters; where it has no C.UTF-8, C must do.
    if (result.output.includes('invalid locale name'))
      result = await run(binaries.initdb, [...basis, '--locale=C'], runAs, signal)
    signal?.throwIfAborted()
    if (result.code !== 0) throw unreachable(join(unfinished, '.'), runAs) ?? explainLog(result.output, clusterFolder)
    renameSync(unfinished, clusterFolder)
  } catch (error) {
    throw signal?.aborted ? signal.reason : fileError(error, unfinished)
  } finally {
    rmSync(passwordFile, { force: true })
    await removeTree(unfinished)
  }
}

function holdsFiles(folder: string): boolean {
  if (!existsSync(folder)) return false
  return readdirSync(folder).length > 0
}

async function removeUnfinished(dataFolder: string): Promise<void> {
  for (const name of readdirSync(dataFolder)) {
    if (name.startsWith('postgres-unfinished-')) await removeTree(join(dataFolder, name))
  }
}

/**
 * Removes a folder in which an initdb may work still, for a moment: one that was called off, or whose starter was
 * killed. Removing fails then, or stops half-way without an error.
 */
async function removeTree(folder: string): Promise<void> {
  const deadline = Date.now() + removalPatienceMilliseconds
  for (;;) {
    try {
      rmSync(folder, { recursive: true, force: true })
      if (!existsSync(folder)) return
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOTEMPTY' || Date.now() > deadline) throw error
    }
    if (Date.now() > deadline) throw new PlatformError('UNAVAILABLE', `${folder} can't be removed. Remove it yourself.`)
    await sleep(50)
  }
}

function checkCluster(clusterFolder: string, majorVersion: number): void {
  const versionPath = join(clusterFolder, 'PG_VERSION')
  if (!existsSync(versionPath) || !existsSync(join(clusterFolder, 'global', 'pg_control'))) {
    const message = `${clusterFolder} is not a whole PostgreSQL cluster. Nothing was changed: restore it from a backup, or move it away to start anew.`
    throw new PlatformError('DATA_DAMAGED', message)
  }
  const version = readFileSync(versionPath, 'utf8').trim()
  if (version !== String(majorVersion)) {
    const message = `${clusterFolder} was made by PostgreSQL ${version}, and this program brings ${majorVersion}. Nothing was changed: use the program's older release, or move the folder away to start anew.`
    throw new PlatformError('DATA_DAMAGED', message)
  }
}

function chownTree(folder: string, { uid, gid }: RunAs): void {
  if (uid === undefined || gid === undefined) return
  for (const entry of readdirSync(folder, { recursive: true })) lchownSync(join(folder, entry as string), uid, gid)
  lchownSync(folder, uid, gid)
}
