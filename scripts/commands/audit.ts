import { open } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import type { Fault, Link, Verdict } from '#shared/domain/audit/chain.ts'
import { verifyExport } from '#shared/domain/audit/export.ts'
import { ApiError } from '../api-client.ts'
import { connect, type Login } from '../sign-in.ts'

export const summary = 'Export an audit log, or verify it here, from a file or from the running product'
export const usage = `audit verify|export [--file EXPORT] [--anchor NUMBER:HASH] [--json]
                    [--url URL] [--token TOKEN] [--organization ID]

verify recomputes the chain of hashes from an exported file, or else from the export of the product at --url (else
ADAPT_URL, else this machine), as the caller of --token (else of ADAPT_EMAIL and ADAPT_PASSWORD). --anchor demands that
the log still contains an entry which was written down elsewhere: only that shows what was cut off at the end together
with the head. export writes the log to the standard output. Exits with 1 when the log is broken or can't be read.`

const exportPath = '/v1/audit-logs/export'

const meanings: Record<Fault, string> = {
  edited: 'was edited: its fields do not give its hash',
  missing: 'is missing',
  out_of_order: 'is not where it belongs, or is there twice',
  truncated: 'is missing, and all that follow: the log goes on further than its last entry',
  head_mismatch: 'is not the one that the head of the log names',
  unanchored: 'is not the one of the anchor, or was cut off before it',
}

export async function run(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      file: { type: 'string' },
      anchor: { type: 'string' },
      json: { type: 'boolean' },
      url: { type: 'string' },
      token: { type: 'string' },
      organization: { type: 'string' },
    },
  })
  const anchor = values.anchor === undefined ? undefined : parseAnchor(values.anchor)
  const isExport = positionals[0] === 'export'
  if (
    positionals.length !== 1 ||
    anchor === null ||
    (isExport ? values.file !== undefined : positionals[0] !== 'verify')
  ) {
    console.error(`Usage: npm run adapt -- ${usage}`)
    return 2
  }
  const login = { url: values.url, token: values.token, organizationId: values.organization }
  try {
    if (isExport) return await exportLog(login)
    const lines = await (values.file === undefined ? download(login) : linesOf(values.file))
    const verdict = await verifyExport(lines, anchor)
    console.log(values.json ? JSON.stringify(verdict) : describe(verdict))
    return verdict.valid ? 0 : 1
  } catch (error) {
    if (!(error instanceof ApiError) && !isFileError(error)) throw error
    console.error(error.message)
    return 1
  }
}

async function exportLog(login: Login): Promise<number> {
  for await (const line of await download(login)) process.stdout.write(`${line}\n`)
  return 0
}

async function download(login: Login): Promise<AsyncIterable<string>> {
  return (await connect(login)).lines(exportPath)
}

async function linesOf(file: string): Promise<AsyncIterable<string>> {
  return (await open(file)).readLines()
}

function parseAnchor(text: string): Link | null {
  const match = /^([1-9]\d{0,14}):([0-9a-f]{64})$/i.exec(text)
  return match ? { sequence: Number(match[1]), hash: match[2]!.toLowerCase() } : null
}

function describe({ valid, entries, head, verified, broken_at, reason }: Verdict): string {
  if (valid) return `Valid: ${entries} entries. Head: ${head?.sequence}:${head?.hash}`
  const right =
    verified.sequence === 0 ? 'No entry before it is right.' : `Right up to ${verified.sequence}:${verified.hash}`
  return `BROKEN at entry ${broken_at}: it ${reason && meanings[reason]}. ${right}`
}

function isFileError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error
}
