import { AsyncLocalStorage } from 'node:async_hooks'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { IncomingMessage } from 'node:http'
import type postgres from 'postgres'
import type { Database, Scope } from '#shared/platform/database/index.ts'
import type { Services } from '#shared/runtime/services.ts'

const channel = 'http.server.request.start'

/**
 * Records the statements that each request has the database do: their text and order, not their values. What a request
 * costs, as an observer could measure it, is what the database is asked.
 * @param services of a running product; its database is replaced by one that tells
 */
export function recordStatements(services: Services) {
  const current = new AsyncLocalStorage<string[]>()
  const byRequest = new Map<string, string[]>()
  const begin = (message: unknown) => {
    const id = (message as { request: IncomingMessage }).request.headers['x-request-id']
    const statements: string[] = []
    if (typeof id === 'string') byRequest.set(id, statements)
    // Each request is a task of its own, in which nothing else goes on.
    current.enterWith(statements)
  }
  subscribe(channel, begin)
  const database = services.database
  services.database = {
    ...database,
    transaction: (scope, work, options = {}) => {
      const statements = current.getStore()
      statements?.push(describe(scope))
      return database.transaction(
        scope,
        (sql) => work(statements ? telling(sql, statements) : sql),
        options.last && statements
          ? { ...options, last: (sql, result) => options.last!(telling(sql, statements), result) }
          : options,
      )
    },
  } satisfies Database
  return {
    /** Those of a request so far. */
    of: (requestId: string): readonly string[] => byRequest.get(requestId) ?? [],
    stop() {
      unsubscribe(channel, begin)
      services.database = database
    },
  }
}

function describe({ orgId, userId, workspaceId, system }: Scope): string {
  const set = { orgId, userId, workspaceId }
  return `begin ${Object.entries(set).flatMap(([name, value]) => (value === null ? [] : [name]))} ${system}`
}

function telling(sql: postgres.ISql, statements: string[]): postgres.ISql {
  return new Proxy(sql, {
    apply(target, self, parameters) {
      const [text] = parameters as [unknown]
      // Not the helpers, which only make lists of columns and values.
      if (Array.isArray(text) && 'raw' in text) statements.push(text.join('?').replace(/\s+/g, ' ').trim())
      return Reflect.apply(target as unknown as (...all: unknown[]) => unknown, self, parameters)
    },
  })
}
