import type { Plugin } from 'esbuild'
import type { DiscoveredFunction } from '#shared/runtime/discover.ts'
import type { Services } from '#shared/runtime/services.ts'
import { repository } from './settings.ts'

interface Driver {
  module: string
  name: string
}

/**
 * Which drivers the bundles run on: the modules that open the services and the secrets, and for each service that a
 * function may do without, where its driver is.
 */
const drivers = {
  openServices: { module: '#shared/google/services.ts', name: 'openGoogleServices' },
  secrets: { module: '#shared/google/secrets.ts', name: 'openGoogleSecrets' },
  optional: {
    bus: { module: '#shared/platform/bus/gcp.ts', name: 'createPubSubBus' },
    queue: { module: '#shared/platform/queue/gcp.ts', name: 'createCloudTasksQueue' },
    state: { module: '#shared/platform/state/gcp.ts', name: 'createFirestoreState' },
    identity: { module: '#shared/platform/identity/supabase.ts', name: 'createSupabaseIdentity' },
    objects: { module: '#shared/platform/objects/gcp.ts', name: 'createCloudStorageObjects' },
    readDocument: { module: '#shared/platform/isolation/index.ts', name: 'readInWorker' },
    models: { module: '#shared/runtime/open-models.ts', name: 'openModels' },
    payments: { module: '#shared/platform/payments/razorpay.ts', name: 'createRazorpayGateway' },
    mailer: { module: '#shared/platform/mail/open.ts', name: 'openMailer' },
  },
} as const satisfies {
  openServices: Driver
  secrets: Driver
  optional: Partial<Record<keyof Services, Driver>>
}

/** A service that only some functions touch; the bundles of the others leave its driver out. */
export type OptionalService = keyof typeof drivers.optional

const optionalServices = Object.keys(drivers.optional) as OptionalService[]

const entryPrefix = 'function:'

/** What esbuild is given as a function's entry point; `entryPlugin` makes its text. */
export function entryPointOf({ folder }: DiscoveredFunction): string {
  return entryPrefix + folder
}

/**
 * The text of an entry. It exports the function under its deploy name, which is where functions-framework looks for
 * `--target`; so no bundle needs a copy of the framework to register with.
 */
function entryText(folder: string, methods: readonly string[]): string {
  const name = folder.replace('/', '-')
  const { openServices, secrets } = drivers
  return `
    import declaration from '#functions/${folder}/function.ts'
    import { ${openServices.name} as openServices } from '${openServices.module}'
    import { ${secrets.name} as openSecrets } from '${secrets.module}'
    import { serveFunction } from '#shared/runtime/serve.ts'
    const handler = await serveFunction('${name}', declaration, {
      methods: ${JSON.stringify(methods)},
      openServices,
      secrets: openSecrets(process.env),
    })
    export { handler as '${name}' }
  `
}

/** Stands in for a driver that was left out; using it all the same is an error that says so. */
function absentText(service: OptionalService): string {
  const message = `this bundle has no ${service}: nothing that its handler loads mentions it`
  return `
    const absent = new Proxy({}, { get() { throw new Error('${message}') } })
    export const ${drivers.optional[service].name} = () => absent
  `
}

/** Makes the entries of functions that touch the same optional services, and leaves out the drivers of the others. */
export function entryPlugin(
  uses: ReadonlySet<OptionalService>,
  methodsOf: (folder: string) => readonly string[],
): Plugin {
  return {
    name: 'function-entry',
    setup(build) {
      build.onResolve({ filter: /^function:/ }, ({ path }) => ({
        path: path.slice(entryPrefix.length),
        namespace: 'function',
      }))
      build.onLoad({ filter: /.*/, namespace: 'function' }, ({ path }) => ({
        contents: entryText(path, methodsOf(path)),
        loader: 'ts',
        resolveDir: repository,
      }))
      for (const service of optionalServices.filter((one) => !uses.has(one))) {
        const filter = new RegExp(`^${RegExp.escape(drivers.optional[service].module)}$`)
        build.onResolve({ filter }, () => ({ path: service, namespace: 'absent' }))
      }
      build.onLoad({ filter: /.*/, namespace: 'absent' }, ({ path }) => ({
        contents: absentText(path as OptionalService),
        loader: 'ts',
      }))
    },
  }
}
