import { mkdir } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { networkInterfaces } from 'node:os'
import { describe, expect, test } from 'vitest'
import type { Project } from '#shared/domain/tenancy/schemas.ts'
import { demoCredentials } from '#shared/embedded/demo.ts'
import { ApiClient } from '../../scripts/api-client.ts'
import { findFreePort, kill, processesOf, startProductProcess } from '../../scripts/product-process.ts'
import { isRoot, newDataFolder, ordinaryUser, pressCtrlC, startReady, startRefused } from './products.ts'

const patience = { timeout: 60_000 }

const hasIpv6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1'))

const isReady = async (url: string) => (await fetch(`${url}/ready`)).status === 200

describe('npm start', () => {
  test('says where it is, how to sign in and what to try next, and keeps what was made', patience, async () => {
    const dataFolder = await newDataFolder()
    const first = await startReady({ dataFolder, through: 'npm' })
    expect(first.product.output).toMatch(/^First start: making the database …$/m)
    expect(first.product.output).toMatch(/is ready after \d+\.\d s, with \d+ functions\.$/m)
    expect(first.product.output).toContain(`${demoCredentials.email}  password  ${demoCredentials.password}`)
    expect(first.product.output).toContain('npm run adapt -- ingest REPORT.pdf')
    // PORT=0 took a free port and said which.
    expect(first.url).toMatch(/^http:\/\/127\.0\.0\.1:[1-9]\d*$/)
    expect(await isReady(first.url)).toBe(true)
    const project = await first.client.request<Project>('POST', '/v1/projects', { name: 'Kept' })
    expect((await pressCtrlC(first.product, dataFolder)).left).toEqual([])

    const second = await startReady({ dataFolder })
    expect(second.product.output).toMatch(/^Starting …$/m)
    expect(await second.client.request('GET', `/v1/projects/${project.id}`)).toEqual(project)
    const other = await second.client.request<Project>('POST', '/v1/projects', { name: 'Kept too' })
    kill(second.product.pid)

    const third = await startReady({ dataFolder })
    expect(await third.client.list<Project>('/v1/projects')).toEqual([other, project])
  })

  test('takes the port that it is given, whatever the environment holds for other programs', patience, async () => {
    const dataFolder = await newDataFolder()
    const port = await findFreePort()
    const elsewhere = 'http://127.0.0.1:9'
    const environment = {
      DATABASE_URL: 'postgres://other:other@127.0.0.1:9/other',
      PGPORT: '9',
      PGDATA: '/nowhere',
      PUBLIC_URL: elsewhere,
      SUPABASE_URL: elsewhere,
      FUNCTIONS_URL: elsewhere,
      HOST: '',
    }
    const { url, client } = await startReady({ dataFolder, port, environment })
    expect(url).toBe(`http://127.0.0.1:${port}`)
    const { upload } = await client.request<{ upload: { url: string } }>('POST', '/v1/documents', {
      file_name: 'a.txt',
      size_bytes: 1,
    })
    expect(upload.url.startsWith(`${url}/objects/`)).toBe(true)
  })

  test.runIf(hasIpv6)('listens on an IPv6 address, and can be signed in to there', patience, async () => {
    const dataFolder = await newDataFolder()
    const environment = { HOST: '::1', DEMO_PASSWORD: 'a password of my own' }
    const product = startProductProcess({ dataFolder, environment })
    const url = await product.ready()
    expect(url).toMatch(/^http:\/\/\[::1\]:\d+$/)
    const client = new ApiClient(url)
    await client.signIn(demoCredentials.email, environment.DEMO_PASSWORD)
    expect(await client.list<Project>('/v1/projects')).toEqual([])
  })

  test.runIf(isRoot)('works for an ordinary user, and afterwards for root on the same data', patience, async () => {
    const dataFolder = await newDataFolder()
    const ordinary = await startReady({ dataFolder, uid: ordinaryUser })
    const project = await ordinary.client.request<Project>('POST', '/v1/projects', { name: 'Mine' })
    expect((await pressCtrlC(ordinary.product, dataFolder)).ending).toEqual({ code: 0, signal: null })
    const root = await startReady({ dataFolder })
    expect(await root.client.list<Project>('/v1/projects')).toEqual([project])
    await pressCtrlC(root.product, dataFolder)
    const again = await startReady({ dataFolder, uid: ordinaryUser })
    expect(await again.client.list<Project>('/v1/projects')).toEqual([project])
  })
})

