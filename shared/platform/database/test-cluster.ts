import { randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import postgres from 'postgres'
import { createDatabaseIfMissing, startEmbeddedPostgres } from './embedded.ts'
import { lockDataFolder } from './embedded-lock.ts'
import { isPostmasterOf, readPostmaster, stopOrphan } from './embedded-orphan.ts'

const prefix = 'raptorflow-test-cluster-'

export interface TestCluster {
  /** URL of the superuser for the database `postgres`; put another name in its path for another database. */
  url: string
  socketFolder: string | null
  stop(): Promise<void>
}

/**
 * Starts one throw-away PostgreSQL for a whole test run: fast, undurable, in the temp folder.
 *
 * It is stopped and removed by `stop()`, else when this process exits (Ctrl-C too), else by the next test run.
 */
export async function startTestCluster(): Promise<TestCluster> {
  await removeAbandoned()
  const dataFolder = mkdtempSync(join(tmpdir(), prefix))
  const server = await startEmbeddedPostgres({ dataFolder, durable: false })
  const removeAtExit = () => {
    if (isPostmasterOf(server.pid, join(dataFolder, 'postgres'))) process.kill(server.pid, 'SIGQUIT')
    const deadline = Date.now() + 2000
    const nap = new Int32Array(new SharedArrayBuffer(4))
    while (isPostmasterOf(server.pid, join(dataFolder, 'postgres')) && Date.now() < deadline)
      Atomics.wait(nap, 0, 0, 10)
    rmSync(dataFolder, { recursive: true, force: true })
  }
  process.once('exit', removeAtExit)
  return {
    url: server.ownerUrl('postgres'),
    socketFolder: server.socketFolder,
    async stop() {
      await server.stop()
      process.off('exit', removeAtExit)
      rmSync(dataFolder, { recursive: true, force: true })
    },
  }
}

/**
 * Creates a database of its own for one test file.
 *
 * @param clusterUrl - `TestCluster.url`, in a test `inject('clusterUrl')`.
 * @param template - database to copy, for instance one with all migrations applied.
 */
export async function createTestDatabase(
  clusterUrl: string,
  template?: string,
): Promise<{ url: string; drop(): Promise<void> }> {
  const name = `test_${randomBytes(6).toString('hex')}`
  await createDatabaseIfMissing(clusterUrl, name, template)
  const url = new URL(clusterUrl)
  url.pathname = `/${name}`
  return {
    url: url.href,
    async drop() {
      const sql = postgres(clusterUrl, { max: 1 })
      await sql.unsafe(`drop database if exists "${name}" with (force)`)
      await sql.end()
    },
  }
}

async function removeAbandoned(): Promise<void> {
  for (const name of readdirSync(tmpdir()).filter((entry) => entry.startsWith(prefix))) {
    const folder = join(tmpdir(), name)
    // Without its lock file a folder is still on its way to being somebody's.
    if (!existsSync(join(folder, 'lock'))) continue
    try {
      const lock = lockDataFolder(folder)
      if (readPostmaster(join(folder, 'postgres'))) await stopOrphan(join(folder, 'postgres'))
      rmSync(folder, { recursive: true, force: true })
      lock.release()
    } catch {
      // In use by another run, or another user's: theirs to remove.
    }
  }
}
