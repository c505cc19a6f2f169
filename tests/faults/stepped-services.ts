import { Readable } from 'node:stream'
import type { PaymentGateway } from '#shared/domain/billing/gateway.ts'
import type { Sql } from '#shared/domain/sql.ts'
import type { Database, PendingStatement } from '#shared/platform/database/index.ts'
import type { Services } from '#shared/runtime/services.ts'

/** Told of every moment at which a delivery waits for something outside of its process; may never come back. */
export type Step = (name: string) => Promise<void>

/**
 * Services that stop at each await of a delivery: before each transaction, statement and commit, each message and mail that
 * is sent, each object that is read, written or removed, and each question to the payment gateway; and once more after each
 * of them that has an effect, which is there although nobody has heard of it.
 */
export function steppedServices(services: Services, step: Step): Services {
  const around = async <Result>(name: string, work: () => Promise<Result>): Promise<Result> => {
    await step(name)
    const result = await work()
    await step(`${name}, done`)
    return result
  }
  const { database, objects, bus, queue, scanner, mailer } = services
  return {
    ...services,
    database: steppedDatabase(database, step),
    objects: {
      ...objects,
      async read(bucket, key) {
        await step('read object')
        const found = await objects.read(bucket, key)
        return found && { ...found, body: Readable.from(steppedChunks(found.body, step)) }
      },
      write: (bucket, key, body, contentType) =>
        around('write object', () =>
          objects.write(bucket, key, Readable.from(steppedChunks(piecesOf(body), step)), contentType),
        ),
      remove: (bucket, key) => around('remove object', () => objects.remove(bucket, key)),
      removeSome: (bucket, prefix, limit) => around('remove objects', () => objects.removeSome(bucket, prefix, limit)),
    },
    scanner: {
      ...scanner,
      async scan(body) {
        await step('scan')
        return scanner.scan(body)
      },
    },
    async readDocument(...parameters) {
      await step('read document')
      return services.readDocument(...parameters)
    },
    payments: steppedPayments(services.payments, around),
    mailer: { ...mailer, send: (...parameters) => around('mail', () => mailer.send(...parameters)) },
    bus: bus && { ...bus, publish: (messages) => around('publish', () => bus.publish(messages)) },
    queue: queue && { ...queue, enqueue: (tasks) => around('enqueue', () => queue.enqueue(tasks)) },
  }
}

/** A gateway of which every method that waits stops before and after: `gateway createOrder`. */
function steppedPayments(
  payments: PaymentGateway,
  around: <Result>(name: string, work: () => Promise<Result>) => Promise<Result>,
): PaymentGateway {
  return new Proxy(payments, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name)
      if (typeof member !== 'function' || name === 'checkoutUrl') return member
      return (...parameters: unknown[]) =>
        around(`gateway ${String(name)}`, () => Reflect.apply(member, target, parameters) as Promise<unknown>)
    },
  })
}

/** A database that stops before each transaction, statement and commit, and after each commit. */
export function steppedDatabase(database: Database, step: Step): Database {
  return {
    ...database,
    async transaction(scope, work, options) {
      await step('begin')
      const result = await database.transaction(
        scope,
        async (sql) => {
          const result = await work(steppedSql(sql, step))
          await step('commit')
          return result
        },
        options,
      )
      await step('commit, done')
      return result
    },
  }
}

function piecesOf(body: Readable | Uint8Array | string): Iterable<unknown> | AsyncIterable<unknown> {
  return body instanceof Readable ? body : [body]
}

async function* steppedChunks(chunks: Iterable<unknown> | AsyncIterable<unknown>, step: Step): AsyncIterable<unknown> {
  for await (const chunk of chunks) {
    await step('chunk')
    yield chunk
  }
}

/** Parts of statements are made in the same way as statements; only who waits for one sends it. */
function steppedSql(sql: Sql, step: Step): Sql {
  return new Proxy(sql, {
    apply(target, self, parameters) {
      const made: unknown = Reflect.apply(target as never, self, parameters)
      if (!(made instanceof Promise)) return made
      const statement = made as unknown as PendingStatement
      const send = statement.then.bind(statement)
      const then = (onDone: (rows: unknown) => unknown, onError: (error: unknown) => unknown) =>
        step('statement')
          .then(() => send())
          .then(onDone, onError)
      return Object.defineProperty(statement, 'then', { value: then })
    },
  })
}
