import { type ChildProcess, fork } from 'node:child_process'
import { join } from 'node:path'
import { migrate } from '#shared/database/migrate.ts'
import { newId } from '#shared/domain/ids.ts'
import { createDatabaseIfMissing } from '#shared/platform/database/embedded.ts'
import { startTestCluster } from '#shared/platform/database/test-cluster.ts'

const poolSize = 10

/**
 * A PostgreSQL with a migrated database and one for the embedded cloud.
 * @param ends takes what is to be done at the end, in reverse
 * @returns the settings that servers read
 */
export async function startDatabase(ends: (() => Promise<unknown>)[]): Promise<Record<string, string>> {
  const cluster = await startTestCluster()
  ends.push(() => cluster.stop())
  const password = newId()
  const urlOf = async (name: string) => {
    await createDatabaseIfMissing(cluster.url, name)
    const url = new URL(cluster.url)
    url.pathname = `/${name}`
    return url
  }
  const cloud = await urlOf('cloud')
  const owner = await urlOf('product')
  await migrate(owner.href, password)
  const app = new URL(owner)
  app.username = 'adapt_app'
  app.password = password
  const settings = { TCP_DATABASE_URL: app.href, TCP_OWNER_URL: owner.href }
  for (const url of [owner, app]) if (cluster.socketFolder) url.searchParams.set('host', cluster.socketFolder)
  return {
    ...settings,
    BARE_DATABASE_URL: owner.href,
    DATABASE_URL: app.href,
    CLOUD_DATABASE_URL: cloud.href,
    DATABASE_POOL_SIZE: String(poolSize),
  }
}

export interface ServerProcess {
  url: string
  ask<Answer>(): Promise<Answer>
}

/** A server of this folder in a process of its own; what it prints goes nowhere. */
export async function startServer(
  file: string,
  environment: Record<string, string>,
  ends: (() => Promise<unknown>)[],
): Promise<ServerProcess> {
  const child = fork(join(import.meta.dirname, file), {
    execArgv: ['--expose-gc'],
    env: { PATH: process.env.PATH, ...environment },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  ends.push(() => end(child))
  const { url } = await answerOf<{ url: string }>(child)
  return {
    url,
    ask() {
      const answer = answerOf(child)
      child.send('memory')
      return answer as never
    },
  }
}

function answerOf<Answer>(child: ChildProcess): Promise<Answer> {
  return new Promise((resolve, reject) => {
    child.once('message', (message) => resolve(message as Answer))
    child.once('exit', () => reject(new Error('the server ended')))
  })
}

function end(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null) return resolve()
    child.once('exit', () => resolve())
    child.kill('SIGKILL')
  })
}
