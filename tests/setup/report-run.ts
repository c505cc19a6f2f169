import type postgres from 'postgres'
import { expect, vi } from 'vitest'
import { discoverFunctions } from '#shared/runtime/discover.ts'
import type { ReportFile } from '../faults/reports.ts'
import { fingerprint } from './fingerprint.ts'
import { call, uploadDocument } from './product.ts'

/** What clients of a product see at the end. */
export interface SeenByClients {
  /** By file name. */
  documents: Record<string, string>
  blocklist: string[]
  csv: string[]
  stixTypes: Record<string, number>
  notifications: string[]
}

interface Somewhere {
  url: string
  signUp(): Promise<string>
}

const patience = { timeout: 240_000, interval: 100 }
const uploadsAtOnce = 4

/**
 * A new customer's first hour: signs up, uploads reports through signed URLs, and when all are processed builds exports,
 * reads them through signed URLs and the blocklist by its token, and the news.
 */
export async function runReports({ url, signUp }: Somewhere, files: readonly ReportFile[]): Promise<SeenByClients> {
  const token = await signUp()
  const send = async (method: string, path: string, body?: unknown) => {
    const answer = await call(url, method, path, { token, ...(body === undefined ? {} : { body }) })
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
    return answer.body
  }
  const ended = (jobs: readonly string[]) =>
    vi.waitFor(async () => {
      for (const id of jobs) expect(['succeeded', 'failed']).toContain((await send('GET', `/v1/jobs/${id}`)).status)
    }, patience)

  await send('POST', '/v1/organizations', { name: 'Example' })
  const blocklist = await send('POST', '/v1/blocklists', { name: 'Edge', maximum_tlp: 'AMBER', minimum_confidence: 0 })
  const jobs: string[] = []
  const waiting = files.values()
  const upload = async () => {
    for (const { name: fileName, bytes: content, contentType } of waiting) {
      const id = await uploadDocument(url, token, { fileName, content, contentType })
      jobs.push((await send('POST', `/v1/documents/${id}/complete`)).job_id)
    }
  }
  await Promise.all(Array.from({ length: uploadsAtOnce }, upload))
  await ended(jobs)

  const build = async (format: string) => {
    const { id, job_id } = await send('POST', '/v1/exports', { format, filter: { maximum_tlp: 'AMBER' } })
    await ended([job_id])
    const { download_url } = await send('GET', `/v1/exports/${id}`)
    return (await fetch(download_url)).text()
  }
  const stix = JSON.parse(await build('stix')).objects as { type: string }[]
  const { data: documents } = await send('GET', '/v1/documents?page[size]=100')
  const isTold = ({ status }: { status: string }) => status === 'ready' || status === 'rejected'
  const notes = await vi.waitFor(async () => {
    const { data } = await send('GET', '/v1/notifications?page[size]=100')
    expect(data).toHaveLength(documents.filter(isTold).length)
    return data
  }, patience)
  return {
    documents: Object.fromEntries(
      documents
        .map((one: { file_name: string; status: string }) => [twinless(one.file_name, one.status), one.status])
        .sort(),
    ),
    blocklist: (await (await fetch(blocklist.url)).text())
      .split('\n')
      .filter((line) => !line.startsWith('#'))
      .sort(),
    csv: (await build('csv')).split('\n').map(comparable).sort(),
    stixTypes: Object.fromEntries(
      [...Map.groupBy(stix, ({ type }) => type)].map(([type, found]) => [type, found.length]).sort(),
    ),
    notifications: notes
      .map((one: { kind: string; title: string }) => `${one.kind}: ${twinless(one.title, '')}`)
      .sort(),
  }
}

/** Which of two equal files comes first is chance. */
function twinless(text: string, rest: string): string {
  return text.replace(/twin-[ab]\.txt/, `twin ${rest}`.trim())
}

/** A line of the export without times, the documents that say so in an order of their own. */
function comparable(line: string): string {
  const [found = '', sources = ''] = /"?((?:[^",]+; )*[^",]+)"?\r?$/.exec(line) ?? []
  const names = sources
    .replaceAll(/twin-[ab]/g, 'twin')
    .split('; ')
    .sort()
    .join('; ')
  return (line.slice(0, line.length - found.length) + names).replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'T')
}

/** Rows of every table by its name, but for the runs of schedules, of which it is chance whether one came in between. */
export async function countRows(owner: postgres.Sql): Promise<Record<string, number>> {
  const schedules = (await discoverFunctions()).filter(({ declaration }) => declaration.kind === 'cron')
  const [dealtWith] = await owner<{ count: number }[]>`
    select count(*)::integer from processed_messages where consumer not in ${owner(schedules.map(({ name }) => name))}`
  const counts = Object.entries(await fingerprint(owner)).map(([name, print]) => [name, Number.parseInt(print, 10)])
  return { ...Object.fromEntries(counts.sort()), processed_messages: dealtWith?.count }
}
