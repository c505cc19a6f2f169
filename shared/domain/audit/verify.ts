import { readHead, readLink } from './audit-logs.ts'
import { ChainVerifier, genesis, type Link, type Verdict } from './chain.ts'
import { type Read, readChain } from './stored.ts'

export interface VerifyOptions {
  /** Start after this link, which is known to be right. */
  after?: Link
  /** A link known from elsewhere that the chain must contain, not before `after`. */
  anchor?: Link
  /** When aborted, the verdict is on what was read until then. */
  signal: AbortSignal
}

/**
 * Recomputes the organization's chain from what is stored. What is written meanwhile is left for the next time.
 * @param read runs a short transaction in the organization's scope
 */
export async function verifyAuditLog(read: Read, { after, anchor, signal }: VerifyOptions): Promise<Verdict> {
  const { head, lastSequence } = await read(readHead)
  const verifier = new ChainVerifier(after, anchor)
  // If the log has another entry there, it is the log that is wrong, not its next entry.
  if (after && after.sequence > 0) {
    const link = await read((sql) => readLink(sql, after.sequence))
    if (link?.hash !== after.hash) return unanchored(head, after)
  }
  if (signal.aborted) return verifier.soFar(head)
  for await (const page of readChain(read, after?.sequence ?? 0, head?.sequence ?? 0)) {
    verifier.accept(page)
    if (verifier.isBroken || signal.aborted) return verifier.soFar(head)
  }
  const verdict = verifier.finish(head)
  const headSequence = head?.sequence ?? 0
  if (!verdict.valid || lastSequence <= headSequence) return verdict
  // The head is written together with its entry: no honest entry is further.
  return { ...verdict, valid: false, broken_at: headSequence + 1, reason: 'head_mismatch' }
}

function unanchored(head: Link | null, after: Link): Verdict {
  return { valid: false, entries: 0, head, verified: genesis, broken_at: after.sequence, reason: 'unanchored' }
}
