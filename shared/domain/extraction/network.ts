import { isIpv4Run, octetAt } from './addresses.ts'
import {
  DIGIT,
  HEX_LETTER,
  HYPHEN,
  IGNORED,
  isAlphanumericAt,
  isDigitAt,
  LETTER,
  OTHER_LETTER,
  UNDERSCORE,
  UNSPACED_LETTER,
  WIDE_HYPHEN_MARK,
  WIDE_LETTER,
} from './characters.ts'
import { isOnionV3 } from './checksums.ts'
import { atSignAt, bracketTokenAt, colonAt, dotAt, refangPath } from './defang.ts'
import { type HostFacts, hostFacts, isPublicTld } from './hosts.ts'
import type { Run } from './run.ts'
import type { Role, Scan } from './scan.ts'
import { tailEnd } from './url-tail.ts'

/** The host that a run names. */
export interface Host {
  kind: 'ipv4' | 'domain' | 'onion' | 'i2p'
  value: string
  start: number
  end: number
  defanged: boolean
  facts: HostFacts | null
}

const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/

/** Longest run in which a host glued to its neighbours (a lost table cell) is looked for. */
const LONGEST_GLUED = 512
const HOST_LETTERS = LETTER | WIDE_LETTER | UNSPACED_LETTER

/**
 * Tells what host a run names, if any.
 *
 * @param text whole text
 * @param run scanned run; its outer hyphens and underscores are cut off in place
 */
export function hostOf(text: string, run: Run): Host | null {
  if (run.count < 2 || run.overflow) return null
  if (isIpv4Run(text, run)) {
    return {
      kind: 'ipv4',
      value: run.join(text),
      start: run.labelStart[0]!,
      end: run.labelEnd[3]!,
      defanged: run.defanged,
      facts: null,
    }
  }
  if ((run.mask & IGNORED) !== 0 && run.count === 4 && IPV4.test(run.join(text))) {
    const end = run.labelEnd[3]!
    return { kind: 'ipv4', value: run.join(text), start: run.labelStart[0]!, end, defanged: run.defanged, facts: null }
  }
  trim(text, run)
  const last = run.count - 1
  const lastMask = run.labelMask[last]!
  if ((lastMask & HOST_LETTERS) !== 0) {
    const host = namedHost(text, run, 0, last, run.labelEnd[last]!)
    if (host !== null) return host
  }
  return run.defanged && run.end - run.start <= LONGEST_GLUED ? gluedHost(text, run) : null
}

/**
 * Records the two ends of a range of addresses (`192.0.2.1-192.0.2.9`), or the one of `192.0.2.1-9`.
 *
 * @returns offset behind the range, or -1 when the current run is none
 */
export function addIpv4Range(scan: Scan): number {
  const { text, run } = scan
  if ((run.count !== 7 && run.count !== 4) || run.overflow) return -1
  const from = run.labelStart[3]!
  const to = run.labelEnd[3]!
  let hyphen = from
  while (hyphen < to && text.charCodeAt(hyphen) !== 45) hyphen++
  if (octetAt(text, from, hyphen) < 0 || octetAt(text, hyphen + 1, to) < 0) return -1
  for (let i = 0; i < run.count; i++) {
    if (i !== 3 && octetAt(text, run.labelStart[i]!, run.labelEnd[i]!) < 0) return -1
  }
  const first = `${run.join(text, 0, 3)}.${text.slice(from, hyphen)}`
  const defanged = run.isDefanged(0, 4)
  addHost(scan, { kind: 'ipv4', value: first, start: run.start, end: hyphen, defanged, facts: null }, 'own')
  if (run.count === 4) return run.end
  const second = `${text.slice(hyphen + 1, to)}.${run.join(text, 4, 7)}`
  const isDefanged = run.isDefanged(3, 7)
  addHost(
    scan,
    { kind: 'ipv4', value: second, start: hyphen + 1, end: run.end, defanged: isDefanged, facts: null },
    'own',
  )
  return run.end
}

function trim(text: string, run: Run): void {
  const last = run.count - 1
  const isEdge = (index: number): boolean => {
    const code = text.charCodeAt(index)
    return code === 45 || code === 95
  }
  if ((run.mask & (HYPHEN | UNDERSCORE)) === 0) return
  while (run.labelStart[0]! < run.labelEnd[0]! - 1 && isEdge(run.labelStart[0]!)) run.labelStart[0]!++
  while (run.labelEnd[last]! > run.labelStart[last]! + 1 && isEdge(run.labelEnd[last]! - 1)) run.labelEnd[last]!--
}

