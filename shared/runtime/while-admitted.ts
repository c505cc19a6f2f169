import { AppError } from '#shared/domain/errors.ts'
import type { Admission } from './authenticate.ts'
import type { Reply } from './reply.ts'

/**
 * An answer that, if it is streamed, ends when its caller may no longer have it: a stream lasts for minutes, and what is
 * withdrawn (a key, a membership, a role) counts within seconds. The look-up is the authenticator's, so it is a cached one.
 */
export function whileAdmitted(reply: Reply, admission: Admission): Reply {
  const { body } = reply
  if (typeof body !== 'object' || body === null || !(Symbol.asyncIterator in body)) return reply
  return { ...reply, body: guarded(body as AsyncIterable<string>, admission) }
}

async function* guarded(chunks: AsyncIterable<string>, { principal, again }: Admission): AsyncIterable<string> {
  for await (const chunk of chunks) {
    // Whoever named no workspace may by now have another first one.
    if (placeOf(await again()) !== placeOf(principal)) {
      throw new AppError('PERMISSION_DENIED', 'You may no longer see what is streamed')
    }
    yield chunk
  }
}

function placeOf(principal: Admission['principal']): string {
  return 'orgId' in principal ? `${principal.orgId} ${principal.workspaceId}` : ''
}
