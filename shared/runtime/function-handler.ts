import { Authenticator } from './authenticate.ts'
import type { Declaration } from './declarations.ts'
import { cronHandler, jobHandler } from './dispatch-push.ts'
import { routeHandler } from './dispatch-route.ts'
import type { HttpRequest, HttpResponse } from './http.ts'
import type { Services } from './services.ts'

export type FunctionHandler = (request: HttpRequest, response: HttpResponse) => Promise<void>

/** Makes request handlers of declarations, all of one process sharing its services. */
export function createDispatcher(services: Services): (name: string, declaration: Declaration) => FunctionHandler {
  const authenticator = new Authenticator(services)
  return (name, declaration) => {
    switch (declaration.kind) {
      case 'route':
        return routeHandler(services, authenticator, name, declaration)
      case 'cron':
        return cronHandler(services, name, declaration)
      default:
        return jobHandler(services, name, declaration)
    }
  }
}
