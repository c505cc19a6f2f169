import { basename } from 'node:path'
import { build } from 'esbuild'
import { isAssured } from '#shared/runtime/authenticate.ts'
import type { DiscoveredFunction } from '#shared/runtime/discover.ts'
import type { OptionalService } from './entry.ts'
import { commonSettings } from './settings.ts'

/** What handlers find in their context. */
const ofContext: readonly OptionalService[] = ['identity', 'objects', 'readDocument', 'models', 'payments', 'mailer']
/** What the runtime looks at for a handler that asks its context how everything is. */
const ofHealth: readonly OptionalService[] = ['bus', 'queue', 'state', 'objects']

/**
 * Finds which optional services each function can touch. A handler has those it touches itself from its context alone,
 * so one that it uses stands as a property name in what it loads. That is read from the minified code, in which comments
 * are gone and every name is another, except those of properties. The runtime sends what a declaration says, and counts
 * the requests of routes.
 *
 * It may find too much (a property of the same name elsewhere), never too little, unless a name were computed.
 * @returns the services by function name
 */
export async function findUsedServices(
  functions: readonly DiscoveredFunction[],
): Promise<Map<string, Set<OptionalService>>> {
  const { outputFiles } = await build({
    ...commonSettings,
    entryPoints: Object.fromEntries(functions.map(({ name, folder }) => [name, `functions/${folder}/handler.ts`])),
    packages: 'external',
    loader: { '.json': 'empty' },
  })
  const uses = new Map(
    outputFiles.map(({ path, text }) => [
      basename(path, '.js'),
      new Set([
        ...ofContext.filter((service) => mentions(text, service)),
        ...(mentions(text, 'health') ? ofHealth : []),
      ]),
    ]),
  )
  for (const { name, declaration } of functions) {
    const { publishes = [], enqueues = [], sendsEverything } = declaration.resources ?? {}
    if (sendsEverything || publishes.length > 0) uses.get(name)?.add('bus')
    if (sendsEverything || enqueues.length > 0) uses.get(name)?.add('queue')
    if (declaration.kind === 'route') uses.get(name)?.add('state')
    // The runtime itself asks the identity provider about second factors.
    if (declaration.kind === 'route' && isAssured(declaration.access)) uses.get(name)?.add('identity')
    // What models were asked and answered is kept in a bucket.
    if (uses.get(name)?.has('models')) uses.get(name)?.add('objects')
    // Who is granted a bucket looks into it, if only through the runtime, to see whether it is there.
    if (declaration.resources?.buckets?.length) uses.get(name)?.add('objects')
  }
  return uses
}

function mentions(minified: string, property: string): boolean {
  return new RegExp(`[.{,]${property}\\b`).test(minified)
}
