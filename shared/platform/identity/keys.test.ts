import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { openKeyRing } from './keys.ts'

const folders: string[] = []
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true })
})

async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'keys-'))
  folders.push(folder)
  return join(folder, 'made', 'on-first-use')
}

const clock = { seconds: 1_800_000_000 }
const open = (folder: string) =>
  openKeyRing({
    folder,
    name: 'ring',
    algorithm: 'ES256',
    retainSeconds: 7200,
    now: () => new Date(clock.seconds * 1000),
  })
const kidsOf = (ring: Awaited<ReturnType<typeof open>>) => ring.jwks().keys.map((key) => key.kid)

describe('a key ring', () => {
  it('keeps its keys for the owner alone and finds them again', async () => {
    const folder = await makeFolder()
    const ring = await open(folder)
    expect((await stat(folder)).mode & 0o777).toBe(0o700)
    expect((await stat(join(folder, 'ring.json'))).mode & 0o777).toBe(0o600)
    const again = await open(folder)
    expect(again.current().kid).toBe(ring.current().kid)
    expect(again.jwks()).toEqual(ring.jwks())
  })

  it('narrows the permissions of a file that others could read', async () => {
    const folder = await makeFolder()
    await open(folder)
    const path = join(folder, 'ring.json')
    await (await import('node:fs/promises')).chmod(path, 0o644)
    await open(folder)
    expect((await stat(path)).mode & 0o777).toBe(0o600)
  })

  it('publishes nothing secret', async () => {
    const ring = await open(await makeFolder())
    for (const key of ring.jwks().keys) {
      expect(Object.keys(key).sort()).toEqual(['alg', 'crv', 'key_ops', 'kid', 'kty', 'use', 'x', 'y'])
    }
  })

  it('publishes the next key before it is used, and the last ones for as long as their tokens live', async () => {
    const folder = await makeFolder()
    const ring = await open(folder)
    const [first, second] = kidsOf(ring)
    expect(ring.current().kid).toBe(first)

    await ring.rotate()
    expect(ring.current().kid).toBe(second)
    expect(kidsOf(ring)).toHaveLength(3)
    expect(kidsOf(ring)).toContain(first)

    clock.seconds += 7200
    await ring.rotate()
    expect(kidsOf(ring)).toContain(first)
    clock.seconds += 1
    await ring.rotate()
    expect(kidsOf(ring)).not.toContain(first)
    expect(kidsOf(await open(folder))).toEqual(kidsOf(ring))
  })

  it('loses no key when it is rotated several times at once', async () => {
    const ring = await open(await makeFolder())
    const before = kidsOf(ring)
    await Promise.all([ring.rotate(), ring.rotate(), ring.rotate()])
    expect(kidsOf(ring)).toHaveLength(before.length + 3)
    expect(new Set(kidsOf(ring)).size).toBe(before.length + 3)
    expect(kidsOf(ring)).toEqual(expect.arrayContaining(before))
  })

  it('is the same for processes that start at the same time on an empty folder', async () => {
    const folder = await makeFolder()
    const rings = await Promise.all(Array.from({ length: 8 }, () => open(folder)))
    expect(new Set(rings.map((ring) => ring.current().kid)).size).toBe(1)
    expect(await readdir(folder)).toEqual(['ring.json'])
  })

  it('says so when its file is damaged, and leaves it as it is', async () => {
    const folder = await makeFolder()
    await open(folder)
    const path = join(folder, 'ring.json')
    const whole = await readFile(path, 'utf8')
    for (const damaged of ['', whole.slice(0, 100), '[]', '{}', 'null', whole.replaceAll('"d"', '"e"')]) {
      await writeFile(path, damaged)
      await expect(open(folder)).rejects.toMatchObject({ name: 'PlatformError', code: 'DATA_DAMAGED' })
      expect(await readFile(path, 'utf8')).toBe(damaged)
    }
  })
})
