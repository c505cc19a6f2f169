import type { Json } from '../sql.ts'

/**
 * The one way to write a JSON value (RFC 8785, JSON Canonicalization Scheme): no white space, the members of an object
 * in order of the UTF-16 code units of their names, numbers and strings as ECMAScript writes them. As for
 * `JSON.stringify`, `toJSON` speaks for its object, and members that are undefined are none.
 * @throws TypeError for what JSON does not know: NaN, infinities, half surrogate pairs
 */
export function canonicalize(value: Json | undefined): string {
  if (typeof value === 'string') return quote(value)
  if (typeof value === 'number' && !Number.isFinite(value)) throw new TypeError(`${value} is not a number of JSON`)
  if (typeof value !== 'object' || value === null) return JSON.stringify(value ?? null)
  if ('toJSON' in value && typeof value.toJSON === 'function') return canonicalize(value.toJSON())
  if (Array.isArray(value)) return `[${value.map((item) => canonicalize(item)).join(',')}]`
  const members = value as Readonly<Record<string, Json | undefined>>
  const written: string[] = []
  for (const name of Object.keys(members).sort()) {
    if (members[name] !== undefined) written.push(`${quote(name)}:${canonicalize(members[name])}`)
  }
  return `{${written.join(',')}}`
}

function quote(text: string): string {
  if (!text.isWellFormed()) throw new TypeError('half a surrogate pair is not text')
  return JSON.stringify(text)
}