describe('a start that cannot be', () => {
  test('on data that are in use says by whom, and leaves the first one alone', patience, async () => {
    const dataFolder = await newDataFolder()
    const { product, url } = await startReady({ dataFolder })
    const before = (await processesOf(dataFolder)).map(({ pid }) => pid)
    const refused = await startRefused({ dataFolder })
    expect(refused).toMatchObject({ code: 1, signal: null })
    expect(refused.output).toContain(
      `Cannot start: Already running on this data (process ${product.pid}). Stop it first.`,
    )
    expect(refused.output).not.toContain('    at ')
    expect(await isReady(url)).toBe(true)
    const after = (await processesOf(dataFolder)).map(({ pid }) => pid)
    expect(before.filter((pid) => !after.includes(pid))).toEqual([])
  })

  test(
    'on a taken port says so and what to do, leaves nothing running, and is cured by another port',
    patience,
    async () => {
      const dataFolder = await newDataFolder()
      const other = createServer((_request, response) => response.end())
      await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
      try {
        const { port } = other.address() as AddressInfo
        const refused = await startRefused({ dataFolder, port })
        expect(refused).toMatchObject({ code: 1, signal: null })
        expect(refused.output).toContain(`Cannot start: Port ${port} is in use by another program.`)
        expect(refused.output).toContain(`PORT=${port + 1} npm start`)
        expect(refused.output).not.toContain('    at ')
        expect(await processesOf(dataFolder)).toEqual([])
      } finally {
        other.close()
      }
      const { url } = await startReady({ dataFolder })
      expect(await isReady(url)).toBe(true)
    },
  )

  test.each([
    [{ PORT: 'http' }, 'PORT must be a number from 0 to 65535, not "http"'],
    [{ PORT: '70000' }, 'PORT must be a number from 0 to 65535, not "70000"'],
    [{ HOST: '0.0.0.0' }, 'HOST=0.0.0.0 is reachable by others: set DEMO_PASSWORD to one of your own'],
    [{ HOST: '192.0.2.1', DEMO_PASSWORD: 'a password of my own' }, 'Cannot listen on 192.0.2.1:0 (EADDRNOTAVAIL)'],
    [{ MAXIMUM_UPLOAD_BYTES: 'much' }, 'MAXIMUM_UPLOAD_BYTES: must be a whole number'],
  ])('with the settings %j says what is wrong with them', patience, async (environment, message) => {
    const dataFolder = await newDataFolder()
    const refused = await startRefused({ dataFolder, environment })
    expect(refused).toMatchObject({ code: 1, signal: null })
    expect(refused.output).toContain(message)
    expect(refused.output).not.toContain('    at ')
    expect(await processesOf(dataFolder)).toEqual([])
  })

  test('in a folder that it may not write to says whose permission is missing', patience, async () => {
    const dataFolder = await newDataFolder()
    await mkdir(dataFolder, { mode: isRoot ? 0o700 : 0o500 })
    const refused = await startRefused({ dataFolder, ...(isRoot ? { uid: ordinaryUser } : {}) })
    expect(refused).toMatchObject({ code: 1, signal: null })
    expect(refused.output).toMatch(/Cannot start: No permission (for|to write) \S+data/)
    expect(refused.output).toMatch(/Give (it to this user|this user the data folder)/)
    expect(refused.output).not.toContain('    at ')
  })
})
