import { v5 } from 'uuid'

/**
 * STIX 2.1 section 2.9 reserves this namespace for the deterministic ids of cyber-observable objects and forbids it for
 * everything else.
 */
const observableNamespace = '00abedb4-aa42-466c-9c01-fed23315a9b7'

/** The product's own namespace, made once: the ids of all exported domain and relationship objects hang on it. */
const productNamespace = '8fab7710-68d6-4857-86f6-2a7201050d74'

/**
 * The id of a domain, relationship, meta or bundle object made from one of the product's rows: the same row always gets
 * the same id (STIX 2.1 section 2.9).
 *
 * Row ids are UUIDv7, which the OASIS schemas and the validators built on them refuse; so the id is a UUIDv5 of the row's
 * id. The object type is part of the name, because a producer must not use one UUID for two types.
 *
 * @param type STIX object type, e.g. `indicator`
 * @param key row id, or whatever else identifies the object for ever
 */
export function stixId(type: string, key: string): string {
  return `${type}--${v5(`${type}/${key}`, productNamespace)}`
}

/**
 * The deterministic id of a cyber-observable object: UUIDv5 over the canonical JSON (RFC 8785) of its ID contributing
 * properties (STIX 2.1 section 2.9 and the table of each object in section 6).
 *
 * @param type STIX object type, e.g. `ipv4-addr`
 * @param contributing the contributing properties that the object has, at most one hash among `hashes`
 */
export function observableId(type: string, contributing: Readonly<Record<string, unknown>>): string {
  return `${type}--${v5(canonicalJson(contributing), observableNamespace)}`
}

/** RFC 8785: members sorted by UTF-16 code units; numbers and strings are written as ECMAScript writes them. */
function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
    return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`).join(',')}}`
  }
  return JSON.stringify(value)
}
