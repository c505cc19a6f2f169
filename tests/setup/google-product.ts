import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createConfigSource } from '#shared/configuration/source.ts'
import { Router } from '#shared/embedded/router.ts'
import { openGoogleSecrets } from '#shared/google/secrets.ts'
import { openGoogleServices } from '#shared/google/services.ts'
import { createTestDatabase } from '#shared/platform/database/test-cluster.ts'
import { createLocalIssuer } from '#shared/platform/identity/local-issuer.ts'
import { closeIdleWorker } from '#shared/platform/isolation/index.ts'
import { createServiceTokenIssuer } from '#shared/platform/push/service-tokens.ts'
import { discoverFunctions, methodsByPath } from '#shared/runtime/discover.ts'
import { createDispatcher } from '#shared/runtime/function-handler.ts'
import { targetOf } from '#shared/runtime/http.ts'
import { buildPushPlan } from '#shared/runtime/manifest.ts'
import { followConfig, type Services } from '#shared/runtime/services.ts'
import { RecordingLogger } from '../fakes/recording-logger.ts'
import { cloneDatabase, type TestDatabase } from './database.ts'
import { type GoogleCloud, type Kind, startGoogleCloud } from './google-cloud.ts'
import { signUpAt } from './product.ts'

const pusher = 'pusher@acme.iam.gserviceaccount.com'

/** All functions on the Google drivers, behind one port as behind the load balancer. */
export interface GoogleProduct {
  url: string
  services: Services
  database: TestDatabase
  cloud: GoogleCloud
  log: RecordingLogger
  /** How often each function was pushed to. */
  pushes: Map<string, number>
  /** Functions whose instance dies in the middle of every push, of which Google's front end says 503. */
  dying: Set<string>
  signUp(email?: string): Promise<string>
  stop(): Promise<void>
}

/** The product on Google's services, as far as those are on this machine; retries hardly wait. */
export async function startGoogleProduct(clusterUrl: string, kind: Kind): Promise<GoogleProduct> {
  const ready = Promise.withResolvers<(request: IncomingMessage, response: ServerResponse) => void>()
  const server = createServer((request, response) => void ready.promise.then((answer) => answer(request, response)))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const folder = await mkdtemp(join(tmpdir(), 'adapt-google-'))
  const keyFolder = join(folder, 'keys')
  const [database, accounts] = await Promise.all([cloneDatabase(clusterUrl), createTestDatabase(clusterUrl)])

  const tokens = await createServiceTokenIssuer({ keyFolder, issuer: 'https://accounts.google.com', email: pusher })
  const issuer = await createLocalIssuer({
    databaseUrl: accounts.url,
    keyFolder,
    publicUrl: url,
    redirectOrigins: [],
    serviceRoleKey: 'the key of a service that is not used here',
    onError: (error) => log.error('the issuer failed', { error }),
  })
  const log = new RecordingLogger()
  const functions = await discoverFunctions()
  const cloud = await startGoogleCloud({
    kind,
    clusterUrl,
    folder,
    plan: buildPushPlan(functions),
    urlOf: (target) => `${url}/functions/${target}`,
    signToken: tokens.sign,
    backoffScale: 0.002,
  })
  const environment = {
    APP_ENV: 'test',
    PUBLIC_URL: url,
    FUNCTIONS_URL: `${url}/functions`,
    DATABASE_URL: database.appUrl,
    SUPABASE_URL: url,
    // Google's keys, and so its signature, are nobody's to have; all else of the tokens is as from there.
    PUSH_JWKS_URL: `${url}/push-keys`,
    PUSH_SERVICE_ACCOUNTS: pusher,
    TASKS_SERVICE_ACCOUNT: pusher,
    RATE_LIMIT_PRINCIPAL_PER_MINUTE: '1000000',
    RATE_LIMIT_ADDRESS_PER_MINUTE: '1000000',
    DEFAULT_PLAN: 'enterprise',
    ...cloud.settings,
  }
  const source = await createConfigSource(environment, openGoogleSecrets(environment))
  const opened = openGoogleServices(source.current(), log)
  const services = followConfig(cloud.state ? { ...opened, state: cloud.state } : opened, source)

  const toHandler = createDispatcher(services)
  const methods = methodsByPath(functions)
  const router = new Router(functions, ({ name, declaration }) =>
    toHandler(name, declaration, declaration.kind === 'route' ? methods.get(declaration.path) : []),
  )
  const pushes = new Map<string, number>()
  const dying = new Set<string>()
  ready.resolve((request, response) => {
    const { pathname } = targetOf(request)
    if (pathname.startsWith('/auth/v1/')) return void issuer.handle(request, response)
    if (pathname === '/push-keys') {
      return void response.setHeader('content-type', 'application/json').end(JSON.stringify(tokens.jwks()))
    }
    const name = pathname.startsWith('/functions/') ? pathname.slice('/functions/'.length) : null
    if (name !== null) pushes.set(name, (pushes.get(name) ?? 0) + 1)
    if (name !== null && dying.has(name)) return void request.resume().on('end', () => response.writeHead(503).end())
    const handler = name === null ? router.find(request.method ?? '', pathname) : router.byName(name)
    if (handler) void handler(request, response)
    else response.writeHead(404).end()
  })

  return {
    url,
    services,
    database,
    cloud,
    log,
    pushes,
    dying,
    signUp: (email) => signUpAt(url, email),
    async stop() {
      await cloud.stop()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await closeIdleWorker()
      await services.bus?.close()
      await services.queue?.close()
      await services.usage.close()
      await services.database.close()
      await issuer.stop()
      await database.drop()
      await accounts.drop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
