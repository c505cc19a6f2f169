import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bundleLazyPackages, lazyPackagesPlugin } from '../../scripts/build/lazy-packages.ts'
import { commonSettings } from '../../scripts/build/settings.ts'
import { type PubSubFake, startPubSubFake } from '../fakes/pubsub.ts'

const driver = 'shared/platform/bus/gcp.ts'

let folder: string
let fake: PubSubFake
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'adapt-pubsub-'))
  fake = await startPubSubFake(['projects/acme/topics/documents'])
})
afterAll(async () => {
  await fake.stop()
  await rm(folder, { recursive: true, force: true })
})

describe('the bundled Pub/Sub driver', () => {
  it('holds nothing of Google, and publishes from a folder without packages', async () => {
    const lazyPackages = new Set<string>()
    const { outputFiles, metafile } = await build({
      ...commonSettings,
      entryPoints: { bus: driver },
      plugins: [lazyPackagesPlugin(lazyPackages), ...commonSettings.plugins],
    })
    expect(Object.keys(metafile.inputs).filter((path) => path.includes('node_modules'))).toEqual([])
    expect([...lazyPackages]).toEqual(['@google-cloud/pubsub'])
    await writeFile(join(folder, 'bus.js'), outputFiles[0]!.contents)
    for (const { files } of (await bundleLazyPackages(lazyPackages)).values()) {
      for (const [name, content] of files) await writeFile(join(folder, name), content)
    }
    await writeFile(join(folder, 'package.json'), '{ "type": "module" }')
    await writeFile(
      join(folder, 'publish.js'),
      `import { createPubSubBus } from './bus.js'
       const bus = createPubSubBus({ projectId: 'acme' })
       await bus.publish([{ id: '1', topic: 'documents', body: 'hello', attributes: { event_type: 'x' } }])
       await bus.close()`,
    )
    await promisify(execFile)(process.execPath, ['publish.js'], {
      cwd: folder,
      env: { ...process.env, PUBSUB_EMULATOR_HOST: fake.host, METADATA_SERVER_DETECTION: 'none' },
    })
    expect(fake.taken.map(({ data }) => data.toString())).toEqual(['hello'])
  }, 600_000)
})
