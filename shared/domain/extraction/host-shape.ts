import {
  COM_PROGRAMS,
  DETECTION_LABELS,
  DISTINCT_SUFFIXES,
  FILE_SUFFIXES,
  IDENTIFIER_LABELS,
  PACKAGE_LABELS,
  PRODUCT_NAMES,
  PROSE_WORDS,
} from './data/suffixes.ts'
import { type HostFacts, isPublicTld } from './hosts.ts'
import type { Host } from './network.ts'
import type { Run } from './run.ts'
import type { Suppression } from './types.ts'

/**
 * Whether a bare name looks like a host or like something else with dots in it. What these functions say is weighed
 * against the evidence around the name; only names without any are held back.
 */

const FILE_NAME: Suppression = { reason: 'file name whose extension is also a top-level domain', list: 'file-name' }
const PROGRAM: Suppression = { reason: 'program file of DOS or Windows', list: 'file-name' }
const PRODUCT: Suppression = { reason: 'name of a technology or a common file', list: 'product-name' }
const DETECTION: Suppression = { reason: 'detection name of an anti-virus product', list: 'detection-name' }
const IDENTIFIER: Suppression = { reason: 'identifier of source code or package name', list: 'code-identifier' }
const SENTENCE: Suppression = { reason: 'two sentences without a space between them', list: 'missing-space' }
const WORDLIKE: Suppression = { reason: 'word with a dot whose ending is also a top-level domain', list: 'word-suffix' }

/** What a name by itself, whatever its case and surroundings, gives reason to doubt. */
interface NameShape {
  /** A reason that nothing about its spelling changes. */
  firm: Suppression | null
  /** Whether it starts with `www.`, which only hosts do. */
  isWeb: boolean
  /** Whether its suffix is `com`, `net` or `org`. */
  isMain: boolean
  isDistinct: boolean
  /** A reason for want of a better one. */
  rest: Suppression | null
  /** Whether operators of source code around it would explain it better than `rest`. */
  mayBeExpression: boolean
}

const shapes = new WeakMap<HostFacts, NameShape>()

function shapeOf(facts: HostFacts): NameShape {
  let shape = shapes.get(facts)
  if (shape === undefined) {
    shape = readShape(facts)
    shapes.set(facts, shape)
  }
  return shape
}

function readShape(facts: HostFacts): NameShape {
  const { host, tld } = facts
  const labels = host.split('.')
  const isMain = tld === 'com' || tld === 'net' || tld === 'org'
  const isDistinct = DISTINCT_SUFFIXES.has(tld)
  const isWeb = host.startsWith('www.')
  const rest = doubtByLabels(facts, labels, isMain, isDistinct)
  const mayBeExpression = rest === WORDLIKE && !isDistinct
  return { firm: firmDoubt(facts, labels), isWeb, isMain, isDistinct, rest, mayBeExpression }
}

function firmDoubt(facts: HostFacts, labels: readonly string[]): Suppression | null {
  if (COM_PROGRAMS.has(facts.host)) return PROGRAM
  if (PRODUCT_NAMES.has(facts.host)) return PRODUCT
  for (let i = 0; i < labels.length - 1; i++) if (DETECTION_LABELS.has(labels[i]!)) return DETECTION
  const head = labels[0]!
  if (labels.length < 3) return null
  // `com.example.app` names a package; `com.co` does not.
  const isReversed = head === 'com' || head === 'org' || head === 'net'
  if (isReversed && labels.length - 1 > facts.suffix.split('.').length) return IDENTIFIER
  return PACKAGE_LABELS.has(head) ? IDENTIFIER : null
}

