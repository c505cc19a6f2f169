import { createServer } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { type FakeClamd, type FakeClamdOptions, startFakeClamd } from '../../../tests/fakes/clamd.ts'
import { type ClamdConfig, createClamdScanner } from './clamd.ts'

const running: FakeClamd[] = []

afterEach(async () => {
  for (const clamd of running.splice(0)) await clamd.close()
})

async function scannerBefore(behaviour: FakeClamdOptions, config: Partial<ClamdConfig> = {}) {
  const clamd = await startFakeClamd(behaviour)
  running.push(clamd)
  return { clamd, scanner: createClamdScanner({ host: '127.0.0.1', port: clamd.port, ...config }) }
}

async function closedPort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === 'object' && address ? address.port : 0
}

const file = new Uint8Array(Buffer.from('a report'))

test('a scanner that is not there is an error to be tried again, never "clean"', async () => {
  const port = await closedPort()
  await expect(createClamdScanner({ host: '127.0.0.1', port }).scan(file)).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    message: expect.stringContaining(`127.0.0.1:${port}`),
  })
  await expect(createClamdScanner({ socketPath: '/nowhere/clamd' }).scan(file)).rejects.toMatchObject({
    code: 'UNAVAILABLE',
  })
})

test.each([
  ['says nothing', { silent: true }, 'no sign of life'],
  ['ends the connection before its verdict', { hangUp: true }, 'connection'],
  ['fails', { answer: "stream: Can't allocate memory ERROR" }, 'allocate'],
  ['answers with something else', { answer: 'stream: OKAY' }, 'OKAY'],
  ['answers with nothing', { answer: '' }, 'answered'],
])('a scanner that %s is an error to be tried again, never "clean"', async (_name, behaviour, reason) => {
  const { scanner } = await scannerBefore(behaviour, { idleTimeoutSeconds: 0.3 })
  await expect(scanner.scan(file)).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    message: expect.stringContaining(reason),
  })
})

test('a file over the scanner’s limit is refused as too large, by either side’s limit', async () => {
  const large = new Uint8Array(2_000_000)
  const { scanner } = await scannerBefore({ streamMaximumBytes: 1_000_000 })
  await expect(scanner.scan(large)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  const { scanner: limited, clamd } = await scannerBefore({}, { maximumBytes: 1_000_000 })
  await expect(limited.scan(large)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  expect(clamd.receivedBytes()).toBe(0)
  await expect(limited.scan(large.subarray(0, 1_000_000))).resolves.toMatchObject({ infected: false })
})

test('a stream is not read on once the scanner has hung up', async () => {
  const { scanner } = await scannerBefore({ streamMaximumBytes: 100_000 })
  let pieces = 0
  const endless = async function* () {
    for (;;) {
      pieces++
      yield new Uint8Array(50_000)
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
  }
  await expect(scanner.scan(endless())).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  const seen = pieces
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(pieces).toBeLessThanOrEqual(seen + 1)
})
