import { readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Document } from '#shared/domain/documents/schemas.ts'
import { demoCredentials } from '#shared/embedded/demo.ts'
import { makeLinesPdf } from '../../tests/fixtures/pdf.ts'
import { ApiClient } from '../api-client.ts'
import {
  findFreePort,
  makeDataRoot,
  type ProductProcess,
  processesOf,
  removeDataRoot,
  startProductProcess,
} from '../product-process.ts'
import { type BenchmarkResult, BenchmarkUnavailable, median, referenceData } from './benchmark.ts'

const laterStarts = 3
const idleSeconds = 10
const patienceSeconds = 120

/**
 * Starts the whole product as people do, through `npm start`: the first time on an empty data folder and again on the
 * same data; what it weighs when nothing happens; and how long a report takes from its upload to its end.
 */
export async function bench(): Promise<BenchmarkResult> {
  if (process.platform !== 'linux') throw new BenchmarkUnavailable('Memory is read from /proc, which only Linux has.')
  const root = await makeDataRoot()
  const dataFolder = join(root, 'data')
  const notes: string[] = []
  try {
    const first = await startTimed(dataFolder)
    await stop(first.product)
    const laterSeconds: number[] = []
    for (let run = 1; run < laterStarts; run++) {
      const later = await startTimed(dataFolder)
      laterSeconds.push(later.seconds)
      await stop(later.product)
    }
    const last = await startTimed(dataFolder)
    laterSeconds.push(last.seconds)
    await sleep(idleSeconds * 1000)
    const memory = await readMemory(dataFolder)
    const report = await readReport()
    const documentSeconds = await processDocument(last.url, report)
    await stop(last.product)
    notes.push(
      `later starts: ${laterSeconds.map((seconds) => seconds.toFixed(2)).join(', ')} s`,
      `resident (PSS): ${memory.nodeMegabytes.toFixed(0)} MB Node, ${memory.postgresMegabytes.toFixed(0)} MB in ` +
        `${memory.postgresProcesses} PostgreSQL processes; npm itself, not counted: ${memory.npmMegabytes.toFixed(0)} MB`,
      `document: ${report.name}, ${report.bytes.length} bytes`,
    )
    return {
      figures: {
        firstStartSeconds: first.seconds,
        laterStartSeconds: median(laterSeconds),
        residentMegabytes: memory.nodeMegabytes + memory.postgresMegabytes,
        documentSeconds,
      },
      goals: {
        firstStartSeconds: { max: 25 },
        laterStartSeconds: { max: 8 },
        residentMegabytes: { max: 700 },
        documentSeconds: { max: 10 },
      },
      notes,
    }
  } finally {
    await removeDataRoot(root)
  }
}

/** Starts it and asks until `/ready` answers 200. */
async function startTimed(dataFolder: string): Promise<{ product: ProductProcess; url: string; seconds: number }> {
  const port = await findFreePort()
  const url = `http://127.0.0.1:${port}`
  const startedAt = performance.now()
  const product = startProductProcess({ dataFolder, port, through: 'npm' })
  let isGone = false
  void product.ended.then(() => {
    isGone = true
  })
  while (!(await isReady(url))) {
    if (isGone) throw new Error(`the product did not start:\n${product.output}`)
    if (performance.now() - startedAt > patienceSeconds * 1000) throw new Error(`never ready:\n${product.output}`)
    await sleep(10)
  }
  const seconds = (performance.now() - startedAt) / 1000
  await product.ready()
  return { product, url, seconds }
}

async function isReady(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/ready`)
    await response.arrayBuffer()
    return response.status === 200
  } catch {
    return false
  }
}

async function stop(product: ProductProcess): Promise<void> {
  product.signalGroup('SIGINT')
  await product.ended
}

/** The proportional set size (shared pages counted once in all) of what runs on the data. */
async function readMemory(dataFolder: string) {
  const memory = { nodeMegabytes: 0, postgresMegabytes: 0, postgresProcesses: 0, npmMegabytes: 0 }
  for (const { pid, command } of await processesOf(dataFolder)) {
    const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8')
    const megabytes = Number(/^Pss:\s+(\d+) kB$/m.exec(rollup)?.[1]) / 1024
    if (/^postgres|\/postgres -D/.test(command)) {
      memory.postgresMegabytes += megabytes
      memory.postgresProcesses++
    } else if (/^\S*node scripts\/start\.ts/.test(command)) memory.nodeMegabytes += megabytes
    else memory.npmMegabytes += megabytes
  }
  if (memory.nodeMegabytes === 0 || memory.postgresMegabytes === 0) throw new Error('the product was not found')
  return memory
}

interface Report {
  name: string
  contentType: string
  bytes: Uint8Array<ArrayBuffer>
}

/** The advisory of the reference data; without it one of our making, of about its size and with far more text. */
async function readReport(): Promise<Report> {
  try {
    const path = referenceData('documents', 'AA20-302A.pdf')
    return { name: basename(path), contentType: 'application/pdf', bytes: new Uint8Array(await readFile(path)) }
  } catch (error) {
    if (!(error instanceof BenchmarkUnavailable)) throw error
    const pages = Array.from({ length: 240 }, (_, page) =>
      Array.from({ length: 60 }, (_line, line) => generatedLine(page * 60 + line)),
    )
    return {
      name: 'generated.pdf (the reference data is not there)',
      contentType: 'application/pdf',
      bytes: new Uint8Array(makeLinesPdf(pages)),
    }
  }
}

function generatedLine(at: number): string {
  const address = [185, at % 250, (at * 7) % 250, (at * 13) % 250].join('[.]')
  return at % 20 === 0
    ? `On day ${at} the implant called back to ${address} over TLS, as before (T1071.001).`
    : `Line ${at} of the report tells what the team saw on the network, hour by hour.`
}

/** Seconds from the beginning of the upload to the end of the job, as a client sees it. */
async function processDocument(url: string, report: Report): Promise<number> {
  const client = new ApiClient(url)
  await client.signIn(demoCredentials.email, demoCredentials.password)
  const { document, upload } = await client.request<{
    document: Document
    upload: { url: string; headers: Record<string, string> }
  }>('POST', '/v1/documents', {
    file_name: report.name.replace(/ .*/, ''),
    content_type: report.contentType,
    size_bytes: report.bytes.length,
  })
  const startedAt = performance.now()
  const response = await fetch(upload.url, { method: 'PUT', headers: upload.headers, body: report.bytes })
  if (!response.ok) throw new Error(`upload: ${response.status}`)
  const { job_id } = await client.request<Document>('POST', `/v1/documents/${document.id}/complete`)
  let last: unknown
  for await (const { data } of client.events(`/v1/jobs/${job_id}/events`)) last = data
  const seconds = (performance.now() - startedAt) / 1000
  if ((last as { status?: string } | undefined)?.status !== 'succeeded') {
    throw new Error(`the document was not processed: ${JSON.stringify(last)}`)
  }
  return seconds
}
