import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync, renameSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import postgres from 'postgres'
import { PlatformError } from '../errors.ts'
import { cleanEnvironment, findBinaries, type RunAs, unreachable } from './embedded-binaries.ts'
import { ensureCluster, loadAccess, makeDataFolder, saveAccess, superuser, whoRuns } from './embedded-cluster.ts'
import { explainLog, fileError } from './embedded-errors.ts'
import { lockDataFolder } from './embedded-lock.ts'
import { endPostmaster, readPostmaster, stopOrphan } from './embedded-orphan.ts'

export interface EmbeddedPostgres {
  /** Connection URL of the superuser for a database that exists. */
  ownerUrl(databaseName: string): string
  port: number
  /** Folder of its Unix socket, which costs half of what TCP does; null where its path is too long for one. */
  socketFolder: string | null
  pid: number
  /** Resolves when the server has ended, whoever ended it: after `stop()`, or because it died. */
  exited: Promise<void>
  /** Stops the server (fast, after 3 s immediately) and frees the data folder. May be called twice. */
  stop(): Promise<void>
}

export interface EmbeddedPostgresOptions {
  /** Made when missing. Holds `postgres/`, `postgres.log`, `postgres-access.json` and `lock`. */
  dataFolder: string
  /** A port to insist on; without it a free one is chosen and remembered. */
  port?: number
  /** False only for tests: much faster, and a power cut loses the data. */
  durable?: boolean
  /** Calls off a start under way: what it has started is ended, and the promise is rejected with the signal's reason. */
  signal?: AbortSignal
}

const recoveryPatienceSeconds = 300
const logLimitBytes = 10_000_000

/** Sized for one small machine: everything together stays far below 700 MB, and nothing forks behind our back. */
const settings = {
  listen_addresses: '127.0.0.1',
  unix_socket_permissions: '0700',
  max_connections: '60',
  shared_buffers: '64MB',
  effective_cache_size: '1GB',
  work_mem: '8MB',
  maintenance_work_mem: '64MB',
  autovacuum_max_workers: '2',
  autovacuum_work_mem: '32MB',
  io_method: 'sync',
  random_page_cost: '1.1',
  jit: 'off',
  max_parallel_workers_per_gather: '0',
  max_parallel_maintenance_workers: '0',
  max_worker_processes: '2',
  max_logical_replication_workers: '0',
  wal_level: 'minimal',
  max_wal_senders: '0',
  wal_compression: 'on',
  max_wal_size: '512MB',
  checkpoint_timeout: '15min',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_checkpoints: 'off',
  log_line_prefix: '%m [%p] %q%d ',
}
/** A socket's whole path has at most 107 bytes on Linux, 103 on macOS. */
const longestSocketFolder = 80

const undurable = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', autovacuum: 'off' }

/**
 * Starts the PostgreSQL that npm installed on the data of a folder, alone on it and reachable from this machine only.
 *
 * A server left behind by a killed process is stopped first; a log to be replayed is waited for. Should this process
 * end without `stop()`, the server is told to end with it; should it be killed, the next start finds the server.
 *
 * @throws PlatformError ALREADY_RUNNING, PERMISSION, PORT_TAKEN, DATA_DAMAGED or UNAVAILABLE; the message says what to do.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const dataFolder = resolve(options.dataFolder)
  const clusterFolder = join(dataFolder, 'postgres')
  makeDataFolder(dataFolder)
  const lock = lockDataFolder(dataFolder)
  try {
    const runAs = whoRuns(clusterFolder)
    const { binaries, majorVersion } = await findBinaries(runAs)
    const access = loadAccess(dataFolder, clusterFolder)
    const { password } = access
    await ensureCluster({ dataFolder, clusterFolder, binaries, majorVersion, runAs, password, signal: options.signal })
    await stopOrphan(clusterFolder)
    const server = await startServer(
      { ...options, dataFolder, clusterFolder, program: binaries.postgres, runAs },
      access.port,
    )
    if (server.port !== access.port) saveAccess(dataFolder, { ...access, port: server.port })
    const ownerUrl = (databaseName: string) =>
      `postgres://${superuser}:${access.password}@127.0.0.1:${server.port}/${encodeURIComponent(databaseName)}`
    await checkAccess(ownerUrl('postgres'), server, clusterFolder)
    return {
      ownerUrl,
      port: server.port,
      socketFolder: socketFolderOf(clusterFolder) || null,
      pid: server.pid,
      exited: server.exited,
      async stop() {
        await server.stop()
        lock.release()
      },
    }
  } catch (error) {
    lock.release()
    throw error
  }
}

/**
 * Creates a database unless it exists.
 *
 * @param ownerUrl - URL of an existing database on the same server, as the superuser.
 * @param name - lower-case letters, digits and `_`, at most 63.
 * @param template - database to copy; nobody may be connected to it.
 * @returns whether it was created now.
 */
export async function createDatabaseIfMissing(
  ownerUrl: string,
  name: string,
  template = 'template1',
): Promise<boolean> {
  for (const identifier of [name, template]) {
    if (!/^[a-z_][a-z0-9_]{0,62}$/.test(identifier)) {
      throw new PlatformError('INVALID_ARGUMENT', `Not a database name: ${identifier}`)
    }
  }
  const sql = postgres(ownerUrl, { max: 1, onnotice: () => {} })
  try {
    const [known] = await sql`select 1 from pg_database where datname = ${name}`
    if (known) return false
    await sql.unsafe(`create database "${name}" template "${template}"`)
    return true
  } catch (error) {
    const duplicate = ['42P04', '23505'].includes((error as { code?: string }).code ?? '')
    if (duplicate) return false
    throw error
  } finally {
    await sql.end()
  }
}

