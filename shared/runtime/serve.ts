import { subscribe } from 'node:diagnostics_channel'
import type { Server } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Config } from '#shared/config.ts'
import { createConfigSource } from '#shared/configuration/source.ts'
import type { SecretStore } from '#shared/platform/secrets/index.ts'
import type { Declaration } from './declarations.ts'
import { createDispatcher, type FunctionHandler } from './function-handler.ts'
import type { HttpRequest } from './http.ts'
import { createLogger, type Logger } from './log.ts'
import { followConfig, type Services } from './services.ts'

/** How long requests under way may go on after SIGTERM, and then how long the database may take for what is left to write. */
const finishMilliseconds = 500
const closeMilliseconds = 300

export interface ServeOptions {
  /** All methods that functions serve at this one's path. */
  methods: readonly string[]
  /** Opens the drivers of wherever this runs. */
  openServices: (config: Config, log: Logger) => Services
  secrets: SecretStore
}

/**
 * Makes the one function of this process, for `functions-framework --target=NAME`. Its settings come from the
 * environment and the secrets that it refers to, and are checked here, so that a deployment with bad ones never takes
 * traffic.
 *
 * @throws PlatformError that names every problem of the settings
 */
export async function serveFunction(
  name: string,
  declaration: Declaration,
  options: ServeOptions,
): Promise<FunctionHandler> {
  // In any other mode the framework tells callers what broke, and prints lines that are no JSON.
  const { env } = process
  env.NODE_ENV ??= 'production'
  const source = await createConfigSource(env, options.secrets)
  const config = source.current()
  const log = createLogger({
    level: config.LOG_LEVEL,
    readable: process.stdout.isTTY === true,
    project: config.GOOGLE_CLOUD_PROJECT,
  })
  source.tell(log)
  const services = followConfig(options.openServices(config, log), source)
  // An instance is started because a request waits for it.
  services.database.connect()
  const handle = createDispatcher(services)(name, declaration, options.methods)

  let isFirst = true
  // Node's own announcement of a request, before any listener of the server sees it.
  subscribe('http.server.request.start', (message) => {
    const { request, server } = message as { request: HttpRequest; server: Server }
    veil(request)
    if (isFirst) endInOrder(server, services)
    isFirst = false
  })
  return (request, response) => {
    unveil(request)
    return handle(request, response)
  }
}

/** What a request really asked for, while the framework has it. */
const veiled = new WeakMap<HttpRequest, { url: string; contentType: string | undefined }>()

/**
 * Hides from the framework what it would answer by itself, with a page instead of our envelope: bodies that its
 * parsers refuse (or read whole, up to 1 GB), paths that it can't decode or that it ignores.
 */
function veil(request: HttpRequest): void {
  const { headers, url = '/' } = request
  veiled.set(request, { url, contentType: headers['content-type'] })
  delete headers['content-type']
  request.url = '/'
}

/** Gives the request back as it came, its body still unread. */
function unveil(request: HttpRequest): void {
  const seen = veiled.get(request)
  if (!seen) return
  if (seen.contentType !== undefined) request.headers['content-type'] = seen.contentType
  request.url = seen.url
}

/**
 * Ends this process within a second of SIGTERM: requests under way are finished or cut off, the database is told.
 * Replaces the framework's way of ending, which is on the spot and with an error for whatever is under way; before the
 * first request there is nothing to finish, and its way is good enough.
 */
function endInOrder(server: Server, services: Services): void {
  const end = async () => {
    const finished = new Promise((resolve) => server.close(resolve))
    server.closeIdleConnections()
    await Promise.race([finished, sleep(finishMilliseconds)])
    server.closeAllConnections()
    const closed = services.usage.close().then(() => services.database.close())
    await Promise.race([closed.catch(() => {}), sleep(closeMilliseconds)])
    process.exit()
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.removeAllListeners(signal)
    process.once(signal, () => void end())
  }
}