function namedHost(text: string, run: Run, first: number, last: number, end: number): Host | null {
  let tld = text.slice(run.labelStart[last]!, end).toLowerCase()
  if (tld.length < 2 || tld.length > 63) return null
  const defanged = run.isDefanged(first, last + 1)
  if (defanged) cutFieldName(text, run, first)
  const start = run.labelStart[first]!
  if (tld === 'onion' || tld === 'i2p') {
    const value = run.join(text, first, last + 1).toLowerCase()
    return isHidden(value, tld) ? { kind: tld, value, start, end, defanged, facts: null } : null
  }
  if ((run.labelMask[last]! & (WIDE_LETTER | UNSPACED_LETTER | IGNORED | WIDE_HYPHEN_MARK)) === 0) {
    if ((run.labelMask[last]! & DIGIT) !== 0 && !tld.startsWith('xn--')) {
      // Only a cut label may have digits behind it.
      if (end === run.labelEnd[last]!) return null
    }
    if (!isPublicTld(tld)) return null
  }
  if (end !== run.labelEnd[last]!) {
    tld = text.slice(run.labelStart[last]!, end)
    const before = run.join(text, first, last)
    const facts = hostFacts(`${before}.${tld}`.toLowerCase())
    return facts === null ? null : { kind: 'domain', value: facts.host, start, end, defanged, facts }
  }
  const facts = hostFacts(run.join(text, first, last + 1).toLowerCase())
  return facts === null ? null : { kind: 'domain', value: facts.host, start, end, defanged, facts }
}

/** A capital column name stuck to a defanged host (`FQDNevil[.]com`) is not part of it. */
function cutFieldName(text: string, run: Run, first: number): void {
  const from = run.labelStart[first]!
  const name = /^(?:FQDN|URL|DNS|IOC|SHA1|SHA256|MD5|C2)(?=[a-z0-9])/.exec(text.slice(from, from + 8))
  if (name !== null) run.labelStart[first] = from + name[0].length
}

/** Tor addresses are 16 (v2) or 56 (v3) base-32 characters; I2P names are free, their base-32 form has 52. */
function isHidden(value: string, tld: string): boolean {
  const labels = value.split('.')
  const name = labels[labels.length - 2]!
  if (tld === 'i2p') return name === 'b32' ? /^[a-z2-7]{52,60}$/.test(labels[labels.length - 3] ?? '') : name.length > 1
  return /^[a-z2-7]{16}$|^[a-z2-7]{56}$/.test(name)
}

/** Whether a Tor host's own checksum holds; version 2 has none. */
export function isGenuineOnion(value: string): boolean {
  const labels = value.split('.')
  const name = labels[labels.length - 2]!
  return name.length === 16 || isOnionV3(name)
}

/**
 * Finds a defanged host whose neighbours in a lost table stick to it: `control104.194.222[.]219Command`,
 * `ffca.caibi379[.]comQuasarRAT`. Only defanging makes this safe, since the writer marked it as a host.
 */
function gluedHost(text: string, run: Run): Host | null {
  for (let first = 0; first + 3 < run.count; first++) {
    const host = gluedIpv4(text, run, first)
    if (host !== null) return host
  }
  for (let last = 1; last < run.count; last++) {
    if (run.dotDefanged[last] !== 1) continue
    const from = run.labelStart[last]!
    const to = run.labelEnd[last]!
    let cut = from
    while (cut < to && isLowerOrSame(text, from, cut)) cut++
    if (cut === to || cut - from < 2) continue
    const host = namedHost(text, run, 0, last, cut)
    if (host !== null) return host
  }
  return null
}

function isLowerOrSame(text: string, from: number, at: number): boolean {
  const code = text.charCodeAt(at)
  return (code >= 97 && code <= 122) || (at === from && code >= 65 && code <= 90)
}

