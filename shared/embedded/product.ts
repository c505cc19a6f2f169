import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { createConfigSource } from '#shared/configuration/source.ts'
import { AppError } from '#shared/domain/errors.ts'
import { system } from '#shared/platform/database/index.ts'
import { PlatformError } from '#shared/platform/errors.ts'
import { createLocalIssuer, type LocalIssuer } from '#shared/platform/identity/local-issuer.ts'
import { readOrCreatePrivateFile } from '#shared/platform/identity/private-file.ts'
import { closeIdleWorker } from '#shared/platform/isolation/index.ts'
import type { Bucket } from '#shared/platform/objects/index.ts'
import { lifecycleDays } from '#shared/platform/objects/lifecycle.ts'
import { type LocalGateway, localGatewayPath } from '#shared/platform/payments/local-gateway.ts'
import { type EmbeddedCloud, startEmbeddedCloud } from '#shared/platform/push/embedded.ts'
import { createServiceTokenIssuer } from '#shared/platform/push/service-tokens.ts'
import { createEnvironmentSecrets } from '#shared/platform/secrets/environment.ts'
import { createLocalState, type LocalState } from '#shared/platform/state/local.ts'
import { type DiscoveredFunction, discoverFunctions, methodsByPath } from '#shared/runtime/discover.ts'
import { sendError } from '#shared/runtime/dispatch-route.ts'
import { createDispatcher } from '#shared/runtime/function-handler.ts'
import { requestIdOf, setCommonHeaders, targetOf } from '#shared/runtime/http.ts'
import type { Logger } from '#shared/runtime/log.ts'
import { buildPushPlan } from '#shared/runtime/manifest.ts'
import { sweepOutbox } from '#shared/runtime/outbox.ts'
import { followConfig, type Services } from '#shared/runtime/services.ts'
import { openEmbeddedPayments } from './payments.ts'
import { Router } from './router.ts'
import { openEmbeddedServices } from './services.ts'

export interface ProductOptions {
  /** The product's database, as `adapt_app`. */
  databaseUrl: string
  /** The database of what Google and Supabase host in production. */
  cloudDatabaseUrl: string
  /** Keys and objects are kept here. */
  dataFolder: string
  host: string
  /** 0 for any that is free. */
  port: number
  /** Further settings, by their names in the configuration. */
  settings?: Record<string, string | undefined>
  log: Logger
  /** Served beside those of `functions/`; for measurements. */
  furtherFunctions?: readonly DiscoveredFunction[]
  /** Below 1 only in tests, which can't wait for retries. */
  backoffScale?: number
}

export interface Product {
  url: string
  functions: readonly DiscoveredFunction[]
  services: Services
  cloud: EmbeddedCloud
  issuer: LocalIssuer
  /** Stands in for Razorpay; null when the settings name a real one. */
  gateway: LocalGateway | null
  /** Signs as the embedded cloud does when it calls a function. */
  signPush(audience: string): Promise<string>
  /** Stops everything within a few seconds; what was under way is repeated at the next start. */
  stop(): Promise<void>
}

type Answer = (request: IncomingMessage, response: ServerResponse) => void

/** Deliveries under way get so long to end when the product stops. */
const stopGraceSeconds = 1

const pushIssuerPath = '/local/push'
const pushAccount = 'pusher@local.raptorflow.example'

/**
 * Starts the whole product in this process on one port: every function by method and path, and beside them what
 * Supabase and Google Cloud host in production (sign-in, pushes, objects).
 * @throws PlatformError PORT_TAKEN, PERMISSION or UNAVAILABLE
 */
