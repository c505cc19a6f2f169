import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe } from 'vitest'
import { type FakeClamd, startFakeClamd } from '../../../tests/fakes/clamd.ts'
import { describeScanner } from './contract.ts'
import { eicarTestString } from './eicar.ts'
import { openScanner } from './index.ts'

describeScanner('the built-in check', () => openScanner({ kind: 'builtin' }))

describe('the clamd driver before a fake', () => {
  let clamd: FakeClamd
  beforeAll(async () => {
    clamd = await startFakeClamd()
  })
  afterAll(() => clamd.close())

  describeScanner('clamd (fake)', () => openScanner({ kind: 'clamd', host: '127.0.0.1', port: clamd.port }))
})

// Debian's clamav-daemon, where it is installed (or named by CLAMD_PATH), with a signature file of our own.
const program = process.env.CLAMD_PATH ?? 'clamd'
const installed = spawnSync(program, ['--help']).status === 0

describe.runIf(installed)('the clamd driver before the real clamd', () => {
  let folder: string
  let clamd: ChildProcess
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'clamd-'))
    const signature = Buffer.from(eicarTestString(), 'latin1').toString('hex')
    await writeFile(join(folder, 'own.ndb'), `Eicar-Test-Signature:0:0:${signature}\n`)
    const settings = [`DatabaseDirectory ${folder}`, `LocalSocket ${join(folder, 'socket')}`, 'Foreground yes', '']
    await writeFile(join(folder, 'clamd.conf'), settings.join('\n'))
    clamd = spawn(program, ['--config-file', join(folder, 'clamd.conf')], { stdio: 'ignore' })
    while (!(await isListening(join(folder, 'socket')))) await pause(50)
  })
  afterAll(async () => {
    clamd.kill()
    await rm(folder, { recursive: true, force: true })
  })

  describeScanner('clamd', () => openScanner({ kind: 'clamd', socketPath: join(folder, 'socket') }))
})

function isListening(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path: socketPath })
    socket.on('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })
}
