import type postgres from 'postgres'
import { PlatformError } from '../errors.ts'

/** What postgres.js makes of a template: it is sent by `handler` when somebody waits for it. */
interface Statement {
  handler(statement: Statement): void
  reject(error: Error): void
}

/**
 * The statement template of one transaction: refuses to send anything once the connection was lost or the transaction
 * ended. A statement may be made in time and be sent too late, which would be in the transaction of somebody else.
 * @param refusal why nothing may be sent any more, or null
 */
export function guarded(client: postgres.Sql, assertOpen: () => void, refusal: () => Error | null): postgres.ISql {
  let pass: Statement['handler'] | undefined
  const handler = (statement: Statement) => {
    const error = refusal()
    if (error) statement.reject(error)
    else pass?.(statement)
  }
  const watched = (made: unknown) => {
    if (!(made instanceof Promise)) return made
    const statement = made as unknown as Statement
    pass ??= statement.handler
    statement.handler = handler
    return made
  }
  return new Proxy(client, {
    apply(target, self, parameters) {
      assertOpen()
      return watched(Reflect.apply(target, self, parameters))
    },
    get(target, property) {
      if (property === 'begin' || property === 'reserve' || property === 'end' || property === 'listen') {
        throw new PlatformError('INVALID_ARGUMENT', `sql.${String(property)} is not for use inside a transaction`)
      }
      const value = Reflect.get(target, property)
      if (property !== 'unsafe') return value
      return (...parameters: unknown[]) => {
        assertOpen()
        return watched(Reflect.apply(value, target, parameters))
      }
    },
  })
}
