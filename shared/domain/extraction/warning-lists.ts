import { ipv4Number, parseIpv6 } from './addresses.ts'
import { IPV4_RANGES, IPV6_RANGES, PUBLIC_RESOLVERS } from './data/address-ranges.ts'
import { GOVERNMENT_AND_CERT, GOVERNMENT_SUFFIXES, NEWS_MEDIA, SECURITY_VENDORS } from './data/publishers.ts'
import {
  ABUSED_INTERFACES,
  CERTIFICATE_AUTHORITIES,
  DEVELOPER_SITES,
  EXAMPLE_DOMAINS,
  MAIL_PROVIDERS,
  PLACEHOLDER_DOMAINS,
  SHARED_CONTENT,
  STANDARDS_BODIES,
  TOP_SITES,
  UNBLOCKABLE_SITES,
  URL_SHORTENERS,
} from './data/services.ts'
import { type HostFacts, isWithin } from './hosts.ts'
import type { Suppression } from './types.ts'

/** A warning list of domains. */
export interface DomainList {
  /** Stable id. */
  list: string
  /** Why an entry is probably no indicator. */
  reason: string
  /**
   * How much an entry weighs: `always`; `unless-defanged` gives way to a writer who broke the name on purpose;
   * `unless-evidence` also to a place among indicators.
   */
  strength: 'always' | 'unless-defanged' | 'unless-evidence'
  /** Whether users of the service put up what its URLs show, so that a URL can be bad where the host is not. */
  shared?: boolean
  /** Domains separated by white space; `=` before one restricts it to itself and its `www.`. */
  domains: string
}

/** What the lists say of one host. */
export interface HostVerdict {
  /** From a list that holds however the host is written. */
  always: Suppression | null
  /** From a list that holds always, but for the bare host only, not for pages below it. */
  hostAlways: Suppression | null
  /** From a list that a defanged spelling overrules. */
  unlessDefanged: Suppression | null
  /** From a list that a place among indicators overrules as well. */
  unlessEvidence: Suppression | null
  /** Whether the host shows content of its users. */
  shared: boolean
}

interface Entry {
  list: DomainList
  suppression: Suppression
  hostOnly: boolean
}

const LISTS: readonly { list: DomainList; hostOnly: boolean }[] = [
  { list: EXAMPLE_DOMAINS, hostOnly: false },
  { list: SECURITY_VENDORS, hostOnly: false },
  { list: GOVERNMENT_AND_CERT, hostOnly: false },
  { list: NEWS_MEDIA, hostOnly: false },
  { list: STANDARDS_BODIES, hostOnly: false },
  { list: UNBLOCKABLE_SITES, hostOnly: true },
  { list: ABUSED_INTERFACES, hostOnly: false },
  { list: SHARED_CONTENT, hostOnly: false },
  { list: URL_SHORTENERS, hostOnly: false },
  { list: MAIL_PROVIDERS, hostOnly: false },
  { list: CERTIFICATE_AUTHORITIES, hostOnly: false },
  { list: PLACEHOLDER_DOMAINS, hostOnly: false },
  { list: TOP_SITES, hostOnly: false },
  { list: DEVELOPER_SITES, hostOnly: false },
]

/** Entries that cover subdomains, and entries that cover only themselves, by domain. */
const covering = new Map<string, Entry[]>()
const exact = new Map<string, Entry[]>()
for (const { list, hostOnly } of LISTS) {
  const suppression: Suppression = { reason: list.reason, list: list.list }
  for (const word of list.domains.split(/\s+/)) {
    if (word === '') continue
    const isExact = word.startsWith('=')
    const map = isExact ? exact : covering
    const domain = isExact ? word.slice(1) : word
    const entries = map.get(domain)
    const entry: Entry = { list, suppression, hostOnly }
    if (entries === undefined) map.set(domain, [entry])
    else entries.push(entry)
  }
}

const RESERVED_NAME: Suppression = {
  reason: 'top-level domain reserved for tests and local use (RFC 2606, RFC 6761)',
  list: 'example-domain',
}
const INFRASTRUCTURE: Suppression = { reason: 'infrastructure domain (RFC 3172)', list: 'standards-body' }
const GOVERNMENT: Suppression = { reason: 'name under a suffix for governments', list: 'government-cert' }
const RESERVED_TLDS = new Set(['test', 'example', 'invalid', 'localhost', 'local', 'internal', 'lan', 'home', 'corp'])

