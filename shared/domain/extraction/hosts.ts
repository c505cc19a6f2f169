import { parse } from 'tldts'
import { ALPHANUMERIC, CLASS, HYPHEN, UNDERSCORE } from './characters.ts'

/** What the public suffix list says of a host name. */
export interface HostFacts {
  /** Canonical host: lower case, ASCII (punycode) labels, no trailing dot. */
  host: string
  /** Registrable domain by the ICANN part of the public suffix list, e.g. `example.co.uk`. */
  registrable: string
  /** Registrable name that counts private suffixes too, e.g. `evil.web.app`; the host when it is such a suffix itself. */
  site: string
  /** ICANN public suffix, e.g. `co.uk`. */
  suffix: string
  /** Last label. */
  tld: string
  /** Whether the name lives under a private suffix (dynamic DNS, hosting) of the public suffix list. */
  privateSuffix: boolean
}

const CACHE_LIMIT = 20_000
const factsByHost = new Map<string, HostFacts | null>()
const publicTlds = new Map<string, boolean>()

/** Whether a label is a top-level domain of the ICANN root. */
export function isPublicTld(label: string): boolean {
  let known = publicTlds.get(label)
  if (known === undefined) {
    known = parse(`a.${label}`, PARSE_ICANN).isIcann === true
    if (publicTlds.size > CACHE_LIMIT) publicTlds.clear()
    publicTlds.set(label, known)
  }
  return known
}

const PARSE_ICANN = { validateHostname: false, extractHostname: false, detectIp: false, allowPrivateDomains: false }
const PARSE_PRIVATE = { validateHostname: false, extractHostname: false, detectIp: false, allowPrivateDomains: true }

/**
 * Looks a host name up in the public suffix list.
 *
 * @param written labels joined by plain dots, any case, any script
 * @returns facts, or null when it is no valid name below a public suffix (RFC 1035 lengths, RFC 5891 for other scripts)
 */
export function hostFacts(written: string): HostFacts | null {
  const known = factsByHost.get(written)
  if (known !== undefined) return known
  if (factsByHost.size > CACHE_LIMIT) factsByHost.clear()
  const facts = lookUp(written)
  factsByHost.set(written, facts)
  return facts
}

function lookUp(written: string): HostFacts | null {
  if (written.length > 253) return null
  let host = written.toLowerCase()
  if (hasWideCharacter(host)) {
    const ascii = toAscii(host)
    if (ascii === null) return null
    host = ascii
  }
  const lastDot = host.lastIndexOf('.')
  if (lastDot <= 0) return null
  const tld = host.slice(lastDot + 1)
  if (!isPublicTld(tld)) return null
  const parsed = parse(host, PARSE_ICANN)
  if (parsed.domain === null || parsed.publicSuffix === null) return null
  const registrable = parsed.domain
  if (!hasValidLabels(host, registrable)) return null
  const priv = parse(host, PARSE_PRIVATE)
  const privateSuffix = priv.isPrivate === true
  const site = privateSuffix ? (priv.domain ?? host) : registrable
  return { host, registrable, site, suffix: parsed.publicSuffix, tld, privateSuffix }
}

function hasWideCharacter(value: string): boolean {
  for (let i = 0; i < value.length; i++) if (value.charCodeAt(i) >= 128) return true
  return false
}

/** Labels of other scripts in their ASCII form (UTS 46), or null when they are not valid. */
function toAscii(host: string): string | null {
  try {
    const name = new URL(`http://${host}/`).hostname
    return name.includes('.') && !hasWideCharacter(name) && !name.includes('%') ? name : null
  } catch {
    return null
  }
}

/** Label lengths and hyphens as RFC 1035 has them; underscores are tolerated left of the registrable domain. */
function hasValidLabels(host: string, registrable: string): boolean {
  const registrableFrom = host.length - registrable.length
  let labelFrom = 0
  for (let i = 0; i <= host.length; i++) {
    const code = i === host.length ? 46 : host.charCodeAt(i)
    if (code === 46) {
      const length = i - labelFrom
      if (length === 0 || length > 63) return false
      if (host.charCodeAt(labelFrom) === 45 || host.charCodeAt(i - 1) === 45) return false
      labelFrom = i + 1
      continue
    }
    if (code >= 128) return false
    const bits = CLASS[code]!
    if ((bits & (ALPHANUMERIC | HYPHEN)) !== 0) continue
    if ((bits & UNDERSCORE) === 0 || i >= registrableFrom) return false
  }
  return true
}

/** Whether `host` is `domain` itself or a name below it. */
export function isWithin(host: string, domain: string): boolean {
  if (host.length === domain.length) return host === domain
  return host.length > domain.length && host.endsWith(domain) && host.charCodeAt(host.length - domain.length - 1) === 46
}
