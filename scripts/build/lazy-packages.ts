import { isBuiltin } from 'node:module'
import { basename } from 'node:path'
import { build, type Metafile, type Plugin } from 'esbuild'
import { commonSettings, repository } from './settings.ts'

/** What a package that is loaded by `import()` adds to a bundle. */
export interface LazyPackage {
  /** By name, without their folder. */
  files: ReadonlyMap<string, Uint8Array>
  /** Paths of what they were made of. */
  sources: readonly string[]
  /** What they import from outside of the build. */
  imports: readonly string[]
}

/** Which file of a bundle holds a package that is imported when it is needed: `@scope/name` is in `scope-name.js`. */
function fileOf(specifier: string): string {
  return `${specifier.replace(/^@/, '').replaceAll(/[^A-Za-z0-9_.-]/g, '-')}.js`
}

/**
 * Leaves packages that our sources load with `import()` to files of their own, and notes them in `found`: a heavy
 * package is then neither read nor compiled before it is needed.
 */
export function lazyPackagesPlugin(found: Set<string>): Plugin {
  return {
    name: 'lazy-packages',
    setup(functionBuild) {
      functionBuild.onResolve({ filter: /^[^.#/]/ }, ({ path, kind, importer }) => {
        if (kind !== 'dynamic-import' || isBuiltin(path) || importer.includes('/node_modules/')) return undefined
        found.add(path)
        return { path: `./${fileOf(path)}`, external: true }
      })
    },
  }
}

/** What an output file imports from outside of the build. */
export function importsOf({ imports }: Metafile['outputs'][string]): string[] {
  return imports.filter(({ external }) => external).map(({ path }) => path)
}

/**
 * Bundles the packages, once for all functions; what several of them share is in files that they share.
 * @param specifiers as they stand in the sources
 * @returns by the import that finds a package, `./NAME.js`; with all files that it needs
 */
export async function bundleLazyPackages(specifiers: ReadonlySet<string>): Promise<Map<string, LazyPackage>> {
  if (specifiers.size === 0) return new Map()
  const { outputFiles, metafile } = await build({
    ...commonSettings,
    entryPoints: Object.fromEntries(
      [...specifiers].sort().map((specifier) => [fileOf(specifier).slice(0, -'.js'.length), `lazy:${specifier}`]),
    ),
    // Modules before CommonJS: of `export *` from the latter no name would be left.
    mainFields: ['module', 'main'],
    splitting: true,
    // Without the rewriting of syntax: it saves 1 % here, and takes pdf.js alone 3 s.
    minify: false,
    minifyWhitespace: true,
    minifyIdentifiers: true,
    plugins: [asDynamicallyImported, ...commonSettings.plugins],
  })
  const contents = new Map(outputFiles.map((file) => [basename(file.path), file.contents]))
  const outputs = new Map(Object.entries(metafile.outputs).map(([path, output]) => [basename(path), output]))
  const withImports = (name: string, reached = new Set<string>()): Set<string> => {
    if (reached.has(name)) return reached
    reached.add(name)
    for (const { path, external } of outputs.get(name)!.imports) if (!external) withImports(basename(path), reached)
    return reached
  }
  return new Map(
    [...specifiers].map((specifier) => {
      const names = [...withImports(fileOf(specifier))]
      const lazyPackage = {
        files: new Map(names.map((name) => [name, contents.get(name)!])),
        sources: names.flatMap((name) => Object.keys(outputs.get(name)!.inputs)),
        imports: names.flatMap((name) => importsOf(outputs.get(name)!)),
      }
      return [`./${fileOf(specifier)}`, lazyPackage]
    }),
  )
}

/** Resolves the packages as `import()` does; as entry points they would be looked up under other conditions. */
const asDynamicallyImported: Plugin = {
  name: 'as-dynamically-imported',
  setup(packageBuild) {
    packageBuild.onResolve({ filter: /^lazy:/ }, ({ path }) =>
      packageBuild.resolve(path.slice('lazy:'.length), { kind: 'dynamic-import', resolveDir: repository }),
    )
  },
}