function gluedIpv4(text: string, run: Run, first: number): Host | null {
  if (!run.isDefanged(first, first + 4)) return null
  if (octetAt(text, run.labelStart[first + 1]!, run.labelEnd[first + 1]!) < 0) return null
  if (octetAt(text, run.labelStart[first + 2]!, run.labelEnd[first + 2]!) < 0) return null
  let start = run.labelEnd[first]!
  while (start > run.labelStart[first]! && isDigitAt(text, start - 1)) start--
  if (octetAt(text, start, run.labelEnd[first]!) < 0) return null
  const tail = run.labelStart[first + 3]!
  const end = gluedOctetEnd(text, tail, run.labelEnd[first + 3]!)
  if (end < 0) return null
  const middle = run.join(text, first + 1, first + 3)
  const value = `${text.slice(start, run.labelEnd[first]!)}.${middle}.${text.slice(tail, end)}`
  return { kind: 'ipv4', value, start, end, defanged: true, facts: null }
}

/** End of the octet at the head of a label; a date glued behind it (`932020-10`) tells where it ends. */
function gluedOctetEnd(text: string, from: number, to: number): number {
  let longest = -1
  for (let end = from + 1; end <= Math.min(from + 3, to); end++) {
    if (octetAt(text, from, end) < 0) continue
    longest = end
    if (/^(?:19|20)\d\d-\d\d/.test(text.slice(end, end + 7))) return end
  }
  return longest
}

/** Records a host mention and returns it. */
export function addHost(scan: Scan, host: Host, role: Role): void {
  const candidate = scan.add(host.kind, host.value, host.start, host.end, host.defanged, role, host.facts)
  if (host.kind === 'onion' && !isGenuineOnion(host.value)) {
    candidate.suppressed = { reason: 'Tor address whose checksum does not hold', list: 'checksum' }
  }
  if (host.kind === 'ipv4') candidate.address = host.value
}

/**
 * Records what a host that stands without scheme belongs to: an address with port or prefix length, a URL without
 * scheme, or the bare host.
 *
 * @returns offset behind what was recorded
 */
export function addBareHost(scan: Scan, host: Host, strong: boolean): number {
  const { text } = scan
  const slash = slashAt(text, host.end)
  if (host.kind === 'ipv4' && slash >= 0) {
    const prefixEnd = digitsEnd(text, slash, 2)
    const prefix = Number(text.slice(slash, prefixEnd))
    const closed = !isAlphanumericAt(text, prefixEnd) && !isTailAt(text, prefixEnd)
    if (prefixEnd > slash && prefix >= 1 && prefix <= 32 && closed) {
      scan.add('ipv4-cidr', `${host.value}/${prefix}`, host.start, prefixEnd, host.defanged, 'own', null, host.value)
      return prefixEnd
    }
  }
  const port = portAt(text, host.end)
  const afterHost = port === null ? host.end : port.end
  const pathFrom = slashAt(text, afterHost)
  if (pathFrom >= 0 && strong && startsPath(text, pathFrom)) {
    const end = tailEnd(text, afterHost, host.start)
    if (end > pathFrom) {
      const portPart = port === null ? '' : `:${port.number}`
      const value = `${host.value}${portPart}${refangPath(text.slice(afterHost, end))}`
      const defanged = host.defanged || value.length < end - host.start
      scan.add('url', value, host.start, end, defanged, 'own', host.facts, host.kind === 'ipv4' ? host.value : null)
      addHost(scan, host, 'url-host')
      return end
    }
  }
  if (host.kind === 'ipv4' && port !== null) {
    const defanged = host.defanged || port.defanged
    scan.add('ipv4-port', `${host.value}:${port.number}`, host.start, port.end, defanged, 'own', null, host.value)
    addHost(scan, { ...host, defanged }, 'port-host')
    return port.end
  }
  addHost(scan, host, 'own')
  return host.end
}

/** Whether what follows `host/` is a path rather than the next of several hosts or a version. */
function startsPath(text: string, from: number): boolean {
  const code = text.charCodeAt(from)
  if (from >= text.length || code <= 32) return false
  // `8.8.8.8/8.8.4.4`
  let at = from
  for (let octets = 1; ; octets++) {
    const octet = at
    while (at - octet < 3 && isDigitAt(text, at)) at++
    if (at === octet) return true
    if (octets === 4) return isAlphanumericAt(text, at)
    const next = dotAt(text, at)
    if (next < 0) return true
    at = next
  }
}

