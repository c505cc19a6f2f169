import type { Link } from '#shared/domain/audit/chain.ts'
import { verifyAuditLog } from '#shared/domain/audit/verify.ts'
import { AppError } from '#shared/domain/errors.ts'
import type { Respond } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

/** Leaves time to answer before the function's deadline. */
const verifyingSeconds = 100

export const respond: Respond<typeof route> = async ({ read, signal }, { query }) => {
  const after = linkOf('after', query.after_sequence, query.after_hash)
  const anchor = linkOf('anchor', query.anchor_sequence, query.anchor_hash)
  if (after && anchor && anchor.sequence < after.sequence) {
    throw invalid('anchor_sequence', 'must not be before after_sequence')
  }
  const body = await verifyAuditLog(read, {
    ...(after ? { after } : {}),
    ...(anchor ? { anchor } : {}),
    signal: AbortSignal.any([signal, AbortSignal.timeout(verifyingSeconds * 1000)]),
  })
  return { status: 200, body }
}

/** Number 0 stands before the first entry. */
function linkOf(name: string, sequence: number | undefined, hash: string | undefined): Link | null {
  if (sequence === undefined && hash === undefined) return null
  if (sequence === undefined) throw invalid(`${name}_sequence`, `goes with ${name}_hash`)
  if (hash === undefined) throw invalid(`${name}_hash`, `goes with ${name}_sequence`)
  return sequence === 0 ? null : { sequence, hash }
}

function invalid(field: string, message: string): AppError {
  return new AppError('VALIDATION_ERROR', 'The request is not valid', [{ field: `query.${field}`, message }])
}
