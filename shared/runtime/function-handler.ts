import { Authenticator } from './authenticate.ts'
import type { Declaration } from './declarations.ts'
import { cronHandler, jobHandler } from './dispatch-push.ts'
import { type Gate, routeHandler } from './dispatch-route.ts'
import type { HttpRequest, HttpResponse } from './http.ts'
import { RateLimiter } from './rate-limit.ts'
import type { Services } from './services.ts'

export type FunctionHandler = (request: HttpRequest, response: HttpResponse) => Promise<void>

/**
 * Makes request handlers of declarations, all of one process sharing its services. A route is also told the methods
 * that other functions serve at its path.
 */
export type Dispatcher = (name: string, declaration: Declaration, methods?: readonly string[]) => FunctionHandler

export function createDispatcher(services: Services): Dispatcher {
  const { config } = services
  const authenticator = new Authenticator(services)
  services.usage.attach(authenticator.lastUse)
  const limiter = new RateLimiter({
    state: services.state,
    now: services.now,
    log: services.log,
    limits: {
      principalPerMinute: config.RATE_LIMIT_PRINCIPAL_PER_MINUTE,
      addressPerMinute: config.RATE_LIMIT_ADDRESS_PER_MINUTE,
    },
  })
  const gate: Gate = { authenticator, limiter }
  return (name, declaration, methods = []) => {
    switch (declaration.kind) {
      case 'route':
        return routeHandler(services, gate, name, declaration, methods)
      case 'cron':
        return cronHandler(services, name, declaration)
      default:
        return jobHandler(services, name, declaration)
    }
  }
}
