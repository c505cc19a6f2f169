import { once } from 'node:events'
import { parseArgs } from 'node:util'
import { extractIntelligence } from '#shared/domain/extraction/extract.ts'
import { DocumentError } from '#shared/domain/text/errors.ts'
import { DEFAULT_LIMITS } from '#shared/domain/text/limits.ts'
import type { ReadDocument } from '#shared/domain/text/read-document.ts'
import { readInWorker } from '#shared/platform/isolation/index.ts'
import { type ExtractReport, type FailedReport, foundReport, readableReport } from '../extract-report.ts'
import { InputError, type InputFile, listInputFiles, readInput, STANDARD_INPUT } from '../input-files.ts'

export const summary = 'Extract intelligence from files alone, with no server and no database'
export const usage = `extract FILE|DIRECTORY|-... [--json] [--text]

Reads PDF, DOCX, HTML, Markdown and plain text (told apart by content, not by name; "-" is standard input) and prints
the indicators, techniques, actors, software and vulnerabilities found, and what is held back and why. A directory
stands for all files below it, in order of their names, save those beginning with a dot.

  --json  one JSON object a line and file, with offsets in UTF-16 code units into the document's text
  --text  with --json: also that text, so that the offsets can be resolved

A file that can't be read has an "error" on its line; the others go on, and the exit code is 1 in the end. Use
\`npm run -s adapt\` for output to programs: without -s, npm prints lines of its own.`

interface Read {
  source: { file: string; bytes: number; durationMs: number }
  result: { document: ReadDocument } | { error: FailedReport['error'] }
}

export async function run(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { json: { type: 'boolean' }, text: { type: 'boolean' } },
  })
  if (positionals.length === 0) {
    console.error(`Usage: npm run adapt -- ${usage}`)
    return 2
  }
  let failures = 0
  for await (const read of oneAhead(listInputFiles(positionals), readFileInWorker)) {
    const report = reportOf(read, values.text ?? false)
    if ('error' in report) failures++
    await print(values.json ? `${JSON.stringify(report)}\n` : readableReport(report))
  }
  return failures > 0 ? 1 : 0
}

/** Applies `work` to each item, the next one already under way while the caller handles this one; two at most are held. */
async function* oneAhead<Item, Result>(
  items: AsyncGenerator<Item, void, void>,
  work: (item: Item) => Promise<Result>,
): AsyncGenerator<Result, void, void> {
  const next = async () => {
    const { value, done } = await items.next()
    return done ? null : { result: work(value) }
  }
  let current = await next()
  while (current) {
    const following = next()
    yield await current.result
    current = await following
  }
}

/** Never rejects: what goes wrong with one file is that file's result. */
async function readFileInWorker(input: InputFile): Promise<Read> {
  const start = performance.now()
  const source = { file: input.path, bytes: 0, durationMs: 0 }
  let result: Read['result']
  try {
    if ('error' in input) throw input.error
    const content = await readInput(input.path, DEFAULT_LIMITS.fileBytes)
    source.bytes = content.byteLength
    result = { document: await readInWorker(content, { fileName: input.path === STANDARD_INPUT ? null : input.path }) }
  } catch (error) {
    if (!(error instanceof DocumentError || error instanceof InputError)) throw error
    result = { error: { code: error.code, message: error.message } }
  }
  source.durationMs = performance.now() - start
  return { source, result }
}

function reportOf({ source, result }: Read, withText: boolean): ExtractReport {
  if ('error' in result)
    return { file: source.file, bytes: source.bytes, ...result, durationMs: rounded(source.durationMs) }
  const start = performance.now()
  const extraction = extractIntelligence(result.document)
  const durationMs = rounded(source.durationMs + performance.now() - start)
  return foundReport({ ...source, durationMs }, result.document, extraction, withText)
}

function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 10) / 10
}

/** Waits for a slow reader, so that no more than a report is ever held back here. */
async function print(text: string): Promise<void> {
  if (!process.stdout.write(text)) await once(process.stdout, 'drain')
}
