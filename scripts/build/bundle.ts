import { hash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { build } from 'esbuild'
import { packageAssets } from '#shared/documentation/reference-page.ts'
import type { DiscoveredFunction } from '#shared/runtime/discover.ts'
import { entryPlugin, entryPointOf, type OptionalService } from './entry.ts'
import { importsOf, type LazyPackage, lazyPackagesPlugin } from './lazy-packages.ts'
import { commonSettings, repository } from './settings.ts'

/** Own code of one function, before the files of its lazy packages are added. */
export interface Outputs {
  name: string
  files: Map<string, Uint8Array>
  /** What the code imports and doesn't hold: Node's modules, and `./NAME.js` of lazy packages. */
  imports: string[]
  /** Paths of the sources that have a part in the code. */
  sources: string[]
}

/** A function as it is deployed. */
export interface Bundle {
  name: string
  files: ReadonlyMap<string, Uint8Array>
  bytes: number
  /** SHA-256 over names and contents: the same for the same sources at every build. */
  sha256: string
  /** Paths of everything that has a part in it. */
  sources: string[]
  /** Every module that it imports and doesn't hold. */
  imports: string[]
}

/**
 * Bundles the own code of functions that use the same optional services: one file each, and beside it the document
 * worker for those that read documents. They go through esbuild together, which so reads each source once.
 *
 * @param methods those that functions serve at each path
 * @param lazyPackages takes the packages that are loaded by `import()`
 * @throws BuildFailure of esbuild
 */
export async function bundleCode(
  functions: readonly DiscoveredFunction[],
  uses: ReadonlySet<OptionalService>,
  methods: ReadonlyMap<string, readonly string[]>,
  lazyPackages: Set<string>,
): Promise<Outputs[]> {
  const methodsOf = (folder: string) => {
    const declaration = functions.find((found) => found.folder === folder)?.declaration
    return (declaration?.kind === 'route' && methods.get(declaration.path)) || []
  }
  const entryPoints = functions.flatMap((found) => [
    [`${found.name}/index`, entryPointOf(found)],
    // The code that starts the reader's thread looks for this file beside its own.
    ...(uses.has('readDocument')
      ? [[`${found.name}/document-worker`, 'shared/platform/isolation/document-worker.ts']]
      : []),
  ])
  const { outputFiles, metafile } = await build({
    ...commonSettings,
    entryPoints: Object.fromEntries(entryPoints),
    plugins: [entryPlugin(uses, methodsOf), lazyPackagesPlugin(lazyPackages), ...commonSettings.plugins],
  })
  return functions.map(({ name }) => {
    const prefix = `${commonSettings.outdir}/${name}/`
    const outputs = Object.entries(metafile.outputs).filter(([path]) => path.startsWith(prefix))
    const contentOf = (path: string) => outputFiles.find((file) => file.path === join(repository, path))!.contents
    return {
      name,
      files: new Map(outputs.map(([path]) => [path.slice(prefix.length), contentOf(path)])),
      imports: outputs.flatMap(([, output]) => importsOf(output)),
      sources: unique(outputs.flatMap(([, { inputs }]) => Object.keys(inputs))),
    }
  })
}

/** Files of packages that code reads beside itself, by the source that reads them. */
const readFiles: Readonly<Record<string, { package: string; files: readonly string[] }>> = {
  'shared/documentation/assets.ts': {
    package: 'swagger-ui-dist',
    files: [...Object.values(packageAssets).map(({ file }) => file), 'LICENSE', 'NOTICE'],
  },
}

function filesReadBy(sources: readonly string[]): [string, Uint8Array][] {
  return sources.flatMap((source) => {
    const read = readFiles[source]
    if (!read) return []
    return read.files.map((file): [string, Uint8Array] => [
      file,
      readFileSync(join(repository, 'node_modules', read.package, file)),
    ])
  })
}

/** Completes a function by the files of its lazy packages and what the deployment reads. */
export function completeBundle(
  { name, files: own, imports, sources: ownSources }: Outputs,
  packages: ReadonlyMap<string, LazyPackage>,
): Bundle {
  const used = imports.flatMap((path) => packages.get(path) ?? [])
  const files = new Map([...own, ...used.flatMap((one) => [...one.files]), ...filesReadBy(ownSources)])
  files.set('package.json', new TextEncoder().encode(packageJson(name)))
  const sorted = [...files].sort(([a], [b]) => (a < b ? -1 : 1))
  return {
    name,
    files,
    bytes: sorted.reduce((sum, [, content]) => sum + content.byteLength, 0),
    sha256: hash('sha256', sorted.map(([path, content]) => `${hash('sha256', content)}  ${path}\n`).join('')),
    sources: unique([...ownSources, ...used.flatMap((one) => one.sources)]),
    imports: unique([...imports, ...used.flatMap((one) => one.imports)]),
  }
}

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)].sort()
}

const framework = '@google-cloud/functions-framework'
const { dependencies } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8'))

/** The one thing that a bundle doesn't hold is the framework that runs it; the deployment installs this version. */
function packageJson(name: string): string {
  const content = {
    name,
    private: true,
    type: 'module',
    main: 'index.js',
    dependencies: { [framework]: dependencies[framework] },
  }
  return `${JSON.stringify(content, null, 2)}\n`
}

/** Puts a bundle in a folder, in place of whatever was there. */
export async function writeBundle(bundle: Bundle, folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  await Promise.all([...bundle.files].map(([path, content]) => writeFile(join(folder, path), content)))
}
