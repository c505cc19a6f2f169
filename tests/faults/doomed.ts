import type postgres from 'postgres'
import { openDatabase } from '#shared/platform/database/index.ts'
import type { Services } from '#shared/runtime/services.ts'
import { startInstance } from '../setup/instance.ts'
import type { TestProduct } from '../setup/product.ts'
import { steppedServices } from './stepped-services.ts'

/** What became of a request: it stopped at a step, or it went through all of them and was answered. */
export type Fate<Answer> = { at: string } | { steps: string[]; answer: Answer }

let born = 0

/**
 * Has a request made of an instance that stops for ever at the n-th of its awaits, counted from 1, and then loses its
 * connections: whatever it was about to do never happens, and what it had begun in the database is rolled back. That is
 * what `kill -9` leaves of a process, at a hundredth of its cost; `Mortal` is for where the process itself matters.
 * @param owner a connection that may end those of others
 */
export async function dieAt<Answer>(
  { product, services, owner }: { product: TestProduct; services: Services; owner: postgres.Sql },
  stopAt: number,
  send: (url: string) => Promise<Answer>,
): Promise<Fate<Answer>> {
  const applicationName = `doomed-${process.pid}-${born++}`
  const database = openDatabase({
    url: product.database.appUrl,
    poolSize: 4,
    connectTimeoutSeconds: 30,
    statementTimeoutSeconds: 60,
    applicationName,
    endsReadsLater: true,
  })
  const steps: string[] = []
  const stopped = Promise.withResolvers<Fate<Answer>>()
  const stepped = steppedServices({ ...services, database }, async (name) => {
    steps.push(name)
    if (steps.length < stopAt) return
    if (steps.length === stopAt) stopped.resolve({ at: name })
    await new Promise(() => {})
  })
  const instance = await startInstance(stepped, product.functions)
  const answered = send(instance.url).then((answer) => ({ steps, answer }))
  // Nobody answers any more when it has died.
  answered.catch(() => {})
  const fate = await Promise.race([answered, stopped.promise])
  if ('at' in fate) {
    await owner`
      select pg_terminate_backend(pid, 30000) from pg_stat_activity where application_name = ${applicationName}`
  }
  await instance.stop()
  await database.close()
  return fate
}
