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
 * @param lines without their ends
 * @param anchor a link known from elsewhere that the chain must contain
 */
export async function verifyExport(lines: AsyncIterable<string>, anchor?: Link): Promise<Verdict> {
  const verifier = new ChainVerifier(genesis, anchor)
  let page: ChainEntry[] = []
  let orgId: string | undefined
  let head: (Link & { org_id: string }) | null = null
  let isHeadWrong = false
  for await (const line of lines) {
    if (line === '') continue
    // Nothing follows the head, and it is of the same organization as the entries.
    isHeadWrong = head !== null
    if (isHeadWrong) break
    head = readHeadLine(line)
    if (head) {
      isHeadWrong = orgId !== undefined && head.org_id !== orgId
      continue
    }
    const entry = readEntryLine(line)
    orgId = entry.org_id
    if (page.push(entry) < linesPerPage) continue
    verifier.accept(page)
    if (verifier.isBroken) break
    page = []
  }
  verifier.accept(page)
  const headLink = head && { sequence: head.sequence, hash: head.hash }
  const verdict = verifier.soFar(headLink)
  if (verifier.isBroken) return verdict
  // Without its last line the file is not whole.
  if (!headLink) return { ...verdict, ...broken(verdict.verified.sequence + 1, 'truncated') }
  return isHeadWrong ? { ...verdict, ...broken(headLink.sequence + 1, 'head_mismatch') } : verifier.finish(headLink)
}

function broken(sequence: number, reason: Fault) {
  return { valid: false, broken_at: sequence, reason }
}

const EntryLine = v.looseObject({
  sequence: v.pipe(v.number(), v.integer()),
  hash: v.string(),
  org_id: v.string(),
})

/** A line as an entry; what is none, or is not written as we write it, fits at no place of the chain. */
function readEntryLine(line: string): ChainEntry & { org_id: string } {
  const { output, success } = v.safeParse(EntryLine, readCanonical(line))
  if (!success) return { sequence: Number.NaN, hash: '', text: line, org_id: '' }
  const { sequence, hash, ...fields } = output
  return { sequence, hash, text: canonicalize(fields as Json), org_id: fields.org_id }
}

function readHeadLine(line: string): (Link & { org_id: string }) | null {
  // Parsing every line twice would take as long as hashing it.
  if (!line.startsWith('{"head"')) return null
  const { output, success } = v.safeParse(HeadLine, readCanonical(line))
  return success ? output.head : null
}

/** The value of a line that is JSON in its canonical form; null for any other. */
function readCanonical(line: string): Json {
  try {
    const value = JSON.parse(line)
    return canonicalize(value) === line ? value : null
  } catch {
    return null
  }
}
