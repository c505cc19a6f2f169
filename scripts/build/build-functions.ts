import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { discoverFunctions, methodsByPath } from '#shared/runtime/discover.ts'
import { type Bundle, bundleCode, completeBundle, writeBundle } from './bundle.ts'
import { bundleLazyPackages } from './lazy-packages.ts'
import { findUsedServices } from './uses.ts'

/** `manifest.json` of a build: what a deployment uploads, and by whose hash it knows that there is nothing new. */
export interface BuildManifest {
  /** By function name. */
  functions: Record<string, BuiltFunction>
}

export interface BuiltFunction {
  /** The module that functions-framework loads, relative to the manifest. */
  entry: string
  bytes: number
  sha256: string
}

/**
 * Builds every function into `<outFolder>/functions/<name>/`, and writes `<outFolder>/manifest.json`. What was built
 * there before is gone afterwards.
 *
 * @throws BuildFailure of esbuild, or Error when a declaration is not valid
 */
export async function buildFunctions(outFolder: string): Promise<{ manifest: BuildManifest; bundles: Bundle[] }> {
  const functions = await discoverFunctions()
  const uses = await findUsedServices(functions)
  const alike = Map.groupBy(functions, ({ name }) => [...uses.get(name)!].sort().join())
  const methods = methodsByPath(functions)
  const lazyPackages = new Set<string>()
  const groups = [...alike.values()]
  const outputs = await Promise.all(
    groups.map((group) => bundleCode(group, uses.get(group[0]!.name)!, methods, lazyPackages)),
  )
  const packages = await bundleLazyPackages(lazyPackages)
  const bundles = outputs
    .flat()
    .map((code) => completeBundle(code, packages))
    .sort((a, b) => (a.name < b.name ? -1 : 1))

  const functionsFolder = join(outFolder, 'functions')
  await rm(functionsFolder, { recursive: true, force: true })
  await mkdir(functionsFolder, { recursive: true })
  await Promise.all(bundles.map((bundle) => writeBundle(bundle, join(functionsFolder, bundle.name))))
  const manifest: BuildManifest = {
    functions: Object.fromEntries(
      bundles.map(({ name, bytes, sha256 }) => [name, { entry: `functions/${name}/index.js`, bytes, sha256 }]),
    ),
  }
  await writeFile(join(outFolder, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`)
  return { manifest, bundles }
}
