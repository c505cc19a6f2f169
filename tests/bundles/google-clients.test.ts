import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bundleLazyPackages, type LazyPackage, lazyPackagesPlugin } from '../../scripts/build/lazy-packages.ts'
import { commonSettings } from '../../scripts/build/settings.ts'
import { type SecretManagerFake, startSecretManagerFake } from '../fakes/secret-manager.ts'

const drivers = {
  queue: 'shared/platform/queue/gcp.ts',
  state: 'shared/platform/state/gcp.ts',
  secrets: 'shared/platform/secrets/gcp.ts',
}

let folder: string
let fake: SecretManagerFake
let packages: Map<string, LazyPackage>
const lazyPackages = new Set<string>()
let sources: string[]

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'adapt-google-'))
  fake = await startSecretManagerFake()
  const { outputFiles, metafile } = await build({
    ...commonSettings,
    outdir: folder,
    entryPoints: drivers,
    plugins: [lazyPackagesPlugin(lazyPackages), ...commonSettings.plugins],
  })
  sources = Object.keys(metafile.inputs)
  packages = await bundleLazyPackages(lazyPackages)
  for (const { path, contents } of outputFiles) await writeFile(path, contents)
  for (const { files } of packages.values()) {
    for (const [name, content] of files) await writeFile(join(folder, name), content)
  }
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }')
}, 600_000)
afterAll(async () => {
  await fake.stop()
  await rm(folder, { recursive: true, force: true })
})

/** Runs a script beside the bundles, where there are no packages; what it prints is JSON. */
async function run(script: string, credentials: string): Promise<unknown> {
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
    cwd: folder,
    env: { ...process.env, GOOGLE_APPLICATION_CREDENTIALS: credentials, METADATA_SERVER_DETECTION: 'none' },
  })
  return JSON.parse(stdout)
}

describe('the bundled drivers of queue, state and secrets', () => {
  it("hold nothing of Google, and load Google's packages by import()", () => {
    expect(sources.filter((path) => path.includes('node_modules'))).toEqual([])
    expect([...lazyPackages].sort()).toEqual([
      '@google-cloud/firestore',
      '@google-cloud/secret-manager',
      '@google-cloud/tasks',
      // For an emulator of Cloud Tasks; it is a part of the client anyway.
      '@grpc/grpc-js',
    ])
  })

  it('of state and secrets come without gRPC, which the queue needs', () => {
    const holders = [...packages].filter(([, { sources }]) => sources.some((path) => path.includes('/@grpc/grpc-js/')))
    expect(holders.map(([file]) => file)).toEqual(['./google-cloud-tasks.js', './grpc-grpc-js.js'])
  })

  it('make their clients in a folder without packages', async () => {
    const script = `
      import { createCloudTasksQueue } from './queue.js'
      import { createFirestoreState } from './state.js'
      import { createSecretManagerSecrets } from './secrets.js'
      const options = { projectId: 'acme', timeoutMilliseconds: 3000 }
      const queues = [{ name: 'default', deadlineSeconds: 60 }]
      const calls = [
        createCloudTasksQueue({ ...options, location: 'europe-west1', queues, urlOf: String }).check(),
        createFirestoreState({ ...options, collection: 'state' }).read('x'),
        createSecretManagerSecrets(options).read('x'),
      ]
      const outcomes = await Promise.allSettled(calls)
      console.log(JSON.stringify(outcomes.map(({ reason }) => reason.message)))`
    const messages = await run(script, '/no/such/key.json')
    // They come as far as looking for credentials.
    const noCredentials = expect.stringContaining('/no/such/key.json')
    expect(messages).toEqual([noCredentials, noCredentials, noCredentials])
  }, 600_000)

  it('read a secret and understand a refusal without gRPC', async () => {
    fake.add('present', 'the value')
    const script = `
      import { createSecretManagerSecrets } from './secrets.js'
      const openClient = async () => {
        const { v1 } = (await import('./google-cloud-secret-manager.js')).default
        const place = { protocol: 'http', servicePath: '127.0.0.1', port: ${fake.port} }
        return new v1.SecretManagerServiceClient({ fallback: true, ...place })
      }
      const store = createSecretManagerSecrets({ projectId: 'acme', openClient })
      const value = await store.read('present')
      const { code } = await store.read('absent').catch((error) => error)
      console.log(JSON.stringify({ value, code }))`
    expect(await run(script, fake.credentials)).toEqual({ value: 'the value', code: 'NOT_FOUND' })
  })
})
