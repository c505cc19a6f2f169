import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { Document } from '#shared/domain/documents/schemas.ts'
import type { Job } from '#shared/domain/jobs/schemas.ts'
import { readPostmaster } from '#shared/platform/database/embedded-orphan.ts'
import type { ApiClient } from '../../scripts/api-client.ts'
import { kill, type ProductProcess, startProductProcess } from '../../scripts/product-process.ts'
import { PatientClient } from '../faults/patient-client.ts'
import { Random } from '../faults/random.ts'
import { makeReportFiles } from '../faults/reports.ts'
import { moments } from './moments.ts'
import { newDataFolder, pressCtrlC, startReady, stopMilliseconds, terminate, until } from './products.ts'

const patience = { timeout: 120_000 }
const cleanly = { code: 0, signal: null }

describe('a stop ends everything within five seconds and leaves no process behind', () => {
  test('npm start, on Ctrl-C and on SIGTERM to npm', patience, async () => {
    const dataFolder = await newDataFolder()
    for (const stop of [
      (npm: ProductProcess) => pressCtrlC(npm, dataFolder),
      (npm: ProductProcess) => terminate(npm, dataFolder, 'SIGTERM'),
    ]) {
      const { product } = await startReady({ dataFolder, through: 'npm' })
      const { ending, left, milliseconds } = await stop(product)
      // Some shells between npm and the program turn a signal into their own end, after the program's.
      expect(ending.code ?? 0).toBe(0)
      expect(left).toEqual([])
      expect(milliseconds).toBeLessThan(stopMilliseconds)
      expect(product.output).toContain('Stopping …')
    }
  })

  test('SIGINT, SIGTERM and SIGHUP to the program alone', patience, async () => {
    const dataFolder = await newDataFolder()
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      const { product } = await startReady({ dataFolder })
      const { milliseconds, ...rest } = await terminate(product, dataFolder, signal)
      expect(rest).toEqual({ ending: cleanly, left: [] })
      expect(milliseconds).toBeLessThan(stopMilliseconds)
    }
  })

  test('Ctrl-C at every step of a first start, which the next start takes up', patience, async () => {
    const dataFolder = await newDataFolder()
    for (const [moment, hasCome] of Object.entries(moments)) {
      const product = startProductProcess({ dataFolder })
      // Before it has said anything, nothing is there to be stopped.
      await until(() => product.output !== '' && hasCome(dataFolder)).catch(() =>
        expect.unreachable(`${moment}:\n${product.output}`),
      )
      const { milliseconds, ...rest } = await pressCtrlC(product, dataFolder)
      expect([moment, rest]).toEqual([moment, { ending: cleanly, left: [] }])
      expect(milliseconds).toBeLessThan(stopMilliseconds)
      expect(product.output).not.toMatch(/Cannot start|did not stop cleanly| {4}at /)
    }
    await startReady({ dataFolder })
  })

  test('SIGTERM to the program alone while initdb works', patience, async () => {
    const dataFolder = await newDataFolder()
    const product = startProductProcess({ dataFolder })
    await until(() => moments['while the database is made']!(dataFolder))
    const { milliseconds, ...rest } = await terminate(product, dataFolder, 'SIGTERM')
    expect(rest).toEqual({ ending: cleanly, left: [] })
    expect(milliseconds).toBeLessThan(stopMilliseconds)
  })

  test('Ctrl-C with documents and a listener under way, which the next start finishes', patience, async () => {
    const dataFolder = await newDataFolder()
    const { product, url, client } = await startReady({ dataFolder })
    const files = makeReportFiles(new Random(1)).filter((file) => file.expected === 'ready')
    const uploader = new PatientClient(url, AbortSignal.timeout(60_000))
    await uploader.signIn()
    const documents: Document[] = []
    for (const file of files.filter(({ name }) => /^(long|paper|letter)/.test(name))) {
      documents.push(await uploader.upload(file))
    }
    const listening = listen(client, documents.at(-1)?.job_id ?? '')
    await sleep(50)
    const before = await Promise.all(documents.map(({ job_id }) => client.request<Job>('GET', `/v1/jobs/${job_id}`)))
    expect(before.filter(({ finished_at }) => finished_at === null).length).toBeGreaterThan(0)
    const { milliseconds, ...rest } = await pressCtrlC(product, dataFolder)
    expect(rest).toEqual({ ending: cleanly, left: [] })
    expect(milliseconds).toBeLessThan(stopMilliseconds)
    expect(product.output).not.toMatch(/did not stop cleanly| error /)
    await listening

    const again = await startReady({ dataFolder })
    for (const { id, file_name } of documents) {
      await until(async () => {
        const { status } = await again.client.request<Document>('GET', `/v1/documents/${id}`)
        return status !== 'processing'
      }, 60_000)
      const { status } = await again.client.request<Document>('GET', `/v1/documents/${id}`)
      expect([file_name, status]).toEqual([file_name, 'ready'])
    }
  })

  test('the death of its database ends the product too, and it says so', patience, async () => {
    const dataFolder = await newDataFolder()
    const { product } = await startReady({ dataFolder })
    kill(readPostmaster(`${dataFolder}/postgres`)?.pid ?? 0)
    expect(await product.ended).toEqual({ code: 1, signal: null })
    expect(product.output).toContain('PostgreSQL has ended unexpectedly')
    await startReady({ dataFolder })
  })
})

/** Listens to a job as a browser does, until it ends or the connection does. */
async function listen(client: ApiClient, jobId: string): Promise<void> {
  const iterator = client.events(`/v1/jobs/${jobId}/events`)[Symbol.asyncIterator]()
  await iterator.next().catch(() => {})
  void iterator.return?.(undefined)
}