export async function startProduct(options: ProductOptions): Promise<Product> {
  const { log, dataFolder } = options
  // The address must be known before there is anything to answer with, and the cloud delivers at once what a killed
  // process left: requests that come too early wait instead of failing.
  const opened = Promise.withResolvers<Answer>()
  opened.promise.catch(() => {})
  const server = createServer((request, response) => {
    opened.promise
      // A start that fails says so itself.
      .then(
        (answer) => answer(request, response),
        () => response.destroy(),
      )
      .catch((error: unknown) => {
        log.error('a request could not be dispatched', { error })
        response.destroy()
      })
  })
  const url = await listen(server, options.host, options.port)
  const parts: {
    issuer?: LocalIssuer
    gateway?: LocalGateway | null
    cloud?: EmbeddedCloud
    state?: LocalState
    services?: Services
    lifecycle?: NodeJS.Timeout
  } = {}
  const stop = async () => {
    clearInterval(parts.lifecycle)
    // Deliveries first, so that none of them fails for want of what they need.
    await Promise.all([parts.cloud?.stop(), parts.gateway?.stop()])
    await close(server)
    await closeIdleWorker()
    await parts.services?.usage.close()
    await parts.services?.database.close()
    await parts.state?.close()
    await parts.issuer?.stop()
  }
  try {
    // All files are read before anything is delivered: a damaged one ends the start with nothing under way.
    const keyFolder = join(dataFolder, 'keys')
    const serviceRoleKey = await installationSecret(keyFolder, 'service-role')
    const signingSecret = await installationSecret(keyFolder, 'signing')
    const objectsSecret = await installationSecret(keyFolder, 'objects')
    const payments = await openEmbeddedPayments({
      settings: options.settings ?? {},
      cloudDatabaseUrl: options.cloudDatabaseUrl,
      url,
      secretOf: (name) => installationSecret(keyFolder, name),
      now: () => parts.services?.now() ?? new Date(),
      backoffScale: options.backoffScale,
      log,
    })
    parts.gateway = payments.gateway
    const functionsUrl = `${url}/functions`
    const pushTokens = await createServiceTokenIssuer({
      keyFolder,
      issuer: `${url}${pushIssuerPath}`,
      email: pushAccount,
    })
    const issuer = await createLocalIssuer({
      databaseUrl: options.cloudDatabaseUrl,
      keyFolder,
      publicUrl: url,
      redirectOrigins: (options.settings?.CORS_ORIGINS ?? '').split(',').map((origin) => origin.trim()),
      serviceRoleKey,
      onError: (error) => log.error('the local issuer failed', { error }),
    })
    parts.issuer = issuer
    const functions = [...(await discoverFunctions()), ...(options.furtherFunctions ?? [])]
    const signPush = (audience: string) => pushTokens.sign(audience)
    const cloud = await startEmbeddedCloud({
      databaseUrl: options.cloudDatabaseUrl,
      plan: buildPushPlan(functions),
      urlOf: (target) => `${functionsUrl}/${target}`,
      signToken: signPush,
      log,
      stopGraceSeconds,
      ...(options.backoffScale === undefined ? {} : { backoffScale: options.backoffScale }),
    })
    parts.cloud = cloud
    const state = await createLocalState({
      databaseUrl: options.cloudDatabaseUrl,
      onError: (error) => log.error('the state store could not be pruned', { error }),
    })
    parts.state = state
    const settings = {
      DATABASE_POOL_SIZE: '10',
      ...options.settings,
      ...payments.settings,
      // What follows is this product's own, whatever the environment holds for other programs.
      PUBLIC_URL: url,
      FUNCTIONS_URL: functionsUrl,
      DATABASE_URL: options.databaseUrl,
      SUPABASE_URL: url,
      SUPABASE_ANON_KEY: 'local',
      SUPABASE_SERVICE_ROLE_KEY: serviceRoleKey,
      PUSH_ISSUER: `${url}${pushIssuerPath}`,
      PUSH_JWKS_URL: `${url}${pushIssuerPath}/jwks.json`,
      PUSH_SERVICE_ACCOUNTS: pushAccount,
      SIGNING_SECRET: signingSecret,
      OBJECTS_FOLDER: join(dataFolder, 'objects'),
      OBJECTS_SECRET: objectsSecret,
    }
    const secrets = createEnvironmentSecrets(options.settings ?? {})
    const source = await createConfigSource(settings, secrets, { embeddedDrivers: true })
    source.tell(log)
    const services = followConfig(openEmbeddedServices(source.current(), log, { ...cloud, state }), source)
    parts.services = services
    const toHandler = createDispatcher(services)
    const methods = methodsByPath(functions)
    const router = new Router(functions, ({ name, declaration }) =>
      toHandler(name, declaration, declaration.kind === 'route' ? methods.get(declaration.path) : []),
    )

    const answer: Answer = (request, response) => {
      const { pathname } = targetOf(request)
      if (pathname.startsWith('/auth/v1/')) return void issuer.handle(request, response)
      if (payments.gateway && pathname.startsWith(`${localGatewayPath}/`)) {
        return void payments.gateway.handle(request, response)
      }
      if (pathname.startsWith('/objects/')) return void services.objects.handle(request, response)
      if (pathname === `${pushIssuerPath}/jwks.json`) {
        return void response.setHeader('content-type', 'application/json').end(JSON.stringify(pushTokens.jwks()))
      }
      const handler = pathname.startsWith('/functions/')
        ? router.byName(pathname.slice('/functions/'.length))
        : router.find(methodOf(request), pathname)
      if (handler) return void handler(request, response)
      const requestId = requestIdOf(request)
      setCommonHeaders(request, response, { requestId, origins: services.config.CORS_ORIGINS, methods: [] })
      sendError(new AppError('NOT_FOUND', 'There is nothing at this address'), response, requestId, log)
    }
    await services.objects.removeHalfWritten()
    parts.lifecycle = followLifecycle(services, log)
    await sendLeftovers(services)
    opened.resolve(answer)
    return { url, functions, services, cloud, issuer, gateway: payments.gateway, signPush, stop }
  } catch (error) {
    opened.reject(error)
    await stop()
    throw error
  }
}