interface ServerOptions extends EmbeddedPostgresOptions {
  clusterFolder: string
  program: string
  runAs: RunAs
}

interface Server {
  port: number
  pid: number
  exited: Promise<void>
  stop(): Promise<void>
}

async function startServer(options: ServerOptions, rememberedPort: number): Promise<Server> {
  const patienceEnds = Date.now() + 15_000
  let port = options.port ?? (rememberedPort || (await freePort()))
  for (;;) {
    options.signal?.throwIfAborted()
    const attempt = await tryServer(options, port)
    if ('pid' in attempt) return attempt
    const { log } = attempt
    if (/could not bind|could not create any TCP\/IP sockets/.test(log)) {
      if (options.port !== undefined) {
        throw new PlatformError('PORT_TAKEN', `Port ${port} on 127.0.0.1 is taken by another program. Choose another.`)
      }
      port = await freePort()
    } else if (/pre-existing shared memory block|lock file "postmaster.pid" already exists/.test(log)) {
      // Backends of a server that was killed need a moment to notice.
      await sleep(200)
      await stopOrphan(options.clusterFolder)
    } else {
      throw unreachable(join(options.clusterFolder, '.'), options.runAs) ?? explainLog(log, options.clusterFolder)
    }
    if (Date.now() > patienceEnds) throw explainLog(log, options.clusterFolder)
  }
}

async function tryServer(options: ServerOptions, port: number): Promise<Server | { log: string }> {
  const { dataFolder, clusterFolder, program, runAs } = options
  const logPath = join(dataFolder, 'postgres.log')
  const { descriptor, startBytes } = openLog(logPath)
  const merged = {
    ...settings,
    ...(options.durable === false ? undurable : {}),
    port: String(port),
    unix_socket_directories: socketFolderOf(clusterFolder),
  }
  const args = ['-D', clusterFolder, ...Object.entries(merged).flatMap(([name, value]) => ['-c', `${name}=${value}`])]
  let child: ChildProcess
  try {
    // Detached, so that a Ctrl-C in the terminal reaches us alone and the database outlives the work that needs it.
    child = spawn(program, args, {
      ...runAs,
      cwd: '/',
      env: cleanEnvironment,
      detached: true,
      stdio: ['ignore', descriptor, descriptor],
    })
  } finally {
    closeSync(descriptor)
  }
  let isGone = false
  let failure: Error | undefined
  const exited = new Promise<void>((done) => {
    child.once('error', (error) => {
      failure = error
      isGone = true
      done()
    })
    child.once('exit', () => {
      isGone = true
      done()
    })
  })
  const pid = child.pid ?? 0
  const deadline = Date.now() + recoveryPatienceSeconds * 1000
  while (!isGone) {
    const postmaster = readPostmaster(clusterFolder)
    if (postmaster?.pid === pid && postmaster.isReady) {
      child.unref()
      return { port, pid, exited, stop: stopper(pid, exited, () => isGone) }
    }
    if (options.signal?.aborted) {
      await endPostmaster(pid, () => isGone)
      throw options.signal.reason
    }
    if (Date.now() > deadline) {
      await endPostmaster(pid, () => isGone)
      throw new PlatformError(
        'UNAVAILABLE',
        `PostgreSQL was not ready after ${recoveryPatienceSeconds} s. See ${logPath}.`,
      )
    }
    await Promise.race([sleep(10), exited])
  }
  return { log: failure?.message ?? readFileSync(logPath).subarray(startBytes).toString() }
}

/** The folder with the data is the server's own; its setting is a list, in which some characters mean something. */
function socketFolderOf(clusterFolder: string): string {
  return Buffer.byteLength(clusterFolder) <= longestSocketFolder && /^[\w/.-]+$/.test(clusterFolder)
    ? clusterFolder
    : ''
}

function stopper(pid: number, exited: Promise<void>, isGone: () => boolean): () => Promise<void> {
  const onExit = () => {
    if (!isGone()) process.kill(pid, 'SIGINT')
  }
  process.once('exit', onExit)
  void exited.then(() => process.off('exit', onExit))
  return async () => {
    if (!isGone()) await endPostmaster(pid, isGone)
  }
}

function openLog(path: string): { descriptor: number; startBytes: number } {
  try {
    if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) > logLimitBytes) renameSync(path, `${path}.1`)
    const descriptor = openSync(path, 'a', 0o600)
    return { descriptor, startBytes: statSync(path).size }
  } catch (error) {
    throw fileError(error, path)
  }
}

async function checkAccess(url: string, server: Server, clusterFolder: string): Promise<void> {
  const sql = postgres(url, { max: 1, connect_timeout: 10 })
  try {
    await sql`select 1`
  } catch (error) {
    await server.stop()
    const isPassword = (error as { code?: string }).code === '28P01'
    throw isPassword
      ? new PlatformError(
          'DATA_DAMAGED',
          `The password in postgres-access.json is not that of ${clusterFolder}. Restore it.`,
        )
      : new PlatformError('UNAVAILABLE', `PostgreSQL does not answer: ${(error as Error).message}`, { cause: error })
  } finally {
    await sql.end({ timeout: 1 })
  }
}

function freePort(): Promise<number> {
  return new Promise((done, fail) => {
    const probe = createServer()
    probe.once('error', fail)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => done(typeof address === 'object' && address ? address.port : 0))
    })
  })
}
