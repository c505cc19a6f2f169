import { pagePolicy, referencePage } from '#shared/documentation/reference-page.ts'
import { Representation } from '#shared/documentation/representation.ts'
import type { Respond } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

const page = new Representation(referencePage, 'text/html; charset=utf-8')

export const respond: Respond<typeof route> = async (_context, { headers }) => {
  const answer = page.answer(headers, 'public, max-age=300')
  return { ...answer, headers: { ...answer.headers, 'content-security-policy': pagePolicy } }
}
