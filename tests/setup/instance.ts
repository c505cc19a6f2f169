import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Router } from '#shared/embedded/router.ts'
import { type DiscoveredFunction, methodsByPath } from '#shared/runtime/discover.ts'
import { createDispatcher } from '#shared/runtime/function-handler.ts'
import { targetOf } from '#shared/runtime/http.ts'
import type { Services } from '#shared/runtime/services.ts'

export interface Instance {
  url: string
  stop(): Promise<void>
}

/** Serves functions from a port of their own, as one more instance beside a product, with the services of a test's choice. */
export async function startInstance(services: Services, functions: readonly DiscoveredFunction[]): Promise<Instance> {
  const toHandler = createDispatcher(services)
  const methods = methodsByPath(functions)
  const router = new Router(functions, ({ name, declaration }) =>
    toHandler(name, declaration, declaration.kind === 'route' ? methods.get(declaration.path) : []),
  )
  const server = createServer((request, response) => {
    const { pathname } = targetOf(request)
    const handler = pathname.startsWith('/functions/')
      ? router.byName(pathname.slice('/functions/'.length))
      : router.find(request.method ?? '', pathname)
    if (handler) void handler(request, response)
    else response.writeHead(404).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop() {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}