/** A preflight is answered by the function that it asks for. */
function methodOf({ method = 'GET', headers }: IncomingMessage): string {
  return method === 'OPTIONS' ? (headers['access-control-request-method'] ?? method) : method
}

const lifecycleHours = 6

/** Forgets old objects, now and then: on Google Cloud the buckets do so themselves. Nobody waits for it. */
function followLifecycle({ objects, now }: ReturnType<typeof openEmbeddedServices>, log: Logger): NodeJS.Timeout {
  const look = async () => {
    for (const [bucket, days] of Object.entries(lifecycleDays) as [Bucket, number][]) {
      const removed = await objects.removeOlder(bucket, new Date(now().getTime() - days * 86_400_000))
      if (removed > 0) log.info('objects had their time', { bucket, removed })
    }
  }
  const tryLook = () => look().catch((error: unknown) => log.error('old objects could not be removed', { error }))
  void tryLook()
  return setInterval(tryLook, lifecycleHours * 3_600_000).unref()
}

/** Sends what killed processes left in the outbox: before the first request, no row has a sender that still lives. */
async function sendLeftovers(services: Services): Promise<void> {
  try {
    let sent: number
    do {
      sent = await services.database.transaction(system, (sql) => sweepOutbox(sql, services, 0))
      if (sent > 0) services.log.info('outbox swept at the start', { sent })
    } while (sent > 0)
  } catch (error) {
    services.log.error('outbox left to the sweeper', { error })
  }
}

/**
 * A secret of this installation, made on first use.
 * @throws PlatformError PERMISSION, or DATA_DAMAGED when its file holds something else
 */
export async function installationSecret(folder: string, name: string): Promise<string> {
  const path = join(folder, `${name}.secret`)
  const secret = await readOrCreatePrivateFile(path, async () => randomBytes(32).toString('hex'))
  if (/^[0-9a-f]{64}$/.test(secret)) return secret
  throw new PlatformError('DATA_DAMAGED', `${path} does not hold a secret. Restore it, or remove it to get a new one.`)
}

function listen(server: Server, host: string, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(describeListenError(error, host, port)))
    server.listen({ host, port }, () => {
      const address = server.address()
      const name = host.includes(':') ? `[${host}]` : host
      resolve(`http://${name}:${typeof address === 'object' ? address?.port : port}`)
    })
  })
}

function describeListenError(error: NodeJS.ErrnoException, host: string, port: number): PlatformError {
  if (error.code === 'EADDRINUSE') {
    return new PlatformError(
      'PORT_TAKEN',
      `Port ${port} is in use by another program. Choose another (PORT=${port + 1} npm start) or any free one (PORT=0).`,
      { cause: error },
    )
  }
  if (error.code === 'EACCES') {
    return new PlatformError(
      'PERMISSION',
      `This user may not use port ${port}. Choose one above 1023: PORT=8787 npm start`,
      { cause: error },
    )
  }
  return new PlatformError('UNAVAILABLE', `Cannot listen on ${host}:${port} (${error.code})`, { cause: error })
}

/** Refuses new connections, gives requests under way a moment, then cuts them off. */
function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeIdleConnections()
    setTimeout(() => server.closeAllConnections(), 500).unref()
  })
}