function doubtByLabels(
  facts: HostFacts,
  labels: readonly string[],
  isMain: boolean,
  isDistinct: boolean,
): Suppression | null {
  const head = labels[0]!
  if (isDistinct) {
    if (labels.length > 2 || isMain) return null
    if (IDENTIFIER_LABELS.has(head)) return IDENTIFIER
    // Short names under country codes are operators and variables more often than hosts: `f32.ne`, `a.de`.
    return head.length <= 3 && facts.tld.length === 2 ? WORDLIKE : null
  }
  if (facts.privateSuffix && labels.length > 2) return null
  // Names under second-level suffixes (`com.pl`, `co.rs`) are hosts.
  if (facts.suffix.includes('.')) return null
  if (FILE_SUFFIXES.has(facts.tld)) return FILE_NAME
  if (labels.length === 2 && IDENTIFIER_LABELS.has(head)) return IDENTIFIER
  const second = labels[labels.length - 2]!
  if (second.startsWith('xn--') || facts.tld.startsWith('xn--')) return null
  return second.length > 5 && /[0-9-]/.test(second) ? null : WORDLIKE
}

/**
 * Tells why a name with dots may be no host.
 *
 * @param text whole text
 * @param host a domain that stands by itself
 * @returns the reason, or null when its shape is that of a host
 */
export function shapeDoubt(text: string, host: Host): Suppression | null {
  const { facts, start, end } = host
  if (facts === null) return null
  const shape = shapeOf(facts)
  if (shape.firm !== null) return shape.firm
  if (shape.isWeb) return null
  // A call: `os.system(`, `user.name()`
  if (text.charCodeAt(end) === 40 && !shape.isMain) return IDENTIFIER
  if (hasCapital(text, start, end)) {
    const doubt = doubtByCase(text.slice(start, end), facts.tld, shape)
    if (doubt !== null) return doubt
  }
  return shape.mayBeExpression && isInExpression(text, host) ? IDENTIFIER : shape.rest
}

function hasCapital(text: string, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    const code = text.charCodeAt(at)
    if (code >= 65 && code <= 90) return true
  }
  return false
}

function doubtByCase(written: string, tld: string, shape: NameShape): Suppression | null {
  if (tld === 'net' && /^[A-Z][A-Za-z]*[a-z]\.NET$/.test(written)) return PRODUCT
  const writtenTld = written.slice(written.lastIndexOf('.') + 1)
  // `of the campaign.In 2023`: a capital behind the dot and a small letter before it
  if (/^[A-Z][a-z]*$/.test(writtenTld) && /[a-z0-9]$/.test(written.slice(0, -writtenTld.length - 1))) return SENTENCE
  const camel = shape.isMain || shape.isDistinct ? writtenTld : written
  return /[a-z][A-Z]/.test(camel) ? IDENTIFIER : null
}

/** Whether operators of source code touch a name: `t.name=`, `!x.host`, `o.data[`. */
function isInExpression(text: string, host: Host): boolean {
  const next = text[host.end] ?? ''
  const before = text[host.start - 1] ?? ''
  return (next !== '' && '=[&+{'.includes(next)) || (before !== '' && '=!&+{$'.includes(before))
}

/** Whether a path behind a bare host may be read as part of a URL. */
export function isStrongHost(text: string, host: Host): boolean {
  return host.kind !== 'domain' || host.defanged || shapeDoubt(text, host) === null
}

/**
 * Whether labels joined by the spelled-out word `dot` name a host rather than prose (`the dot com bubble`).
 *
 * @param text whole text
 * @param run run with at least one spelled dot
 */
export function isSpelledHost(text: string, run: Run): boolean {
  const first = run.label(text, 0).toLowerCase()
  if (first.length < 3 || PROSE_WORDS.has(first)) return false
  const tld = run.label(text, run.count - 1)
  if (!/^[a-z]{2,}$|^[A-Z]{2,}$/.test(tld) || !isPublicTld(tld.toLowerCase())) return false
  const rest = text.slice(run.end, run.end + 16)
  if (
    /^ (?:bubble|boom|bust|era|crash|compan|start-?up|matri|notation|product|plot|pattern|framework|core|domain|tld|addresse?s?\b)/i.test(
      rest,
    )
  ) {
    return false
  }
  if (run.dotSpelled[run.count - 1] === 1 && text.charCodeAt(run.labelStart[run.count - 1]! - 1) === 46) {
    // `evil .com`: "a .com" is a noun as well, so the name before must be more than a word.
    return run.count > 2 || first.includes('-')
  }
  // One spelled dot alone must lead to a suffix that no English sentence has behind "dot".
  return run.count > 2 || DISTINCT_SUFFIXES.has(tld.toLowerCase())
}
