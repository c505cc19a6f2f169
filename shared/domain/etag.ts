import { hash } from 'node:crypto'

/** The strong entity tag of a representation (RFC 9110, section 8.8.3). */
export function etagOf(representation: string | Uint8Array): string {
  return `"${hash('sha256', representation, 'base64url').slice(0, 27)}"`
}

/** Whether an `If-None-Match` or `If-Match` names this entity tag (RFC 9110, sections 13.1.1 and 13.1.2). */
export function matchesEtag(condition: string | undefined, etag: string): boolean {
  if (condition === undefined) return false
  return condition.split(',').some((tag) => tag.trim() === '*' || tag.trim().replace(/^W\//, '') === etag)
}
