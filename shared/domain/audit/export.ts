import * as v from 'valibot'
import type { Json } from '../sql.ts'
import { readHead } from './audit-logs.ts'
import { canonicalize } from './canonical.ts'
import { type ChainEntry, ChainVerifier, type Fault, genesis, type Link, type Verdict } from './chain.ts'
import { HeadLine } from './schemas.ts'
import { type Read, readLines } from './stored.ts'

/**
 * The organization's log as JSON lines: each entry with its number and hash, and at the end the head. It holds all that
 * is needed to verify it without us; see docs/decisions/0008-audit-chain.md.
 * @param read runs a short transaction in the organization's scope
 */
export async function* exportAuditLog(read: Read, orgId: string): AsyncIterable<string> {
  const { head } = await read(readHead)
  const { sequence, hash } = head ?? genesis
  yield* readLines(read, sequence)
  yield `${canonicalize({ head: { org_id: orgId, sequence, hash } })}\n`
}

/** Lines that are looked at together. */
const linesPerPage = 1000

/**
 * Verifies an exported log, with nothing but the file.
 * @param anchor a link known from elsewhere that the chain must contain
 */
export async function verifyExport(lines: AsyncIterable<string>, anchor?: Link): Promise<Verdict> {
  const verifier = new ChainVerifier(genesis, anchor)
  let head: Link | null = null
  let page: ChainEntry[] = []
  let goesOn = false
  const flush = () => {
    verifier.accept(page)
    page = []
  }
  for await (const line of lines) {
    if (line === '') continue
    if (head) {
      goesOn = true
      break
    }
    head = headOf(line)
    if (!head) page.push(entryOf(line))
    if (page.length === linesPerPage) flush()
    if (verifier.isBroken) break
  }
  flush()
  if (verifier.isBroken) return verifier.soFar(head)
  // Without its last line the file is not whole, and nothing follows that line.
  if (!head) return broken(verifier.soFar(null), verifier.soFar(null).verified.sequence + 1, 'truncated')
  return goesOn ? broken(verifier.soFar(head), head.sequence + 1, 'head_mismatch') : verifier.finish(head)
}

function broken(verdict: Verdict, sequence: number, reason: Fault): Verdict {
  return { ...verdict, valid: false, broken_at: sequence, reason }
}

const Entry = v.looseObject({ sequence: v.pipe(v.number(), v.integer()), hash: v.string() })

/** A line as an entry; what is none, or is not written as it was, fits at no place of the chain. */
function entryOf(line: string): ChainEntry {
  const { output, success } = v.safeParse(Entry, parse(line))
  if (!success) return { sequence: Number.NaN, hash: '', text: line }
  const { sequence, hash, ...fields } = output
  const isAsWritten = canonicalOf(output) === line
  return { sequence, hash, text: isAsWritten ? canonicalOf(fields) : line }
}

function headOf(line: string): Link | null {
  const { output, success } = v.safeParse(HeadLine, parse(line))
  return success ? { sequence: output.head.sequence, hash: output.head.hash } : null
}

function canonicalOf(value: unknown): string {
  try {
    return canonicalize(value as Json)
  } catch {
    return ''
  }
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return null
  }
}
