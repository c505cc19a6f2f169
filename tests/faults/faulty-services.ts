import type { Sql } from '#shared/domain/sql.ts'
import type { Database } from '#shared/platform/database/index.ts'
import { PlatformError } from '#shared/platform/errors.ts'
import type { ObjectStore } from '#shared/platform/objects/index.ts'
import type { Services } from '#shared/runtime/services.ts'
import type { Random } from './random.ts'

const lost = () => new PlatformError('CONNECTION_LOST', 'killed by the test')

/**
 * Services of a process that is killed again and again: before a transaction, at any statement of one, after its commit
 * but before anybody hears of it, and before, in the middle of or after the removal of objects.
 * @param share how many of the calls are hit, from 0 to 1
 */
export function faultyServices(services: Services, random: Random, share: number): Services {
  const isHit = () => random.next() < share
  const database = faultyDatabase(services.database, random, share)
  const objects: ObjectStore = {
    ...services.objects,
    async remove(bucket, key) {
      if (isHit()) throw lost()
      await services.objects.remove(bucket, key)
    },
    async removeSome(bucket, prefix, limit) {
      if (!isHit()) return services.objects.removeSome(bucket, prefix, limit)
      await services.objects.removeSome(bucket, prefix, random.integer(1, limit))
      throw lost()
    },
  }
  return { ...services, database, objects }
}

/** A database of which this share of the transactions fails: before it began, at any of its statements, or after its commit. */
export function faultyDatabase(database: Database, random: Random, share: number): Database {
  return {
    ...database,
    async transaction(scope, work, options) {
      if (random.next() >= share) return database.transaction(scope, work, options)
      const fate = random.pick(['before', 'within', 'within', 'after'] as const)
      if (fate === 'before') throw lost()
      const statements = fate === 'within' ? random.integer(0, 30) : Number.POSITIVE_INFINITY
      await database.transaction(scope, (sql) => work(dyingAfter(sql, statements)), options)
      throw lost()
    },
  }
}

/** Works for so many uses of the template, then never again. */
function dyingAfter(sql: Sql, uses: number): Sql {
  let left = uses
  return new Proxy(sql, {
    apply(target, self, parameters) {
      if (left-- <= 0) throw lost()
      return Reflect.apply(target as never, self, parameters)
    },
  })
}
