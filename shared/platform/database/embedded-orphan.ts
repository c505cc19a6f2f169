import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, readlinkSync, realpathSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { PlatformError } from '../errors.ts'

/** What the server writes of itself into postmaster.pid. */
export interface Postmaster {
  pid: number
  isReady: boolean
}

export function readPostmaster(clusterFolder: string): Postmaster | undefined {
  try {
    const lines = readFileSync(join(clusterFolder, 'postmaster.pid'), 'utf8').split('\n')
    const pid = Number.parseInt(lines[0] ?? '', 10)
    return pid > 0 ? { pid, isReady: lines[7]?.trim() === 'ready' } : undefined
  } catch {
    return undefined
  }
}

/**
 * Stops a server that outlived the process that started it. Call it only while holding the data folder's lock: then
 * whatever runs there is nobody's.
 *
 * Stopping and starting anew costs some 0.2 s more than adopting it, and leaves one way in which a server comes to
 * be: our child, with this version's settings and an exit that we hear of.
 *
 * @throws PlatformError UNAVAILABLE when it can't be ended.
 */
export async function stopOrphan(clusterFolder: string): Promise<void> {
  const orphan = readPostmaster(clusterFolder)
  if (!orphan) return
  if (isPostmasterOf(orphan.pid, clusterFolder)) {
    await endPostmaster(orphan.pid, () => !isPostmasterOf(orphan.pid, clusterFolder))
  }
  // The process id may since belong to a stranger (or to a zombie that nobody reaps), on whose account PostgreSQL
  // would refuse to start. Whether a forgotten backend still has the shared memory, it checks apart from this file.
  if (readPostmaster(clusterFolder)?.pid !== orphan.pid) return
  // The locks of its Unix sockets name the same process id.
  const locks = readdirSync(clusterFolder).filter((name) => name.startsWith('.s.PGSQL.'))
  for (const name of [...locks, 'postmaster.pid']) rmSync(join(clusterFolder, name), { force: true })
}

/** Ends a server: fast for 3 s, then immediate for 2 s (the next start replays the log), then by force. */
export async function endPostmaster(pid: number, isGone: () => boolean): Promise<void> {
  for (const [signal, patienceMilliseconds] of [
    ['SIGINT', 3000],
    ['SIGQUIT', 2000],
    ['SIGKILL', 2000],
  ] as const) {
    try {
      process.kill(pid, signal)
    } catch (error) {
      if (isGone()) return
      throw new PlatformError('PERMISSION', `Can't stop PostgreSQL (process ${pid}) of another user.`, { cause: error })
    }
    const deadline = Date.now() + patienceMilliseconds
    while (Date.now() < deadline) {
      if (isGone()) return
      await sleep(10)
    }
  }
  throw new PlatformError('UNAVAILABLE', `PostgreSQL (process ${pid}) does not end.`)
}

/** True when the process is alive and is the server of this cluster: servers work inside their data folder. */
export function isPostmasterOf(pid: number, clusterFolder: string): boolean {
  const folder = realpathSync(clusterFolder)
  try {
    if (process.platform === 'linux') return readlinkSync(`/proc/${pid}/cwd`) === folder
    const command = execFileSync('ps', ['-ww', '-o', 'command=', '-p', String(pid)], { encoding: 'utf8' })
    return command.includes('postgres') && command.includes(clusterFolder)
  } catch {
    return false
  }
}