function isTailAt(text: string, index: number): boolean {
  const code = text.charCodeAt(index)
  // A full stop ends a sentence unless more of a number follows.
  if (code === 46) return isDigitAt(text, index + 1)
  return code === 47 || code === 95
}

function digitsEnd(text: string, from: number, most: number): number {
  let at = from
  while (at - from < most && isDigitAt(text, at)) at++
  return at
}

/** Offset behind a slash at an index (`/` or `[/]`), or -1. */
function slashAt(text: string, index: number): number {
  const code = text.charCodeAt(index)
  if (code === 47) return index + 1
  if (code !== 91) return -1
  const token = bracketTokenAt(text, index)
  return token !== null && token.symbol === '/' ? token.end : -1
}

/** Port behind a host (`:443`, `[:]443`), or null. */
export function portAt(text: string, index: number): { number: number; end: number; defanged: boolean } | null {
  const from = colonAt(text, index)
  if (from < 0) return null
  const end = digitsEnd(text, from, 5)
  if (end === from || isAlphanumericAt(text, end) || text.charCodeAt(from) === 48) return null
  // `1.2.3.4:12:30` is something else, and `host:80.5` a decimal.
  if (text.charCodeAt(end) === 46 && isDigitAt(text, end + 1)) return null
  const number = Number(text.slice(from, end))
  return number > 65535 ? null : { number, end, defanged: from > index + 1 }
}

/** Names that head an address in prose such as `info at example dot com`. */
const MAILBOX_NAMES = new Set(
  'admin info support contact sales help abuse webmaster postmaster security root noreply no-reply billing office hr jobs press media mail'.split(
    ' ',
  ),
)

/**
 * Records the e-mail address whose local part ends with the current run.
 *
 * @returns offset behind it, or -1 when there is none
 */
export function addEmail(scan: Scan): number {
  const { text, run } = scan
  if (run.overflow) return -1
  const sign = atSignAt(text, run.end)
  if (sign === null) return -1
  if (scan.ahead.scan(text, sign.end) === sign.end) return -1
  const host = hostOf(text, scan.ahead)
  if (host === null || host.kind === 'ipv4' || host.start !== sign.end) return -1
  // Only a spelled sign goes with spelled dots: `… dot joe@host` is `joe`.
  const isPlain = run.spelled && !sign.spelled
  const runStart = isPlain ? run.labelStart[run.count - 1]! : run.start
  let start = runStart
  const floor = Math.max(scan.floor, runStart - 64)
  while (start > floor && isLocalPartAt(text, start - 1)) start--
  while (start < run.end && !isAlphanumericAt(text, start) && text.charCodeAt(start) !== 95) start++
  if (run.end - start > 64 || start >= run.end) return -1
  const written =
    start > run.start ? refangPath(text.slice(start, run.end)) : text.slice(start, run.start) + run.join(text)
  const local = written.toLowerCase()
  const spelled = sign.spelled || run.spelled || scan.ahead.spelled
  if (sign.spelled || (text.charCodeAt(run.end) === 32 && text.charCodeAt(run.end + 1) === 64)) {
    // In prose "at" joins anything; the name must look like one, and the host be spelled the same way.
    const telling = /[._\d-]/.test(local) || MAILBOX_NAMES.has(local)
    const isSpelled = telling && scan.ahead.spelled
    // `<name at host>` is how archives print addresses.
    const isBracketed = text.charCodeAt(start - 1) === 60 && text.charCodeAt(host.end) === 62
    if (!isSpelled && !isBracketed && (sign.spelled || !host.defanged || local.length < 2)) return -1
  }
  const defanged = sign.defanged || host.defanged || run.defanged || spelled
  scan.add('email', `${local}@${host.value}`, start, host.end, defanged, 'own', host.facts)
  addHost(scan, { ...host, defanged }, 'email-host')
  return host.end
}

function isLocalPartAt(text: string, index: number): boolean {
  if (isAlphanumericAt(text, index)) return true
  const code = text.charCodeAt(index)
  return code === 46 || code === 95 || code === 43 || code === 45
}

/** Whether a run can be a host at all: letters or four numbers. Spares the look-ups for decimals and versions. */
export function mayBeHost(run: Run): boolean {
  if (run.count < 2) return false
  return (run.mask & (OTHER_LETTER | HEX_LETTER | WIDE_LETTER | UNSPACED_LETTER)) !== 0 || run.count === 4
}
