import { readFile, stat } from 'node:fs/promises'
import { basename, extname } from 'node:path'
import { parseArgs } from 'node:util'
import type { Document } from '#shared/domain/documents/schemas.ts'
import type { Entity, Evidence, Indicator } from '#shared/domain/intelligence/schemas.ts'
import type { Job } from '#shared/domain/jobs/schemas.ts'
import { type ApiClient, ApiError } from '../api-client.ts'
import { type IngestReport, printReport } from '../ingest-report.ts'
import { ProgressBar } from '../progress-bar.ts'
import { connect } from '../sign-in.ts'

export const summary = 'Send files to the running product and show what comes out'
export const usage = `ingest FILE... [--json] [--tlp CLEAR|GREEN|AMBER|AMBER+STRICT|RED]

Signs in (ADAPT_EMAIL and ADAPT_PASSWORD, else the demo user) at ADAPT_URL (else http://127.0.0.1:8787), uploads each
file, follows its job, and prints indicators with their evidence, techniques, actors, software, vulnerabilities, and
what was held back and why. --json prints one JSON object a line and file. Exits with 1 when a file failed.`

const contentTypes: Record<string, string> = {
  '.pdf': 'application/pdf',
  '.html': 'text/html',
  '.htm': 'text/html',
  '.docx': 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  '.txt': 'text/plain',
  '.md': 'text/markdown',
}

/** Files under way at once: enough to keep the pipeline busy. */
const parallel = 4

export async function run(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { json: { type: 'boolean' }, tlp: { type: 'string' } },
  })
  if (positionals.length === 0) {
    console.error(`Usage: npm run adapt -- ${usage}`)
    return 2
  }
  let client: ApiClient
  try {
    client = await connect()
  } catch (error) {
    console.error(`Cannot sign in: ${(error as Error).message}`)
    return 1
  }
  const bar = new ProgressBar(positionals.length)
  let failures = 0
  const waiting = positionals.entries()
  const reports: Promise<void>[] = []
  const outputs: (IngestReport | undefined)[] = []
  let printed = 0
  const worker = async () => {
    for (const [index, file] of waiting) {
      const report = await ingest(client, file, values.tlp, bar)
      if (report.error) failures++
      outputs[index] = report
      bar.fileDone()
      // In the order in which the files were given, as soon as those before are done.
      for (let next = outputs[printed]; next; next = outputs[++printed]) {
        bar.clear()
        if (values.json) console.log(JSON.stringify(next))
        else printReport(next)
      }
    }
  }
  for (let at = 0; at < parallel; at++) reports.push(worker())
  await Promise.all(reports)
  bar.clear()
  return failures > 0 ? 1 : 0
}

async function ingest(
  client: ApiClient,
  file: string,
  tlp: string | undefined,
  bar: ProgressBar,
): Promise<IngestReport> {
  try {
    const document = await upload(client, file, tlp)
    return await readReport(client, file, await settle(client, document.id, basename(file), bar))
  } catch (error) {
    if (error instanceof ApiError) return { file, error: { code: error.code, message: error.message } }
    const { code, message } = error as NodeJS.ErrnoException
    if (code) return { file, error: { code, message: describeFileError(code, message) } }
    throw error
  }
}

function describeFileError(code: string, message: string): string {
  if (code === 'ENOENT') return 'There is no such file'
  if (code === 'EISDIR') return 'This is a folder; name files'
  if (code === 'EACCES') return 'No permission to read it'
  return message
}

async function upload(client: ApiClient, file: string, tlp: string | undefined): Promise<Document> {
  if ((await stat(file)).isDirectory()) throw Object.assign(new Error(), { code: 'EISDIR' })
  const bytes = await readFile(file)
  if (bytes.length === 0) throw new ApiError('FILE_EMPTY', 'The file is empty')
  const { document, upload: target } = await client.request<{
    document: Document
    upload: { url: string; method: string; headers: Record<string, string> }
  }>('POST', '/v1/documents', {
    file_name: basename(file),
    content_type: contentTypes[extname(file).toLowerCase()] ?? 'application/octet-stream',
    size_bytes: bytes.length,
    ...(tlp ? { tlp } : {}),
  })
  const response = await fetch(target.url, { method: target.method, headers: target.headers, body: bytes })
  if (!response.ok) throw new ApiError('UPLOAD_REFUSED', `The upload was refused with status ${response.status}`)
  return client.request('POST', `/v1/documents/${document.id}/complete`)
}

/** Waits until a document is done with, and returns the one that stands for its content: itself, or its twin. */
async function settle(client: ApiClient, id: string, name: string, bar: ProgressBar): Promise<Document> {
  for (;;) {
    const document = await client.request<Document>('GET', `/v1/documents/${id}`)
    if (document.status === 'processing') {
      await follow(client, document.job_id ?? '', name, bar)
      continue
    }
    if (document.duplicate_of === null) return document
    const twin = await client.request<Document>('GET', `/v1/documents/${document.duplicate_of}`)
    if (twin.status !== 'processing') return twin
    // If the twin comes to nothing, this document is processed itself.
    await follow(client, twin.job_id ?? '', name, bar)
  }
}

async function follow(client: ApiClient, jobId: string, name: string, bar: ProgressBar): Promise<void> {
  for await (const { data } of client.events(`/v1/jobs/${jobId}/events`)) {
    const { done, total, message } = data as Job
    bar.show(name, done / Math.max(total, 1), message)
  }
}

async function readReport(client: ApiClient, file: string, document: Document): Promise<IngestReport> {
  if (document.status !== 'ready') {
    return { file, document, error: document.error ?? { code: 'FAILED', message: 'The document was not processed' } }
  }
  const about = `document_id=${document.id}`
  const [indicators, techniques, actors, software, vulnerabilities, evidence] = await Promise.all([
    client.list<Indicator>(`/v1/indicators?${about}`),
    client.list<Entity>(`/v1/techniques?${about}`),
    client.list<Entity>(`/v1/actors?${about}`),
    client.list<Entity>(`/v1/software?${about}`),
    client.list<Entity>(`/v1/vulnerabilities?${about}`),
    client.list<Evidence>(`/v1/evidence?${about}`),
  ])
  const bySubject = Map.groupBy(
    evidence.toSorted((a, b) => a.start - b.start),
    (item) => item.indicator_id ?? item.entity_id,
  )
  const withEvidence = <Row extends { id: string }>(rows: Row[]) =>
    rows
      .map((row) => ({ ...row, evidence: bySubject.get(row.id) ?? [] }))
      .sort((a, b) => (a.evidence[0]?.start ?? 0) - (b.evidence[0]?.start ?? 0))
  const all = withEvidence(indicators)
  return {
    file,
    document,
    intelligence: {
      indicators: all.filter((indicator) => indicator.suppressed_reason === null),
      held_back: all.filter((indicator) => indicator.suppressed_reason !== null),
      techniques: withEvidence(techniques),
      actors: withEvidence(actors),
      software: withEvidence(software),
      vulnerabilities: withEvidence(vulnerabilities),
    },
  }
}
