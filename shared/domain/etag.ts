import { hash } from 'node:crypto'

/** The strong entity tag of a representation (RFC 9110, section 8.8.3). */
export function etagOf(representation: string | Uint8Array): string {
  return `"${hash('sha256', representation, 'base64url').slice(0, 27)}"`
}

/** Whether an `If-None-Match` names this entity tag, compared weakly (RFC 9110, section 13.1.2). */
export function matchesEtag(condition: string | undefined, etag: string): boolean {
  return isAny(condition) || tagsOf(condition).some((tag) => tag.replace(/^W\//, '') === etag)
}

/** Whether an `If-Match` names this entity tag, compared strongly: a weak one never does (RFC 9110, section 13.1.1). */
export function matchesEtagStrongly(condition: string | undefined, etag: string): boolean {
  return isAny(condition) || tagsOf(condition).includes(etag)
}

function isAny(condition: string | undefined): boolean {
  return condition?.trim() === '*'
}

/** A tag may hold commas, and what looks like a star. */
function tagsOf(condition: string | undefined): string[] {
  return condition?.match(/(?:W\/)?"[^"]*"/g) ?? []
}