const CACHE_LIMIT = 20_000
const verdicts = new Map<string, HostVerdict>()

/** Looks a host up in every list of domains. */
export function hostVerdict(facts: HostFacts): HostVerdict {
  const known = verdicts.get(facts.host)
  if (known !== undefined) return known
  const verdict: HostVerdict = {
    always: null,
    hostAlways: null,
    unlessDefanged: null,
    unlessEvidence: null,
    shared: false,
  }
  const bare = facts.host.startsWith('www.') ? facts.host.slice(4) : facts.host
  let interfaceOfService = false
  for (const entry of exact.get(bare) ?? []) apply(verdict, entry)
  for (let name = facts.host; ; ) {
    for (const entry of covering.get(name) ?? []) {
      if (entry.list.strength === 'unless-evidence') interfaceOfService = true
      // An interface is on its own list instead of that of the service above it.
      if (interfaceOfService && entry.list.strength === 'unless-defanged') continue
      apply(verdict, entry)
    }
    if (name.length <= facts.registrable.length) break
    name = name.slice(name.indexOf('.') + 1)
  }
  if (facts.tld === 'arpa') verdict.always = INFRASTRUCTURE
  if (verdict.unlessDefanged === null && GOVERNMENT_SUFFIXES.some((suffix) => isWithin(facts.host, suffix))) {
    verdict.unlessDefanged = GOVERNMENT
  }
  if (verdicts.size > CACHE_LIMIT) verdicts.clear()
  verdicts.set(facts.host, verdict)
  return verdict
}

function apply(verdict: HostVerdict, entry: Entry): void {
  const { strength, shared } = entry.list
  if (shared === true) verdict.shared = true
  if (strength === 'always') {
    if (entry.hostOnly) verdict.hostAlways ??= entry.suppression
    else verdict.always ??= entry.suppression
  } else if (strength === 'unless-defanged') verdict.unlessDefanged ??= entry.suppression
  else verdict.unlessEvidence ??= entry.suppression
}

/** Reserved top-level domains, which the public suffix list does not carry; for the hosts of URLs. */
export function reservedName(host: string): Suppression | null {
  return RESERVED_TLDS.has(host.slice(host.lastIndexOf('.') + 1)) ? RESERVED_NAME : null
}

const ipv4Ranges = IPV4_RANGES.map((range) => {
  const size = 2 ** (32 - range.prefix)
  const from = ipv4Number(range.from)
  return { from, to: from + size, suppression: { reason: range.reason, list: range.list } }
})
const resolvers = new Map<string, Suppression>()
for (const { operator, addresses } of PUBLIC_RESOLVERS) {
  for (const address of addresses) {
    resolvers.set(address, { reason: `public DNS resolver of ${operator}`, list: 'public-resolver' })
  }
}

const UNALLOCATED: Suppression = { reason: 'outside the global unicast space (RFC 4291)', list: 'reserved-address' }

/** Why an address (canonical text, IPv4 or IPv6) is no host of an adversary, or null. */
export function addressVerdict(address: string): Suppression | null {
  const resolver = resolvers.get(address)
  if (resolver !== undefined) return resolver
  if (!address.includes(':')) {
    const number = ipv4Number(address)
    for (const range of ipv4Ranges) if (number >= range.from && number < range.to) return range.suppression
    return null
  }
  const groups = parseIpv6(address)
  if (groups === null) return null
  for (const range of IPV6_RANGES) {
    if (hasPrefix(groups, range.groups, range.bits)) return { reason: range.reason, list: range.list }
  }
  return (groups[0]! & 0xe000) === 0x2000 ? null : UNALLOCATED
}

function hasPrefix(groups: readonly number[], prefix: readonly number[], bits: number): boolean {
  for (let i = 0; i * 16 < bits; i++) {
    const left = Math.min(16, bits - i * 16)
    const mask = (0xffff << (16 - left)) & 0xffff
    if (((groups[i]! ^ (prefix[i] ?? 0)) & mask) !== 0) return false
  }
  return true
}
