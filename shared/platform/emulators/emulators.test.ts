import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findEmulator } from './find.ts'
import { startEmulator } from './start.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cloud-sdk-'))
  await program('sdk/bin/gcloud', 'exit 0')
  await program('bin/java', 'exit 0')
  await program('jdk/bin/java', 'exit 0')
  await symlink(join(folder, 'sdk/bin/gcloud'), join(folder, 'bin/gcloud'))
  await program('sdk/platform/pubsub-emulator/lib/cloud-pubsub-emulator-9.9.9-all.jar', '')
  await program('other/platform/pubsub-emulator/lib/cloud-pubsub-emulator-1.0.0-all.jar', '')
})
afterAll(() => rm(folder, { recursive: true }))

async function program(path: string, text: string): Promise<void> {
  const file = join(folder, path)
  await mkdir(join(file, '..'), { recursive: true })
  await writeFile(file, `#!/bin/sh\n${text}\n`)
  await chmod(file, 0o755)
}

/** A program that serves as the emulators do, as a command for `startEmulator`. */
function fake(script: string): Parameters<typeof startEmulator>[0] {
  return { name: 'pubsub', command: process.execPath, args: ['-e', script, '--'] }
}

const serving = `
const port = process.argv.find((arg) => arg.startsWith('--port=')).slice(7)
process.on('SIGTERM', () => {})
require('http').createServer((request, response) => response.end(request.url === '/pid' ? String(process.pid) : 'Ok')).listen(port, '127.0.0.1')
`

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

describe('an emulator', () => {
  it('is found beside the gcloud of the PATH, whatever links lead there', async () => {
    const found = await findEmulator('pubsub', { PATH: join(folder, 'bin') })
    expect(found?.command).toBe(join(folder, 'bin/java'))
    expect(found?.args.at(-1)).toMatch(/sdk\/platform\/pubsub-emulator\/lib\/cloud-pubsub-emulator-9\.9\.9-all\.jar$/)
  })

  it('is taken from the SDK that CLOUD_SDK names and from no other, and run by the Java of JAVA_HOME', async () => {
    const environment = { PATH: join(folder, 'bin'), JAVA_HOME: join(folder, 'jdk') }
    const found = await findEmulator('pubsub', { ...environment, CLOUD_SDK: join(folder, 'other') })
    expect(found?.command).toBe(join(folder, 'jdk/bin/java'))
    expect(found?.args.at(-1)).toMatch(/other\/platform\/pubsub-emulator\/lib\/cloud-pubsub-emulator-1\.0\.0-all\.jar$/)
    expect(await findEmulator('pubsub', { ...environment, CLOUD_SDK: folder })).toBeUndefined()
    expect(await findEmulator('firestore', { ...environment, CLOUD_SDK: join(folder, 'sdk') })).toBeUndefined()
  })

  it('is not there where there is no Java', async () => {
    expect(await findEmulator('pubsub', { PATH: '', CLOUD_SDK: join(folder, 'sdk') })).toBeUndefined()
  })

  it('answers once it is started, and is gone once it is stopped, even if it would rather not', async () => {
    const emulator = await startEmulator(fake(serving))
    expect(emulator.host).toMatch(/^127\.0\.0\.1:\d+$/)
    const pid = Number(await (await fetch(`http://${emulator.host}/pid`)).text())
    expect(isRunning(pid)).toBe(true)
    await emulator.stop()
    await expect.poll(() => isRunning(pid)).toBe(false)
    await emulator.stop()
  })

  it('is gone when the process that started it is killed', async () => {
    const script = `
      import { startEmulator } from ${JSON.stringify(new URL('start.ts', import.meta.url).href)}
      const emulator = await startEmulator(${JSON.stringify(fake(serving))})
      console.log(await (await fetch('http://' + emulator.host + '/pid')).text())`
    const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [chunk] = await once(parent.stdout, 'data')
    const pid = Number(String(chunk))
    expect(isRunning(pid)).toBe(true)
    parent.kill('SIGKILL')
    await expect.poll(() => isRunning(pid)).toBe(false)
  })

  it('says why it does not start', async () => {
    const failing = startEmulator(fake("console.error('no such luck'); process.exit(3)"))
    await expect(failing).rejects.toThrow('The pubsub emulator did not start: no such luck')
  })

  it('that finds its port taken is started on another', async () => {
    const mark = join(folder, 'tried')
    const firstTime = `
      const fs = require('fs')
      if (!fs.existsSync(${JSON.stringify(mark)})) {
        fs.writeFileSync(${JSON.stringify(mark)}, '')
        console.error('java.io.IOException: Failed to bind')
        process.exit(1)
      }`
    const emulator = await startEmulator(fake(firstTime + serving))
    await emulator.stop()
  })
})
